// Where the credential of one registry comes from, asked anew by the policy of `get`; every secret that lost is kept with the
// reason. Nothing that is read here is written down or shown.

import { type Candidate, rankedGroups } from "../../core/candidate.ts";
import { isProvider, type Provider } from "../../core/clouds/clouds.ts";
import { decide } from "../../core/decide.ts";
import { Failure, toFailure } from "../../core/failures.ts";
import type { PlatformResult } from "../../core/platform-result.ts";
import { type Expiring, isQuestion, nextStep, type Resolution } from "../../core/policy.ts";
import type { RegistryRef } from "../../core/registry.ts";
import { type Credential, isSameCredential } from "../../core/secret.ts";
import { type Read, readValue } from "../../sources/platform/read-value.ts";
import type { LocalLogin } from "../../store/login-entry.ts";
import { localLogins } from "../../store/logins.ts";
import { type Contender, contendersOf } from "./contenders.ts";
import type { PlatformState } from "./platform-state.ts";
import type { Scene } from "./scene.ts";

export interface Source {
  readonly from: "local login" | Provider | "secret" | "none" | "unmanaged" | "unknown";
  /** What clients are given. */
  readonly credential: Credential | undefined;
  readonly minted: boolean;
  /** Milliseconds since 1970; undefined where it has no end that is known. */
  readonly expiresAtMs: number | undefined;
  readonly contenders: readonly Contender[];
  readonly login: LocalLogin | undefined;
  /** What the platform or a cloud gives behind a local login, if it is another one. */
  readonly hidden: Credential | undefined;
  /** Why there is none although there should be. */
  readonly failure: Failure | undefined;
}

/** Minted once in a run: registries of one region share a token. */
export type Mints = Map<string, Promise<Expiring | Failure>>;

interface Below {
  readonly from: Exclude<Source["from"], "local login">;
  readonly credential: Credential | undefined;
  readonly minted: boolean;
  readonly expiresAtMs: number | undefined;
  readonly contenders: readonly Contender[];
  readonly failure: Failure | undefined;
}

/** Never throws. */
export async function sourceOf(
  ref: RegistryRef,
  scene: Scene,
  state: PlatformState,
  mints: Mints,
): Promise<Source> {
  const login = storedLogin(ref, scene);
  if (login instanceof Failure) return { ...NOTHING, failure: login };
  const below = await belowLogin(ref, scene, state, mints);
  const { credential } = below;
  const same =
    login !== undefined && credential !== undefined && isSameCredential(login.credential, credential);
  if (login === undefined || same) return { ...below, login, hidden: undefined };
  return {
    ...below,
    from: "local login",
    credential: login.credential,
    minted: login.expiresAtMs !== undefined,
    expiresAtMs: login.expiresAtMs,
    login,
    hidden: credential,
  };
}

const NOTHING: Source = {
  from: "unknown",
  credential: undefined,
  minted: false,
  expiresAtMs: undefined,
  contenders: [],
  login: undefined,
  hidden: undefined,
  failure: undefined,
};

/** A directory of logins that cannot be read keeps every answer back. */
function storedLogin(ref: RegistryRef, { local }: Scene): LocalLogin | Failure | undefined {
  try {
    return localLogins(local.loginPlace).find(ref);
  } catch (error) {
    return toFailure(error);
  }
}

/** What would be answered without a local login: the policy of `get`, fed with what is asked anew. */
async function belowLogin(
  ref: RegistryRef,
  scene: Scene,
  state: PlatformState,
  mints: Mints,
): Promise<Below> {
  const { local, remote } = scene;
  const { broken } = local.loaded;
  const tokens = new Map<string, Expiring | Failure>();
  let secret: PlatformResult | undefined;
  let contenders: readonly Contender[] = [];
  for (;;) {
    const step = nextStep(ref, {
      login: undefined,
      config: local.config,
      broken,
      seesPlatform: state.asked,
      secret,
      token: (plan) => tokens.get(local.mintKey(plan)),
      delegated: true,
    });
    if (!isQuestion(step)) return { ...toBelow(step, state, broken), contenders };
    if (step.kind === "mint") {
      const key = local.mintKey(step.plan);
      const minting = mints.get(key) ?? remote.minted(step.plan, ref).catch(toFailure);
      mints.set(key, minting);
      tokens.set(key, await minting);
    } else {
      const asked = await fromSecrets(ref, scene, state);
      secret = asked.result;
      contenders = asked.contenders;
    }
  }
}

function toBelow(
  resolution: Resolution,
  state: PlatformState,
  broken: Failure | undefined,
): Omit<Below, "contenders"> {
  const { why } = resolution;
  const none = {
    credential: undefined,
    minted: why.plan !== undefined,
    expiresAtMs: undefined,
    failure: undefined,
  };
  const named = why.rule?.source ?? "platform";
  const entry = isProvider(named) ? named : "secret";
  switch (resolution.kind) {
    case "found":
      return { ...none, from: entry, credential: resolution.credential, expiresAtMs: resolution.expiresAtMs };
    case "none":
      return { ...none, from: why.rule?.source === "none" ? "unmanaged" : "none" };
    default:
      // What keeps every registry from its answer is said once, where it belongs.
      return resolution.failure === state.failure || resolution.failure === broken
        ? { ...none, from: "unknown" }
        : { ...none, from: entry, failure: resolution.failure };
  }
}

interface Asked {
  readonly result: PlatformResult;
  readonly contenders: readonly Contender[];
}

async function fromSecrets(ref: RegistryRef, scene: Scene, state: PlatformState): Promise<Asked> {
  const failed = (failure: Failure): PlatformResult => ({ kind: "failed", failure, managed: true });
  if (state.list === undefined) {
    const failure = state.failure ?? new Failure("internal", "the platform was not asked");
    return { result: failed(failure), contenders: [] };
  }
  const own = state.list.candidates.filter(({ registry }) => registry === ref.key);
  if (own.length === 0) return { result: { kind: "none", atMs: state.atMs }, contenders: [] };
  const groups = rankedGroups(own, scene.local.config.precedence);
  const reads = new Map<string, Read>();
  const decideNow = () => decide(groups, ({ ref: one }) => reads.get(one)?.kind);
  try {
    for (let next = decideNow(); next.kind === "read"; next = decideNow()) {
      reads.set(next.candidate.ref, await readInTurn(ref, next.candidate, scene, state));
    }
  } catch (error) {
    return { result: failed(toFailure(error)), contenders: contendersOf(own, groups, reads, undefined) };
  }
  const decision = decideNow();
  const winner = decision.kind === "winner" ? decision.candidate : undefined;
  const contenders = contendersOf(own, groups, reads, winner);
  // A scope that precedence leaves out is not used: then there is no secret for it.
  if (groups.length === 0) return { result: { kind: "none", atMs: state.atMs }, contenders };
  if (winner === undefined) return { result: failed(nobody(groups.flat(), reads)), contenders };
  const read = reads.get(winner.ref);
  if (read === undefined || !("value" in read))
    return { result: { kind: "none", atMs: state.atMs }, contenders };
  const { value } = read;
  const result =
    value.kind === "bad" ? failed(badValue(winner, value.reason)) : { ...value, atMs: state.atMs };
  return { result, contenders };
}

/** The last read of this run's client: a token that is refused gives way to the next, so one question waits for another. */
const turns = new WeakMap<object, Promise<unknown>>();

/** The value of a secret, as `get` reads it. Throws a Failure. */
export function readInTurn(
  ref: RegistryRef,
  candidate: Candidate,
  scene: Scene,
  state: PlatformState,
): Promise<Read> {
  if (state.request === undefined) throw new Failure("internal", "no request to the platform was made");
  const request = { ...state.request, deadline: scene.deadline };
  const before = turns.get(request.client) ?? Promise.resolve();
  const reading = before.then(() => readValue(ref, candidate, request));
  turns.set(
    request.client,
    reading.catch(() => undefined),
  );
  return reading;
}

function badValue({ name }: Candidate, reason: string): Failure {
  return new Failure("value-invalid", `the value of the secret ${name} ${reason}`);
}

function nobody(candidates: readonly Candidate[], reads: ReadonlyMap<string, Read>): Failure {
  const refused = [...reads.values()].find((read) => read.kind === "refused");
  if (refused?.kind === "refused") return refused.failure;
  const names = candidates.map(({ name }) => name).join(", ");
  return new Failure("secret-missing", `the platform does not have the value of the secret ${names}`);
}
