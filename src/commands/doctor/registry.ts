// One registry: where its credential comes from, whether Docker asks us for it, what a real login meets, how old what is
// remembered is and when it ends.

import { relative } from "../../core/duration.ts";
import type { Failure } from "../../core/failures.ts";
import { fromFailure, type Seen } from "../../core/findings.ts";
import { wellKnownNear } from "../../core/near-miss.ts";
import type { RegistryRef } from "../../core/registry.ts";
import { type AuthFile, helperFor } from "../../docker/auth-files.ts";
import { type LoginResult, login } from "../../registry/login.ts";
import type { Checked, Json } from "./check.ts";
import { printable } from "./check.ts";
import { delegation } from "./delegation.ts";
import { loginFindings, sourceWords } from "./login-findings.ts";
import type { Target } from "./operands.ts";
import type { PlatformState } from "./platform-state.ts";
import {
  contenderWords,
  failureFact,
  fromWords,
  loginFact,
  manifestWords,
  resultWords,
} from "./registry-words.ts";
import { rememberedFacts } from "./remembered.ts";
import type { Scene } from "./scene.ts";
import { type Mints, type Source, sourceOf } from "./source.ts";
import { betterLoser } from "./wrong-winner.ts";

export interface RegistryContext {
  /** Was it named by the caller? */
  readonly named: boolean;
  readonly scene: Scene;
  readonly state: PlatformState;
  readonly files: readonly AuthFile[];
  readonly mints: Mints;
}

export interface RegistryReport extends Checked {
  readonly registry: string;
  /** Has a credential or should have one. */
  readonly managed: boolean;
  /** A real login was accepted. */
  readonly proven: boolean;
}

type AskedFor = Pick<Target, "registry" | "image">;

/** Never throws. */
export async function checkRegistry(asked: AskedFor, context: RegistryContext): Promise<RegistryReport> {
  const { registry: ref, image } = asked;
  const { named, scene, state, files, mints } = context;
  const nowMs = scene.context.clock.nowMs();
  const source = await sourceOf(ref, scene, state, mints);
  // The password of a secret for `ghrc.io` is not carried there unless it was named.
  const isTrap = !named && wellKnownNear(ref.key) !== undefined;
  const result = isTrap ? undefined : await realLogin(asked, source, scene);
  const managed = source.credential !== undefined || source.failure !== undefined;
  const { helperNames } = scene.invocation;
  const better = result === undefined ? undefined : await betterLoser(asked, source, result, context);
  const seen: Seen[] = [
    ...(managed ? delegation(ref, files, helperNames, scene.context.env) : []),
    ...(source.failure === undefined ? [] : [sourceFailure(ref, source.failure, source.from)]),
    ...leftOut(ref, source),
    ...(better !== undefined
      ? [better]
      : result === undefined
        ? []
        : loginFindings(ref, image, source, result, nowMs)),
    ...hiding(ref, source, result, nowMs),
  ];
  const remembered = rememberedFacts(ref, scene);
  const askedBy = files
    .filter((file) => helperNames.includes(helperFor(file, ref) ?? ""))
    .map(({ path }) => path);
  return {
    registry: ref.key,
    managed,
    proven: result?.kind === "accepted",
    facts: [
      { name: "from", value: fromWords(source, nowMs), details: contenderWords(source) },
      {
        name: "asked by",
        value: askedBy.length === 0 ? "nobody" : askedBy.map((path) => printable(path)).join(", "),
      },
      ...(source.failure === undefined ? [] : [failureFact(source.failure)]),
      ...(source.login === undefined ? [] : [loginFact(ref, source, nowMs)]),
      ...(source.expiresAtMs === undefined
        ? []
        : [{ name: "ends", value: relative(source.expiresAtMs, nowMs) }]),
      ...(result === undefined ? [] : [{ name: "login", value: resultWords(result) }]),
      ...(result?.manifest === undefined ? [] : [{ name: "image", value: manifestWords(asked, result) }]),
      ...remembered.facts,
    ],
    data: { ...registryData(asked, source, result), askedBy, ...remembered.data },
    seen,
  };
}

async function realLogin(
  { registry, image }: AskedFor,
  source: Source,
  scene: Scene,
): Promise<LoginResult | undefined> {
  const { credential, minted } = source;
  // Without a credential only an image tells anything: whether it is open to everybody.
  if (
    registry.kind === "opaque" ||
    (credential === undefined && (image === undefined || source.failure !== undefined))
  ) {
    return undefined;
  }
  const http = await scene.remote.http();
  return login({ registry: registry.key, credential, minted, image }, http);
}

/** A failure of a cloud is the same for every registry that it is minted for; one of a secret is its own. */
function sourceFailure(ref: RegistryRef, failure: Failure, from: Source["from"]): Seen {
  const seen = fromFailure(ref.key, failure);
  return from === "local login" ? { ...seen, severity: "warning" } : seen;
}

/** There are secrets for it, and none of them is used. */
function leftOut(ref: RegistryRef, { from, contenders }: Source): readonly Seen[] {
  if (from !== "none" || contenders.length === 0) return [];
  const names = contenders.map(
    ({ candidate }) => `${printable(candidate.name, 60)} (${candidate.scope ?? "no scope"})`,
  );
  return [
    {
      code: "no-credential",
      severity: "warning",
      subject: ref.key,
      message: `nothing has a credential for ${ref.key}: precedence leaves out the scope of ${names.join(", ")}`,
      remedy: "add the scope to precedence in the configuration",
    },
  ];
}

/** Then the login's own finding says it. */
const isRefused = (result: LoginResult | undefined): boolean =>
  result?.kind === "refused" || result?.manifest?.kind === "denied" || result?.manifest?.kind === "missing";

function hiding(
  ref: RegistryRef,
  source: Source,
  result: LoginResult | undefined,
  nowMs: number,
): readonly Seen[] {
  if (source.from !== "local login" || source.hidden === undefined || isRefused(result)) return [];
  return [
    {
      code: "local-login-wins",
      severity: "warning",
      subject: ref.key,
      message: `${sourceWords(source, nowMs)}, hides what the platform gives for ${ref.key}`,
      remedy: `docker logout ${ref.key}`,
    },
  ];
}

function registryData(
  { registry, image }: AskedFor,
  source: Source,
  result: LoginResult | undefined,
): Record<string, Json> {
  const { contenders, login: local, expiresAtMs } = source;
  return {
    registry: registry.key,
    source: source.from,
    username: source.credential?.username ?? null,
    minted: source.minted,
    secrets: contenders.map(({ candidate, wins, reason }) => ({
      name: candidate.name,
      scope: candidate.scope ?? null,
      id: candidate.id,
      wins,
      reason,
    })),
    localLogin:
      local === undefined
        ? null
        : { madeAt: new Date(local.madeAtMs).toISOString(), compared: local.confirmed },
    expiresAt: expiresAtMs === undefined ? null : new Date(expiresAtMs).toISOString(),
    login:
      result === undefined
        ? null
        : { result: result.kind, status: "status" in result ? result.status : null },
    image:
      image === undefined
        ? null
        : {
            repository: image.repository,
            reference: image.reference,
            manifest: result?.manifest?.kind ?? null,
          },
  };
}
