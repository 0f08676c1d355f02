// Whether the platform can be reached: which way, whose certificate it shows, how far the clocks differ. One request
// without a token; what the token's own requests met is in platform-state.ts.

import { inWords } from "../../core/duration.ts";
import { parseEndpoint } from "../../core/endpoint.ts";
import { FAILURE_MESSAGES } from "../../core/failure-messages.ts";
import { type Failure, Outage, toFailure } from "../../core/failures.ts";
import { fromFailure, type Seen } from "../../core/findings.ts";
import { certificateOf } from "../../edge/certificate.ts";
import { proxyFor } from "../../edge/proxy.ts";
import type { Checked, Fact } from "./check.ts";
import { printable } from "./check.ts";
import { shownProxy } from "./network.ts";
import type { PlatformState } from "./platform-state.ts";
import type { Scene } from "./scene.ts";

const PROBE_LIMIT_MS = 4000;
/** AWS refuses signatures that are older; a minute or two is no harm. */
const SKEW_MS = 2 * 60_000;
const BAD_SKEW_MS = 5 * 60_000;

interface Probe {
  readonly status: number | undefined;
  readonly tookMs: number;
  /** The platform's clock less ours. */
  readonly skewMs: number | undefined;
}

export async function checkPlatform(scene: Scene, asked: Promise<PlatformState>): Promise<Checked> {
  const { local, context } = scene;
  const base = parseEndpoint(local.baseUrl);
  if (!local.seesPlatform || local.loaded.broken !== undefined || base === undefined) {
    const { failure } = await asked;
    const seen =
      failure === undefined || failure === local.loaded.broken ? [] : [fromFailure("platform", failure)];
    return { facts: [{ name: "platform", value: "not asked" }], data: { asked: false }, seen };
  }
  const probe = await probeOf(scene);
  const [{ failure, list }, certificate] = await Promise.all([
    asked,
    base.scheme === "https" ? certificateOf(base, context.env, PROBE_LIMIT_MS) : undefined,
  ]);
  const proxy = proxyFor(context.env, base);
  const way = proxy === undefined ? "directly" : `through the proxy ${shownProxy(proxy.url)}`;
  const reached =
    failure === undefined ? `reached ${way} in ${Math.round(probe.tookMs)} ms` : `asked ${way}, in vain`;
  const issuer = certificate?.issuer;
  const facts: Fact[] = [
    { name: "platform", value: `${base.origin}${base.path}`, details: [reached] },
    ...(issuer === undefined ? [] : [{ name: "certificate", value: `issued by ${printable(issuer)}` }]),
    ...(probe.skewMs === undefined ? [] : [{ name: "clock", value: clockWords(probe.skewMs) }]),
    ...(list === undefined ? [] : [{ name: "secrets", value: secretsWords(list.candidates.length) }]),
  ];
  return {
    facts,
    data: {
      asked: true,
      baseUrl: `${base.origin}${base.path}`,
      proxy: proxy === undefined ? null : shownProxy(proxy.url),
      reached: failure === undefined,
      certificateIssuer: issuer ?? null,
      clockDifferenceMs: probe.skewMs ?? null,
      registrySecrets: list?.candidates.length ?? null,
    },
    seen: [
      ...(failure === undefined ? [] : [withStale(fromFailure("platform", failure), failure, scene)]),
      ...clockOff(probe.skewMs),
    ],
  };
}

/** During an outage pulls go on with what was last known; whoever reads this wants to know for how long. */
function withStale(seen: Seen, failure: Failure, { remembered, local, context }: Scene): Seen {
  const list = remembered.list();
  const leftMs = list === undefined ? 0 : list.atMs + local.config.staleMs - context.clock.nowMs();
  if (!(failure instanceof Outage) || leftMs <= 0) return seen;
  const cause = `${FAILURE_MESSAGES[failure.code].cause} Registries that were pulled from before are served from what was known ${inWords(context.clock.nowMs() - (list?.atMs ?? 0))} ago, for another ${inWords(leftMs)}.`;
  return { ...seen, cause };
}

async function probeOf(scene: Scene): Promise<Probe> {
  const { remote, local, context } = scene;
  const { clock } = context;
  const base = parseEndpoint(local.baseUrl);
  const startMs = clock.monotonicMs();
  if (base === undefined) return { status: undefined, tookMs: 0, skewMs: undefined };
  try {
    const http = await remote.http();
    const path = `${base.path}/gitpod.v1.IdentityService/GetAuthenticatedIdentity`;
    const headers = { "content-type": "application/json" };
    const answer = await http.send({
      method: "POST",
      endpoint: base,
      path,
      headers,
      body: "{}",
      timeoutMs: PROBE_LIMIT_MS,
    });
    const date = Date.parse(answer.headers.date ?? "");
    // The header has whole seconds; half of one is the best guess.
    const skewMs = Number.isNaN(date) ? undefined : date + 500 - clock.nowMs();
    return { status: answer.status, tookMs: clock.monotonicMs() - startMs, skewMs };
  } catch (error) {
    toFailure(error);
    return { status: undefined, tookMs: clock.monotonicMs() - startMs, skewMs: undefined };
  }
}

function clockOff(skewMs: number | undefined): readonly Seen[] {
  if (skewMs === undefined || Math.abs(skewMs) < SKEW_MS) return [];
  const way = skewMs > 0 ? "behind" : "ahead of";
  return [
    {
      code: "clock-off",
      severity: Math.abs(skewMs) > BAD_SKEW_MS ? "error" : "warning",
      subject: "clock",
      message: `this machine's clock is ${inWords(skewMs)} ${way} the platform's`,
    },
  ];
}

function clockWords(skewMs: number): string {
  if (Math.abs(skewMs) < 2000) return "as the platform's";
  return `${inWords(skewMs)} ${skewMs > 0 ? "behind" : "ahead of"} the platform's`;
}

const secretsWords = (count: number): string =>
  count === 1 ? "1 container registry secret" : `${count} container registry secrets`;
