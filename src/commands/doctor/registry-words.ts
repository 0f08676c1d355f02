// What is said of one registry on the screen, in short lines.

import { isProvider } from "../../core/clouds/clouds.ts";
import { inWords } from "../../core/duration.ts";
import type { Failure } from "../../core/failures.ts";
import type { ImageHome } from "../../core/image.ts";
import type { RegistryRef } from "../../core/registry.ts";
import type { TransportErrorKind } from "../../edge/transport-error.ts";
import type { LoginResult } from "../../registry/login.ts";
import { type Fact, printable } from "./check.ts";
import { sourceWords } from "./login-findings.ts";
import type { Source } from "./source.ts";

export function fromWords(source: Source, nowMs: number): string {
  if (isProvider(source.from)) return `a minted token, as the configuration says (source: ${source.from})`;
  switch (source.from) {
    case "none":
      return "nothing has a credential for it";
    case "unmanaged":
      return "the configuration says source: none";
    case "unknown":
      return "not known while the platform cannot be asked";
    default:
      return source.failure !== undefined && source.contenders.every(({ wins }) => !wins)
        ? "its secret, which cannot be had"
        : sourceWords(source, nowMs);
  }
}

export function contenderWords({ contenders }: Source): readonly string[] {
  if (contenders.length < 2) return [];
  return contenders.map(({ candidate, wins, reason }) => {
    const scope = candidate.scope === undefined ? "" : ` (${candidate.scope})`;
    return `${wins ? "wins" : "loses"}: ${printable(candidate.name, 60)}${scope}, ${reason}`;
  });
}

export function loginFact(ref: RegistryRef, { login: local, from }: Source, nowMs: number): Fact {
  const madeMs = local?.madeAtMs ?? nowMs;
  const state = from === "local login" ? "" : "; the same as the platform's";
  const compared = local?.confirmed === true ? "" : "; not yet compared with the platform's";
  return {
    name: "local login",
    value: `made ${inWords(nowMs - madeMs)} ago${state}${compared}`,
    details: [`docker logout ${ref.key} removes it`],
  };
}

const ERROR_KINDS: Readonly<Record<TransportErrorKind, string>> = {
  connect: "no connection",
  setting: "a proxy or CA variable cannot be used",
  "proxy-refused": "the proxy refuses",
  timeout: "no answer in time",
  tls: "the certificate is not trusted",
  "too-large": "too long an answer",
  broken: "the connection broke",
  "not-allowed": "plain http",
};

export function resultWords(result: LoginResult): string {
  switch (result.kind) {
    case "accepted":
      return "accepted";
    case "open":
      return "the registry asks for none";
    case "refused":
    case "bad-answer":
      return `${result.kind === "refused" ? "refused" : "no registry's answer"} (HTTP ${result.status})`;
    case "realm-refused":
      return `not made: it would go to ${result.realm}`;
    case "transport":
      return `not made: ${ERROR_KINDS[result.error.kind]}`;
  }
}

export function manifestWords(
  { image }: { readonly image: ImageHome | undefined },
  { manifest }: LoginResult,
): string {
  const name = `${image?.repository}:${image?.reference}`;
  return manifest?.kind === "readable"
    ? `${name} may be read`
    : `${name}: ${manifest?.kind} (HTTP ${manifest?.status})`;
}

export const failureFact = ({ message, code }: Failure): Fact => ({
  name: "fails",
  value: printable(`${message} [${code}]`, 400),
});
