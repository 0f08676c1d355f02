// The certificates we trust: the runtime's own, the machine's bundle, and what the usual variables name. Each
// source adds; none replaces another. A file that cannot be read adds nothing.

import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
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

export interface Trust {
  /** Every trusted certificate as PEM, without repeats. */
  readonly certificates: readonly string[];
  /** For all connections of a run: reading so many certificates costs milliseconds. */
  readonly context: SecureContext;
}

export function trustOf(env: Env): Trust {
  const found = new Map<string, string>();
  for (const pem of rootCertificates) add(pem, found);
  const files = VARIABLES.map((name) => env[name]);
  for (const path of files) if (path) addFrom(path, found);
  SYSTEM_BUNDLES.some((path) => addFrom(path, found));
  const all = [...found.values()];
  // One damaged certificate in a bundle must not take the others with it.
  return trust(all) ?? accepted(all);
}

/** The runtime's roots and a machine's are mostly the same ones in lines of another length. */
function add(pem: string, found: Map<string, string>): void {
  const bare = pem.replaceAll(/\s+/g, "");
  if (!found.has(bare)) found.set(bare, pem);
}

function addFrom(path: string, found: Map<string, string>): boolean {
  const text = readRegularFile(path, MAX_BUNDLE_BYTES);
  for (const [pem] of text?.matchAll(CERTIFICATE) ?? []) add(pem, found);
  return text !== undefined;
}

function accepted(all: readonly string[]): Trust {
  const certificates = all.filter((pem) => trust([pem]) !== undefined);
  return { certificates, context: createSecureContext({ ca: certificates }) };
}

function trust(certificates: readonly string[]): Trust | undefined {
  try {
    return { certificates, context: createSecureContext({ ca: [...certificates] }) };
  } catch {
    return undefined;
  }
}
