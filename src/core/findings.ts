// What `doctor` finds: the closed list of codes that only it gives, the form of a finding and the order of findings. A
// finding may carry any code of failures.ts too. No text of one may contain a secret.

import { clouds } from "./clouds/clouds.ts";
import type { Failure, FailureCode } from "./failures.ts";

export const FINDING_CODES = [
  "helper-not-on-path",
  "helper-other-on-path",
  "registry-not-configured",
  "other-helper",
  "login-in-docker-file",
  "environment-mismatch",
  "clock-off",
  "cache-not-used",
  "state-not-used",
  "disk-full",
  "ca-file-unusable",
  "login-refused",
  "wrong-secret-wins",
  "secrets-compete",
  "local-login-wins",
  "registry-unreachable",
  "registry-tls",
  "registry-bad-answer",
  "realm-refused",
  "image-denied",
  "image-missing",
  "near-miss",
  "no-credential",
  "not-a-registry",
  "secret-skipped",
  "secret-host-spelling",
  "secret-propagating",
  "secret-failed",
  "google-scope-missing",
  "check-unfinished",
] as const;

export type FindingCode = (typeof FINDING_CODES)[number];

export type Severity = "error" | "warning" | "note";

/** Something that is wrong. `error`: pulls fail for it; `warning`: they will, or use something else than meant. */
export interface Finding {
  readonly code: FailureCode | FindingCode;
  readonly severity: Severity;
  /** What it is about: a registry, or a part of the set-up; several where one cause has many effects. */
  readonly subjects: readonly string[];
  /** What was seen. Lower case, no full stop. */
  readonly message: string;
  /** What is behind it and why it matters. */
  readonly cause: string;
  /** The step that mends it. */
  readonly remedy: string;
}

/** A finding before the table of messages has filled in what it does not say itself. */
export interface Seen {
  readonly code: FailureCode | FindingCode;
  readonly severity: Severity;
  readonly subject: string;
  readonly message: string;
  readonly cause?: string;
  readonly remedy?: string;
}

export function fromFailure(subject: string, failure: Failure, severity: Severity = "error"): Seen {
  const { code, message, hint } = failure;
  return { code, severity, subject, message, ...(hint === undefined ? {} : { remedy: hint }) };
}

const SEVERITIES: readonly Severity[] = ["error", "warning", "note"];

/** Of two findings of one severity the one nearer to the root comes first: who mends it may mend the other too. */
const ROOTS: readonly RegExp[] = [
  /^config-/,
  /^ca-file-unusable$/,
  /^(?:no-token|token-refused|environment-mismatch|permission-denied|lookup-refused)$/,
  /^platform-/,
  /^(?:clock-off|aws-clock-skew|token-expired)$/,
  /^helper-/,
  /^docker-file-broken$/,
  /^(?:registry-not-configured|other-helper|login-in-docker-file)$/,
  /^(?:near-miss|not-a-registry|secret-skipped)$/,
  new RegExp(`^(?:imds-|wrong-cloud|id-token|${cloudCodes()})`),
  /^(?:value-invalid|secret-missing|native-unsupported)$/,
  /^local-login-wins$/,
  /^wrong-secret-wins$/,
  /^(?:registry-|realm-|login-)/,
  /^image-/,
];

function cloudCodes(): string {
  return Object.values(clouds())
    .map(({ codes }) => `${codes}-`)
    .join("|");
}

/** Worst first; one cause with many effects is one finding. */
export function ranked(findings: readonly Finding[]): readonly Finding[] {
  const merged = new Map<string, Finding>();
  for (const finding of findings) {
    const key = [finding.severity, finding.code, finding.message, finding.remedy].join("\n");
    const known = merged.get(key);
    const subjects = [...new Set([...(known?.subjects ?? []), ...finding.subjects])];
    merged.set(key, { ...(known ?? finding), subjects });
  }
  return [...merged.values()].toSorted((a, b) => rank(a) - rank(b));
}

function rank({ severity, code }: Finding): number {
  const root = ROOTS.findIndex((pattern) => pattern.test(code));
  return SEVERITIES.indexOf(severity) * 100 + (root < 0 ? ROOTS.length : root);
}
