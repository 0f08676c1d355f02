// What a code means, from the tables of messages; and what a finding does not say itself.

import { FAILURE_MESSAGES, type Message } from "../../core/failure-messages.ts";
import type { FailureCode } from "../../core/failures.ts";
import { FINDING_MESSAGES } from "../../core/finding-messages.ts";
import type { Finding, FindingCode, Seen } from "../../core/findings.ts";

export function messageOf(code: FailureCode | FindingCode): Message {
  return { ...FAILURE_MESSAGES, ...FINDING_MESSAGES }[code];
}

export function toFinding(seen: Seen): Finding {
  const { code, severity, subject, message, cause, remedy } = seen;
  const general = messageOf(code);
  return {
    code,
    severity,
    subjects: [subject],
    message,
    cause: cause ?? general.cause,
    remedy: remedy ?? asStep(general.remedy),
  };
}

/** As the steps are written that know what they are about: in lower case, without a full stop where it is one sentence. */
function asStep(text: string): string {
  const isName = /^[A-Z]{2}/.test(text);
  const step = isName ? text : text.slice(0, 1).toLowerCase() + text.slice(1);
  return step.indexOf(". ") < 0 ? step.replace(/\.$/, "") : step;
}
