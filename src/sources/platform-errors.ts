// How a call to the platform fails. The difference decides what may be served instead: an outage lets the last known
// answer stand in, a refusal never does.

import { Failure, type FailureCode } from "../core/errors.ts";

/** The platform could not be asked, or something else answered in its place. */
export class Outage extends Failure {
  override readonly name = "Failure";
}

/** The platform answered, with an error. `connectCode` is Connect's. */
export class Refused extends Failure {
  override readonly name = "Failure";
  readonly connectCode: string;

  constructor(connectCode: string, code: FailureCode, message: string, hint: string) {
    super(code, message, { hint });
    this.connectCode = connectCode;
  }
}
