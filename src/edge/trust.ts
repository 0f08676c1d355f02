// The certificates we trust: the runtime's own, the machine's bundle, and what the usual variables name. Each
// source adds; none replaces another. A file that cannot be read adds nothing.

import { createSecureContext, rootCertificates } from "node:tls";
import { readRegularFile } from "./regular-file.ts";

type Env = Readonly<Record<string, string | undefined>>;

const VARIABLES = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "AWS_CA_BUNDLE"] as const;
/** Debian and Alpine, Fedora, RHEL, SUSE, BSD: the first that exists is the machine's bundle. */
const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];
const MAX_BUNDLE_BYTES = 16 * 1024 * 1024;
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+?-----END CERTIFICATE-----/g;

/** Every trusted certificate as PEM, without repeats. */
export function trustedCertificates(env: Env): readonly string[] {
  const found = new Set<string>(rootCertificates);
  const files = VARIABLES.map((name) => env[name]);
  for (const path of files) if (path) addFrom(path, found);
  SYSTEM_BUNDLES.some((path) => addFrom(path, found));
  const all = [...found];
  // One damaged certificate in a bundle must not take the others with it.
  return isAccepted(all) ? all : all.filter((pem) => isAccepted([pem]));
}

function addFrom(path: string, found: Set<string>): boolean {
  const text = readRegularFile(path, MAX_BUNDLE_BYTES);
  for (const [pem] of text?.matchAll(CERTIFICATE) ?? []) found.add(pem.trim());
  return text !== undefined;
}

function isAccepted(ca: readonly string[]): boolean {
  try {
    createSecureContext({ ca: [...ca] });
    return true;
  } catch {
    return false;
  }
}
