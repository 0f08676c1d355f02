// The one error type of the program and the closed list of its codes. A failure means "we could not ask or
// mint"; "nobody has it" is an ordinary answer and never an error. No message may contain a secret.

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

/** A credential could not be had. `message`: lower case, no full stop, no secret; `hint`: what to do next. */
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
