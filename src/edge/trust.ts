// The certificates we trust: the runtime's own, the machine's bundle, and what the usual variables name. Each
// source adds; none replaces another. A file that is named must be there and hold one; the machine's own need not.

import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { setting } from "../core/setting.ts";
import { CA_VARIABLES, SYSTEM_BUNDLES } from "./ca-files.ts";
import { readRegularFile } from "./regular-file.ts";
import { TransportError } from "./transport-error.ts";

type Env = Readonly<Record<string, string | undefined>>;

const MAX_BUNDLE_BYTES = 16 * 1024 * 1024;
const BEGIN = "-----BEGIN CERTIFICATE-----";
const END = "-----END CERTIFICATE-----";

export interface Trust {
  /** Every trusted certificate as PEM; no text stands twice. */
  readonly certificates: readonly string[];
  /** For all connections of a run: reading so many certificates costs milliseconds. */
  readonly context: SecureContext;
}

/** Throws a TransportError (`setting`) for a file that a variable names and that gives no certificate. */
export function trustOf(env: Env): Trust {
  // A machine's roots are mostly the runtime's own in lines of another length. Those of files are told apart by every
  // character: which of two layouts of one certificate can be read is not known yet.
  const own = new Set(rootCertificates.map(inOneLine));
  const found = new Set<string>();
  const add = (bundle: readonly string[]): void => {
    for (const pem of bundle) if (!own.has(inOneLine(pem))) found.add(pem);
  };
  for (const variable of CA_VARIABLES) add(namedBundle(env, variable));
  SYSTEM_BUNDLES.some((path) => {
    const bundle = certificatesIn(path);
    add(bundle ?? []);
    return bundle !== undefined;
  });
  const all = [...rootCertificates, ...found];
  // One damaged certificate in a bundle must not take the others with it.
  return ifAllAccepted(all) ?? onlyAccepted(all);
}

/** None for a variable that is not set. */
function namedBundle(env: Env, variable: string): readonly string[] {
  const path = setting(env[variable]);
  if (path === undefined) return [];
  const certificates = certificatesIn(path);
  if (certificates === undefined) throw unusable(variable, path, "cannot be read");
  if (certificates.length === 0) throw unusable(variable, path, "holds no certificate");
  return certificates;
}

function unusable(variable: string, path: string, what: string): TransportError {
  const reason = `names ${path.slice(0, 200)}, which ${what}`;
  return new TransportError("setting", "", "", { setting: { variable, reason } });
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
