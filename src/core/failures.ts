// Every class of error that the program throws, and the closed list of codes; what is met in the ordinary course of things is
// returned instead. No message may contain a secret. The one class apart is edge/transport-error.ts: a request without a usable
// response, which whoever asked puts into words.

/** Every code that may stand in brackets at the end of a failure line. docs/messages.md has cause and remedy. */
export const FAILURE_CODES = [
  "config-invalid",
  "config-unsafe",
  "no-token",
  "token-refused",
  "permission-denied",
  "lookup-refused",
  "platform-unreachable",
  "platform-timeout",
  "platform-tls",
  "platform-rate-limited",
  "platform-bad-answer",
  "platform-redirect",
  "platform-refused",
  "secret-missing",
  "value-invalid",
  "native-unsupported",
  "imds-no-answer",
  "wrong-cloud",
  "aws-no-credentials",
  "aws-sso-expired",
  "aws-denied",
  "aws-role-denied",
  "aws-throttled",
  "aws-clock-skew",
  "aws-unreachable",
  "aws-bad-answer",
  "google-no-credentials",
  "google-denied",
  "google-throttled",
  "google-unreachable",
  "google-bad-answer",
  "id-token-failed",
  "token-expired",
  "deadline",
  "store-failed",
  "docker-file-broken",
  "output-foreign",
  "output-failed",
  "internal",
] as const;

export type FailureCode = (typeof FAILURE_CODES)[number];

/**
 * What a verb ends with: "could not", which is never "nobody has it". `message`: lower case, no full stop, no secret; `hint`:
 * what to do next.
 */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: FailureCode;
  readonly hint: string | undefined;

  constructor(code: FailureCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}

/** The platform could not be asked, or something else answered in its place: the last known answer may serve. */
export class Outage extends Failure {
  /** How long the platform was given before it counted as silent, in milliseconds; a lot where more would not have helped. */
  readonly grantedMs: number;

  constructor(code: FailureCode, message: string, options: { hint: string; grantedMs?: number }) {
    super(code, message, { hint: options.hint });
    this.grantedMs = options.grantedMs ?? 1e9;
  }
}

/** The platform answered, with an error: nothing else may serve. */
export class Refusal extends Failure {
  /** Connect's. */
  readonly connectCode: string;
  /** The platform's own text says that something has expired. */
  readonly saysExpired: boolean;

  constructor(connectCode: string, code: FailureCode, message: string, hint: string, saysExpired = false) {
    super(code, message, { hint });
    this.connectCode = connectCode;
    this.saysExpired = saysExpired;
  }
}

/** Where in a text; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * A text from outside is not what its reader takes, and the message says why without quoting it. Whoever handed the text
 * to the reader knows what that means: a refused verb, a broken file, an outage.
 */
export class InvalidInput extends Error {
  override readonly name: string = "InvalidInput";
  /** Where the text is wrong, for a reader that knows; the message begins with it. */
  readonly position: Position | undefined;

  constructor(reason: string, position?: Position) {
    super(position === undefined ? reason : `line ${position.line}, column ${position.column}: ${reason}`);
    this.position = position;
  }
}

/** The command line is wrong: printed with the verb's usage, exit code 2. */
export class UsageError extends InvalidInput {
  override readonly name = "UsageError";
}

/** Folds anything thrown into a Failure; an unknown error's own text is not shown, it could hold a secret. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const name = error instanceof Error ? error.name : typeof error;
  return new Failure("internal", `unexpected ${name}`, {
    hint: "set DOCKER_CREDENTIAL_ONA_TRACE=1 and report it",
    cause: error,
  });
}

/** The single line a failed verb prints: registry, what failed, what to do next, code. */
export function failureLine(subject: string, failure: Failure): string {
  const hint = failure.hint === undefined ? "" : `; ${failure.hint}`;
  return `${subject}: ${failure.message}${hint} [${failure.code}]`.replace(/[^\x20-\x7e]+/g, " ");
}
