// How a call to the platform fails. The difference decides what may be served instead: an outage lets the last known
// answer stand in, a refusal never does.

import { Failure, type FailureCode } from "../../core/failures.ts";

/** The platform could not be asked, or something else answered in its place. */
export class Outage extends Failure {
  override readonly name = "Failure";
  /** How long the platform was given before it counted as silent, in milliseconds; a lot for any other trouble. */
  readonly grantedMs: number;

  constructor(code: FailureCode, message: string, options: { hint: string; grantedMs?: number }) {
    super(code, message, { hint: options.hint });
    this.grantedMs = options.grantedMs ?? CERTAIN_MS;
  }
}

/** Trouble that more time would not have changed. */
const CERTAIN_MS = 1e9;

/** The platform answered, with an error. `connectCode` is Connect's. */
export class Refused extends Failure {
  override readonly name = "Failure";
  readonly connectCode: string;
  /** The platform's own text says that something has expired. */
  readonly saysExpired: boolean;

  constructor(connectCode: string, code: FailureCode, message: string, hint: string, saysExpired = false) {
    super(code, message, { hint });
    this.connectCode = connectCode;
    this.saysExpired = saysExpired;
  }
}
