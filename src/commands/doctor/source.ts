// Where the credential of one registry comes from, asked anew: the order is that of `get`, and every secret that lost is
// kept with the reason. Nothing that is read here is written down or shown.

import { type Candidate, rankedGroups } from "../../core/candidate.ts";
import { decide } from "../../core/decide.ts";
import { Failure, toFailure } from "../../core/failures.ts";
import type { IdentityBase } from "../../core/identity.ts";
import { loginEndMs } from "../../core/login-life.ts";
import { mintPlan } from "../../core/mint-plan.ts";
import type { RegistryRef } from "../../core/registry.ts";
import { ruleFor } from "../../core/registry-rules.ts";
import { type Credential, isSameCredential } from "../../core/secret.ts";
import { type Read, readValue, SecretReadError } from "../../sources/platform/secret-value.ts";
import type { LocalLogin } from "../../store/login-entry.ts";
import type { PlatformState } from "./platform-state.ts";
import type { Scene } from "./scene.ts";

/** A secret for this registry, and what became of it. */
export interface Contender {
  readonly candidate: Candidate;
  readonly wins: boolean;
  /** Why it lost; for the winner what its value is. */
  readonly reason: string;
}

export interface Source {
  readonly from: "local login" | "ecr" | "gar" | "secret" | "none" | "unmanaged" | "unknown";
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
export type Mints = Map<string, Promise<{ readonly credential: Credential; readonly expiresAtMs: number }>>;

interface Below {
  readonly from: Exclude<Source["from"], "local login">;
  readonly credential?: Credential;
  readonly minted?: boolean;
  readonly expiresAtMs?: number;
  readonly contenders?: readonly Contender[];
  readonly failure?: Failure;
}

/** Never throws. */
export async function sourceOf(
  ref: RegistryRef,
  scene: Scene,
  state: PlatformState,
  mints: Mints,
): Promise<Source> {
  const login = scene.local.logins.find(ref);
  const below = await belowLogin(ref, scene, state, mints).catch(
    (error: unknown): Below => ({ from: "unknown", failure: toFailure(error) }),
  );
  const { from, credential, minted = false, expiresAtMs, contenders = [], failure } = below;
  const same =
    login !== undefined && credential !== undefined && isSameCredential(login.credential, credential);
  if (login === undefined || same) {
    return { from, credential, minted, expiresAtMs, contenders, login, hidden: undefined, failure };
  }
  const endMs = loginEndMs(login);
  return {
    from: "local login",
    credential: login.credential,
    minted: Number.isFinite(endMs),
    expiresAtMs: Number.isFinite(endMs) ? endMs : undefined,
    contenders,
    login,
    hidden: credential,
    failure,
  };
}

async function belowLogin(
  ref: RegistryRef,
  scene: Scene,
  state: PlatformState,
  mints: Mints,
): Promise<Below> {
  const { local } = scene;
  if (ref.kind === "opaque" || local.loaded.broken !== undefined) return { from: "none" };
  const rule = ruleFor(local.config.rules, ref);
  const source = rule?.source ?? "platform";
  if (source === "none") return { from: "unmanaged" };
  if (source !== "platform") return mint(source, ref, "default-chain", scene, mints);
  if (!state.asked) return { from: "none" };
  if (state.list === undefined || state.request === undefined) return { from: "unknown" };
  return fromSecrets(ref, state.list.candidates, scene, state, mints);
}

async function fromSecrets(
  ref: RegistryRef,
  candidates: readonly Candidate[],
  scene: Scene,
  state: PlatformState,
  mints: Mints,
): Promise<Below> {
  const { precedence } = scene.local.config;
  const own = candidates.filter(({ registry }) => registry === ref.key);
  if (own.length === 0) return { from: "none" };
  const groups = rankedGroups(own, precedence);
  const reads = new Map<string, Read>();
  const decideNow = () => decide(groups, ({ ref: one }) => reads.get(one)?.kind);
  try {
    for (let next = decideNow(); next.kind === "read"; next = decideNow()) {
      reads.set(next.candidate.ref, await readInTurn(ref, next.candidate, scene, state));
    }
  } catch (error) {
    const failure = error instanceof SecretReadError ? error.failure : toFailure(error);
    return { from: "secret", failure, contenders: contendersOf(own, groups, reads, undefined) };
  }
  const decision = decideNow();
  const winner = decision.kind === "winner" ? decision.candidate : undefined;
  const contenders = contendersOf(own, groups, reads, winner);
  if (winner === undefined) return { from: "secret", contenders, failure: nobody(groups.flat(), reads) };
  const read = reads.get(winner.ref);
  if (read?.kind === "native") return { ...(await mint("secret", ref, "machine", scene, mints)), contenders };
  if (read === undefined || !("value" in read)) return { from: "secret", contenders };
  const { value } = read;
  if (value.kind === "credential") return { from: "secret", credential: value.credential, contenders };
  const reason = value.kind === "bad" ? value.reason : "is none";
  return { from: "secret", contenders, failure: badValue(winner, reason) };
}

/** The last read of this run's client: a token that is refused gives way to the next, so one question waits for another. */
const turns = new WeakMap<object, Promise<unknown>>();

/** The value of a secret, as `get` reads it. Throws a SecretReadError. */
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

async function mint(
  from: "secret" | "ecr" | "gar",
  ref: RegistryRef,
  base: IdentityBase,
  scene: Scene,
  mints: Mints,
): Promise<Below> {
  const { local, remote } = scene;
  const plan = mintPlan(ref, ruleFor(local.config.rules, ref), base, local.config);
  if (plan === undefined) {
    return {
      from,
      failure: new Failure(
        "native-unsupported",
        "its secret says runner-native, but it is no ECR or Google registry",
      ),
    };
  }
  const key = local.mintKey(plan);
  const minting = mints.get(key) ?? remote.minted(plan, ref);
  mints.set(key, minting);
  try {
    return { from, minted: true, ...(await minting) };
  } catch (error) {
    return { from, minted: true, failure: toFailure(error) };
  }
}

function badValue({ name }: Candidate, reason: string): Failure {
  return new Failure("value-invalid", `the value of the secret ${name} ${reason}`);
}

function nobody(candidates: readonly Candidate[], reads: ReadonlyMap<string, Read>): Failure {
  const refused = [...reads.values()].find((read) => read.kind === "refused");
  if (refused?.kind === "refused") return refused.failure;
  const names = candidates.map(({ name }) => name).join(", ");
  if (names === "") {
    return new Failure("secret-missing", "its secrets are of scopes that precedence leaves out", {
      hint: "add the scope to precedence in the configuration",
    });
  }
  return new Failure("secret-missing", `the platform does not have the value of the secret ${names}`);
}

function contendersOf(
  own: readonly Candidate[],
  groups: readonly (readonly Candidate[])[],
  reads: ReadonlyMap<string, Read>,
  winner: Candidate | undefined,
): readonly Contender[] {
  const ranked = groups.flat();
  const left = own.filter(({ ref }) => !ranked.some((one) => one.ref === ref));
  return [
    ...ranked.map((candidate) => {
      const wins = candidate.ref === winner?.ref;
      return {
        candidate,
        wins,
        reason: wins ? kindWords(reads.get(candidate.ref)) : lost(candidate, winner, reads),
      };
    }),
    ...left.map((candidate) => ({ candidate, wins: false, reason: "precedence leaves its scope out" })),
  ].toSorted((a, b) => Number(b.wins) - Number(a.wins));
}

function lost(candidate: Candidate, winner: Candidate | undefined, reads: ReadonlyMap<string, Read>): string {
  const read = reads.get(candidate.ref);
  if (read?.kind === "refused") return "its value is refused";
  if (read?.kind === "missing") return "its value is gone";
  if (winner === undefined) return "not read";
  if (candidate.scope !== winner.scope)
    return `the scope ${winner.scope ?? "unknown"} goes before ${candidate.scope ?? "unknown"}`;
  if (read?.kind === "native") return "user and password go before runner-native";
  return candidate.name === winner.name
    ? "of two of one name the first id wins"
    : `${winner.name} goes before it by name`;
}

function kindWords(read: Read | undefined): string {
  if (read?.kind === "native") return "runner-native";
  return read?.kind === "bad" ? "no user and password" : "user and password";
}
