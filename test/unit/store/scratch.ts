// A directory of the test's own, gone after it; and what tests need to know about the user they run as.

import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

export const uid = process.geteuid?.() ?? 0;
export const isRoot = uid === 0;
/** The user `nobody`; any other than ours will do. */
export const FOREIGN_UID = 65_534;

/** A private directory that lives as long as the running test. */
export function scratch(): string {
  const dir = mkdtempSync(join(tmpdir(), "ona-store-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);
