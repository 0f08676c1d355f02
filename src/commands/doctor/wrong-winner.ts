// Of several secrets the wrong one may win: where the winner is refused, the losers are tried, each once, at the same
// registry and nowhere else.

import type { Seen } from "../../core/findings.ts";
import { type LoginResult, login } from "../../registry/login.ts";
import { printable } from "./check.ts";
import type { Contender } from "./contenders.ts";
import type { Target } from "./operands.ts";
import type { PlatformState } from "./platform-state.ts";
import type { Scene } from "./scene.ts";
import { readInTurn, type Source } from "./source.ts";

interface Asking {
  readonly scene: Scene;
  readonly state: PlatformState;
}

/** Registries lock accounts after a few wrong passwords. */
const MOST_TRIED = 3;

/** A loser that the registry takes where it refuses the winner. */
export async function betterLoser(
  asked: Pick<Target, "registry" | "image">,
  source: Source,
  result: LoginResult,
  context: Asking,
): Promise<Seen | undefined> {
  if (!isRefused(result) || source.from !== "secret") return undefined;
  const winner = source.contenders.find(({ wins }) => wins);
  if (winner === undefined) return undefined;
  const losers = source.contenders.filter(({ wins }) => !wins).slice(0, MOST_TRIED);
  for (const loser of losers) {
    if (await isTaken(asked, loser, context)) return finding(asked, winner, loser, result);
  }
  return undefined;
}

const isRefused = (result: LoginResult): boolean =>
  result.kind === "refused" || result.manifest?.kind === "denied" || result.manifest?.kind === "missing";

async function isTaken(
  { registry, image }: Pick<Target, "registry" | "image">,
  { candidate }: Contender,
  { scene, state }: Asking,
): Promise<boolean> {
  try {
    const read = await readInTurn(registry, candidate, scene, state);
    if (!("value" in read) || read.value.kind !== "credential") return false;
    const { credential } = read.value;
    const http = await scene.remote.http();
    const tried = await login({ registry: registry.key, credential, minted: false, image }, http);
    return tried.kind === "accepted" && (image === undefined || tried.manifest?.kind === "readable");
  } catch {
    return false;
  }
}

function finding(
  { registry, image }: Pick<Target, "registry" | "image">,
  winner: Contender,
  loser: Contender,
  result: LoginResult,
): Seen {
  const what = result.kind === "refused" ? "is refused" : `may not read ${image?.repository}`;
  const [won, lost] = [winner, loser].map(({ candidate }) => {
    const scope = candidate.scope === undefined ? "" : ` (${candidate.scope})`;
    return `${printable(candidate.name, 60)}${scope}`;
  });
  const byScope = winner.candidate.scope !== loser.candidate.scope;
  const name = printable(winner.candidate.name, 60);
  return {
    code: "wrong-secret-wins",
    severity: "error",
    subject: registry.key,
    message: `of two secrets for ${registry.key} the wrong one wins: ${won} ${what}, ${lost} would be accepted; ${loser.reason}`,
    remedy: byScope
      ? `delete or correct the secret ${name}, or put ${loser.candidate.scope ?? "its scope"} first in precedence of the configuration`
      : `delete or correct the secret ${name}`,
  };
}
