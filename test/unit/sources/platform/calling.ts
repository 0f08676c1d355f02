// One call to the platform in a test: against a stand-in with faults, or against a list of responses for what only a
// real name or TLS would bring about. The clock is moved by hand, so that no wait takes time and every wait is seen.

import { expect, onTestFinished } from "vitest";
import { isRecord } from "../../../../src/core/entry.ts";
import { failureLine, Outage, Refusal } from "../../../../src/core/failures.ts";
import { Secret } from "../../../../src/core/secret.ts";
import { deadlineAfter, systemClock } from "../../../../src/edge/clock.ts";
import { createHttp, type Http, type HttpRequest, type HttpResponse } from "../../../../src/edge/http.ts";
import { TransportError } from "../../../../src/edge/transport-error.ts";
import { callPlatform } from "../../../../src/sources/platform/call.ts";
import type { FaultSeed } from "../../../stand-ins/platform/fault-seed.ts";
import { platformForTest } from "../../../stand-ins/platform/worlds.ts";
import { endpointOf } from "../../edge/hostile-server.ts";
import { ManualClock } from "../../edge/manual-clock.ts";

export class RecordingClock extends ManualClock {
  readonly waits: number[] = [];

  override async sleep(ms: number): Promise<void> {
    this.waits.push(ms);
    await super.sleep(ms);
  }
}

export const METHOD = "gitpod.v1.IdentityService/GetAuthenticatedIdentity";

export interface Called {
  readonly end: string;
  readonly waits: readonly number[];
  readonly requests: number;
}

function send(http: Http, base: string, clock: RecordingClock, deadlineMs: number): Promise<unknown> {
  return callPlatform(
    {
      base: endpointOf(base),
      method: METHOD,
      body: {},
      token: new Secret("c4nary-token"),
      userAgent: "test",
      deadline: deadlineAfter(clock, deadlineMs),
      parse: (value) => (isRecord(value) && "subject" in value ? value : undefined),
    },
    http,
    clock,
  );
}

/** The failure of a call; its line names no token and no text of the server. */
function failure(error: unknown): Outage | Refusal {
  if (!(error instanceof Refusal || error instanceof Outage)) throw error;
  const line = failureLine("r", error);
  expect(line).toMatch(/^r: [ -~]+ \[[a-z-]+\]$/);
  expect(line).not.toContain("c4nary");
  return error;
}

/** Fails where the call does not. */
export async function failureOf(http: Http, base: string): Promise<Outage | Refusal> {
  return send(http, base, new RecordingClock(), 10_000).then(() => {
    throw new Error("it was answered");
  }, failure);
}

export async function call(http: Http, base: string, deadlineMs = 10_000): Promise<Omit<Called, "requests">> {
  const clock = new RecordingClock();
  const end = await send(http, base, clock, deadlineMs).then(
    () => "answer",
    (error: unknown) => {
      const failed = failure(error);
      return failed instanceof Refusal ? `refused ${failed.connectCode}` : `outage ${failed.code}`;
    },
  );
  return { end, waits: clock.waits };
}

export async function withFaults(faults: FaultSeed[], deadlineMs?: number): Promise<Called> {
  const platform = await platformForTest({
    faults,
    tokens: [{ label: "t", token: "c4nary-token", principal: "environment" }],
  });
  const http = createHttp({ env: {}, deadline: deadlineAfter(systemClock, 20_000), trace: () => undefined });
  onTestFinished(() => http.close());
  return { ...(await call(http, platform.baseUrl, deadlineMs)), requests: platform.journal.count() };
}

/** An Http that answers from a list, for what only a real name or TLS would bring about. */
export function scripted(...steps: (Partial<HttpResponse> | TransportError)[]): {
  http: Http;
  sent: HttpRequest[];
} {
  const sent: HttpRequest[] = [];
  const http: Http = {
    async send(request) {
      sent.push(request);
      const step = steps.shift();
      if (step instanceof TransportError) throw step;
      return { status: 200, headers: {}, body: Buffer.from('{"subject":{}}'), ...step };
    },
    close: () => undefined,
  };
  return { http, sent };
}
