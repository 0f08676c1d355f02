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
const BEGIN = "-----BEGIN CERTIFICATE-----";
const END = "-----END CERTIFICATE-----";

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
  const inOneLine = pem.replaceAll("\n", "").replaceAll("\r", "");
  if (!found.has(inOneLine)) found.set(inOneLine, pem);
}

/** Without patterns, which take milliseconds for a bundle where nothing is compiled. */
function addFrom(path: string, found: Map<string, string>): boolean {
  const text = readRegularFile(path, MAX_BUNDLE_BYTES);
  if (text === undefined) return false;
  for (const part of text.split(END).slice(0, -1)) {
    // The last beginning in it: one that was cut off has no end.
    const begin = part.lastIndexOf(BEGIN);
    if (begin >= 0) add(part.slice(begin) + END, found);
  }
  return true;
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
