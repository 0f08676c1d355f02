// The certificates we trust: the runtime's own, the machine's bundle, and what the usual variables name. Each
// source adds; none replaces another. A file that cannot be read adds nothing.

import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { readRegularFile } from "./regular-file.ts";

type Env = Readonly<Record<string, string | undefined>>;

export const CA_VARIABLES = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "AWS_CA_BUNDLE"] as const;
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
  /** Every trusted certificate as PEM; no text stands twice. */
  readonly certificates: readonly string[];
  /** For all connections of a run: reading so many certificates costs milliseconds. */
  readonly context: SecureContext;
}

export function trustOf(env: Env): Trust {
  // A machine's roots are mostly the runtime's own in lines of another length. Those of files are told apart by every
  // character: which of two layouts of one certificate can be read is not known yet.
  const own = new Set(rootCertificates.map(inOneLine));
  const found = new Set<string>();
  const add = (path: string): boolean => {
    const bundle = certificatesIn(path);
    for (const pem of bundle ?? []) if (!own.has(inOneLine(pem))) found.add(pem);
    return bundle !== undefined;
  };
  const files = CA_VARIABLES.map((name) => env[name]);
  for (const path of files) if (path) add(path);
  SYSTEM_BUNDLES.some(add);
  const all = [...rootCertificates, ...found];
  // One damaged certificate in a bundle must not take the others with it.
  return ifAllAccepted(all) ?? onlyAccepted(all);
}

/** The machine's own bundle, if it has one. */
export function systemBundle(): string | undefined {
  return SYSTEM_BUNDLES.find((path) => certificatesIn(path) !== undefined);
}

const inOneLine = (pem: string): string => pem.replaceAll("\n", "").replaceAll("\r", "");

/** Undefined for a file that cannot be read. Without patterns, which take milliseconds where nothing is compiled. */
export function certificatesIn(path: string): readonly string[] | undefined {
  const found: string[] = [];
  const parts = readRegularFile(path, MAX_BUNDLE_BYTES)?.split(END);
  for (const part of parts?.slice(0, -1) ?? []) {
    // The last beginning in it: one that was cut off has no end.
    const begin = part.lastIndexOf(BEGIN);
    if (begin >= 0) found.push(part.slice(begin) + END);
  }
  return parts === undefined ? undefined : found;
}

function onlyAccepted(all: readonly string[]): Trust {
  const certificates = all.filter((pem) => ifAllAccepted([pem]) !== undefined);
  return { certificates, context: createSecureContext({ ca: certificates }) };
}

function ifAllAccepted(certificates: readonly string[]): Trust | undefined {
  try {
    return { certificates, context: createSecureContext({ ca: [...certificates] }) };
  } catch {
    return undefined;
  }
}
