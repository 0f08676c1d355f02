// Finds what must stay secret in a seed, and looks for it where it must not be: streams, file names, other files.

import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const SHORTEST = 6;

/** Every secret value and token below `seed`, with the forms in which they could slip out. */
export function canariesOf(seed: unknown): string[] {
  if (typeof seed !== "object" || seed === null) return [];
  if (Array.isArray(seed)) return seed.flatMap(canariesOf);
  return Object.entries(seed).flatMap(([key, field]: [string, unknown]) => {
    if (typeof field !== "string") return canariesOf(field);
    return key === "value" || key === "token" || key === "password" ? formsOf(field) : [];
  });
}

/** A value as it is, its password, both decoded, and the password encoded. */
export function formsOf(value: string): string[] {
  const decoded = Buffer.from(value, "base64").toString("utf8");
  const readable = /^[ -~]+\n?$/.test(decoded) && decoded.includes(":") ? [decoded.trim()] : [];
  const whole = [value.trim(), ...readable];
  const passwords = whole.flatMap((text) => (text.includes(":") ? [text.slice(text.indexOf(":") + 1)] : []));
  const encoded = [...whole, ...passwords].map((text) =>
    Buffer.from(text).toString("base64").replace(/=+$/, ""),
  );
  const forms = new Set([...whole, ...passwords, ...encoded]);
  return [...forms].filter(
    (form) => form.length >= SHORTEST && !/^(?:runner-native[:\s]*)+$/.test(decodedOrSame(form)),
  );
}

const decodedOrSame = (form: string): string => {
  const decoded = Buffer.from(form, "base64").toString("utf8");
  return decoded.startsWith("runner-native") ? decoded : form;
};

export interface Found {
  readonly path: string;
  readonly mode: number;
  readonly isDirectory: boolean;
}

/** Everything below `directory`, links not followed. */
export function everythingBelow(directory: string): Found[] {
  const stat = lstatSync(directory, { throwIfNoEntry: false });
  if (stat?.isDirectory() !== true) return [];
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    const found = { path, mode: lstatSync(path).mode & 0o777, isDirectory: entry.isDirectory() };
    return entry.isDirectory() ? [found, ...everythingBelow(path)] : [found];
  });
}

/** Paths whose name holds a canary, and files of at most 4 MiB whose content does and that `mayHold` refuses. */
export function leaks(
  directory: string,
  canaries: ReadonlySet<string>,
  mayHold: (path: string) => boolean,
): string[] {
  const holds = (text: string): boolean => [...canaries].some((canary) => text.includes(canary));
  return everythingBelow(directory)
    .filter(({ path, isDirectory }) => {
      if (holds(path)) return true;
      if (isDirectory || mayHold(path) || !lstatSync(path).isFile()) return false;
      return holds(readFileSync(path, "latin1"));
    })
    .map(({ path }) => path);
}
