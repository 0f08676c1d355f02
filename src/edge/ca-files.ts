// Where certificates that we trust beside the runtime's own may be: the variables that name a file, and the machine's bundle.
// Names only, so that whoever asks for them loads nothing of TLS.

export const CA_VARIABLES = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "AWS_CA_BUNDLE"] as const;

/** Debian and Alpine, Fedora, RHEL, SUSE, BSD: the first that exists is the machine's bundle. */
export const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
] as const;
