// The faults that are an answer in themselves: errors, rate limits, redirects, pages of somebody in between.
// None of them may depend on what the real answer would have been.

import { type Answer, bareAnswer, errorAnswer, jsonAnswer, retryInfoValue } from "./connect.ts";
import type { FaultSeed } from "./fault-seed.ts";
import type { JsonValue } from "./seed.ts";

/** Where a redirect may lead. */
export interface RedirectTargets {
  sameOrigin: string;
  foreignOrigin: string;
  /** Path and query of the request. */
  path: string;
}

type FaultOf<Kind extends FaultSeed["kind"]> = Extract<FaultSeed, { kind: Kind }>;

/** Undefined for the kinds that change only how the real answer travels. */
export function faultAnswer(fault: FaultSeed, targets: RedirectTargets): Answer | undefined {
  switch (fault.kind) {
    case "error":
      return errorAnswer(fault.code, fault.message ?? `scripted ${fault.code}`, fault);
    case "rateLimit":
      return rateLimitAnswer(fault);
    case "answer":
      return anyAnswer(fault);
    case "redirect":
      return bareAnswer(fault.status ?? 307, { location: location(fault.to, targets) });
    case "loginPage":
      return htmlAnswer(200, "<!doctype html><title>Sign in</title><form>Sign in to continue</form>");
    default:
      return undefined;
  }
}

function rateLimitAnswer(fault: FaultOf<"rateLimit">): Answer {
  const { retryInfoMs, retryInfoValue: rawValue, debug, headers } = fault;
  const hasDetail = retryInfoMs !== undefined || rawValue !== undefined;
  const detail: { [key: string]: JsonValue } = {
    type: "google.rpc.RetryInfo",
    value: rawValue ?? retryInfoValue(retryInfoMs ?? 0),
    ...(debug === true ? { debug: { retryDelay: `${(retryInfoMs ?? 0) / 1000}s` } } : {}),
  };
  return errorAnswer("resource_exhausted", "rate limit exceeded", {
    ...(hasDetail ? { details: [detail] } : {}),
    ...(headers === undefined ? {} : { headers }),
  });
}

function anyAnswer(fault: FaultOf<"answer">): Answer {
  const answer = bodyAnswer(fault);
  const contentType = fault.contentType === undefined ? {} : { "content-type": fault.contentType };
  return { ...answer, headers: { ...answer.headers, ...contentType, ...fault.headers } };
}

function bodyAnswer({ status, json, html, text }: FaultOf<"answer">): Answer {
  if (json !== undefined) {
    return jsonAnswer(json, status);
  }
  if (html !== undefined) {
    return htmlAnswer(status, html);
  }
  return { ...bareAnswer(status), body: Buffer.from(text ?? "") };
}

function htmlAnswer(status: number, html: string): Answer {
  return { status, headers: { "content-type": "text/html; charset=utf-8" }, body: Buffer.from(html) };
}

function location(to: string, { sameOrigin, foreignOrigin, path }: RedirectTargets): string {
  if (to === "same") {
    return `${sameOrigin}${path}`;
  }
  if (to === "foreign") {
    return `${foreignOrigin}${path}`;
  }
  // A bare origin keeps the path; anything longer is taken as it is.
  return /^https?:\/\/[^/]+$/.test(to) ? `${to}${path}` : to;
}
