// The token and whom it stands for, and the environment: which source gave it, which better ones gave way, and whether the
// environment that is named is the token's own.

import { fromFailure, type Seen } from "../../core/findings.ts";
import type { Checked, Fact } from "./check.ts";
import { printable } from "./check.ts";
import type { PlatformState } from "./platform-state.ts";
import type { Scene } from "./scene.ts";

export function checkToken(scene: Scene, state: PlatformState): Checked {
  const { identity, source, sources, refusal, asked } = state;
  const principal = identity === undefined ? undefined : principalOf(identity);
  const environment = environmentOf(scene, state);
  const facts: Fact[] = asked
    ? [
        { name: "token", value: source === undefined ? "none" : `from ${source}` },
        ...(principal === undefined ? [] : [{ name: "principal", value: principal }]),
        {
          name: "environment",
          value: environment.id === undefined ? "not known" : `${environment.id}, ${environment.from}`,
        },
      ]
    : [{ name: "token", value: "none; nothing here knows of the platform" }];
  return {
    facts,
    data: {
      source: source ?? null,
      sources: [...sources],
      principal: identity === undefined ? null : { kind: identity.principal, id: identity.subjectId },
      environmentId: environment.id ?? null,
      environmentIdFrom: environment.from,
    },
    seen: [
      ...(refusal !== undefined && source !== undefined && state.failure === undefined
        ? [fromFailure("platform", refusal, "warning")]
        : []),
      ...mismatch(scene, state, environment),
    ],
  };
}

function environmentOf({ local, context }: Scene, state: PlatformState) {
  const { env } = context;
  const variable = ["ONA_ENVIRONMENT_ID", "GITPOD_ENVIRONMENT_ID"].find((name) => env[name]?.trim());
  if (variable !== undefined) return { id: local.environmentId, from: `from ${variable}` };
  if (local.environmentId !== undefined)
    return { id: local.environmentId, from: "from environmentId of the configuration" };
  return { id: state.environmentId, from: state.environmentId === undefined ? "not set" : "from the token" };
}

function mismatch(
  { local }: Scene,
  { identity }: PlatformState,
  { id, from }: { readonly id: string | undefined; readonly from: string },
): readonly Seen[] {
  if (identity?.principal !== "PRINCIPAL_ENVIRONMENT" || identity.subjectId === "") return [];
  if (id === undefined || local.environmentId === undefined || id === identity.subjectId) return [];
  const where = from.replace(/^from /, "");
  return [
    {
      code: "environment-mismatch",
      severity: "error",
      subject: "environment",
      message: `the token belongs to the environment ${printable(identity.subjectId)}, but ${where} says ${printable(id)}`,
      remedy: `set ${where} to ${printable(identity.subjectId)}, or leave it out: the token tells it`,
    },
  ];
}

export function principalOf({ principal, subjectId }: { principal: string; subjectId: string }): string {
  const kind = principal
    .replace(/^PRINCIPAL_/, "")
    .toLowerCase()
    .replaceAll("_", " ");
  const note = kind === "environment" ? "" : "; only an environment's own token may read values";
  return printable(`${kind} ${subjectId}`.trim()) + note;
}
