// The configuration file: which one is read, whether it may be trusted, and what of it differs from the defaults.

import { fromFailure, type Seen } from "../../core/findings.ts";
import type { Checked } from "./check.ts";
import { printable } from "./check.ts";
import type { Scene } from "./scene.ts";

export function checkConfiguration({ local, context }: Scene): Checked {
  const { loaded, config } = local;
  const { path, broken } = loaded;
  const rules = config.rules.map(({ pattern, source }) => `${pattern}: ${source}`);
  const value =
    path === undefined ? (broken === undefined ? "no file; the defaults" : "not used") : printable(path);
  return {
    facts: [
      {
        name: "configuration",
        value,
        details: [...(broken === undefined ? [] : [broken.message]), ...rules.map((rule) => printable(rule))],
      },
    ],
    data: {
      path: path ?? null,
      named: context.env.DOCKER_CREDENTIAL_ONA_CONFIG || null,
      problem: broken?.code ?? null,
      registries: config.rules.map(({ pattern, source }) => ({ pattern, source })),
      freshSeconds: config.freshMs / 1000,
      staleSeconds: config.staleMs / 1000,
      deadlineMs: config.deadlineMs,
    },
    seen: broken === undefined ? tooShort(config.deadlineMs) : [fromFailure("configuration", broken)],
  };
}

/** Less than a cold connection takes. */
const LEAST_DEADLINE_MS = 1000;

function tooShort(deadlineMs: number): readonly Seen[] {
  if (deadlineMs >= LEAST_DEADLINE_MS) return [];
  return [
    {
      code: "deadline",
      severity: "warning",
      subject: "configuration",
      message: `deadlineMs is ${deadlineMs}: an answer that is not in the cache takes longer`,
      remedy: "raise deadlineMs, or DOCKER_CREDENTIAL_ONA_DEADLINE_MS; 10000 is the default",
    },
  ];
}
