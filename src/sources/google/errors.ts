// What went wrong at a Google API, as one of our codes with a next step. Of Google's own words none is shown.

import { Failure } from "../../core/failures.ts";
import { isOver } from "../../edge/retry.ts";
import { TransportError } from "../../edge/transport-error.ts";
import { settingFailure, transportMessage } from "../../edge/transport-message.ts";
import type { MintContext } from "../cloud/context.ts";
import type { GoogleOutcome, GoogleProblem } from "./fetch.ts";
import { credentialFileName } from "./files.ts";

const MAX_SKEW_MS = 5 * 60_000;

/** The call that failed, for the words of the message. */
export interface GoogleCall {
  /** As in `Google's token exchange`. */
  readonly api: string;
  readonly refused: { readonly message: string; readonly hint: string };
  /** Told apart by what Google says is wrong. */
  readonly problems?: Partial<Readonly<Record<GoogleProblem, Failure>>>;
}

export function googleFailure(outcome: GoogleOutcome, call: GoogleCall, context: MintContext): Failure {
  const { last, code, problem, skewMs = 0 } = outcome;
  if (last instanceof TransportError) return transportFailure(last, call.api, context);
  if (last === undefined) return unusable(context);
  if (last === 429) {
    return new Failure("google-throttled", `${call.api} is rate-limiting (HTTP 429)`, {
      hint: "try again in a minute",
    });
  }
  if (last >= 500) {
    return new Failure("google-unreachable", `${call.api} answered with HTTP ${last}`, { hint: "try again" });
  }
  if (last < 400 || code === undefined) return badAnswer(call.api);
  if (Math.abs(skewMs) > MAX_SKEW_MS) return clockOff(skewMs);
  const told = problem === undefined ? undefined : call.problems?.[problem];
  if (told !== undefined) return told;
  return new Failure("google-denied", call.refused.message, { hint: call.refused.hint });
}

export function badAnswer(api: string): Failure {
  return new Failure("google-bad-answer", `${api} did not answer as Google does`, {
    hint: "check the proxy and the credential file",
  });
}

function transportFailure(error: TransportError, api: string, { env, deadline }: MintContext): Failure {
  const unusable = settingFailure(error);
  if (unusable !== undefined) return unusable;
  if (isOver(deadline)) {
    return new Failure("deadline", `no time was left for an answer of ${api}`, {
      hint: "check the network, or raise deadlineMs",
    });
  }
  if (error.kind === "too-large") return badAnswer(api);
  if (error.kind === "not-allowed") {
    return new Failure("config-invalid", `${credentialFileName(env)} holds an address that is not https`, {
      hint: "use a credential file that gcloud wrote",
    });
  }
  const { message, hint } = transportMessage(error, api);
  return new Failure("google-unreachable", message, {
    hint: hint ?? "check the network, HTTPS_PROXY and NO_PROXY",
  });
}

/** Nothing was asked: the client could make nothing of the file, or its source of ID tokens gave none. */
function unusable({ env }: MintContext): Failure {
  return new Failure("google-no-credentials", `${credentialFileName(env)} cannot be used`, {
    hint: "run gcloud auth application-default login, or check the file and what it points to",
  });
}

function clockOff(skewMs: number): Failure {
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  const side = skewMs > 0 ? "behind" : "ahead";
  return new Failure(
    "google-denied",
    `this machine's clock is ${minutes} minutes ${side}, Google refuses its signature`,
    { hint: "set the clock (NTP) and try again" },
  );
}
