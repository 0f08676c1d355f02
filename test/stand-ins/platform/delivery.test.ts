// Faults of the way an answer travels: each kind must really do to the wire what its name says.

import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ask, services } from "./ask.ts";
import type { FaultSeed } from "./fault-seed.ts";
import { secretId } from "./ids.ts";
import type { Platform } from "./stand-in.ts";
import { platformForTest } from "./worlds.ts";

const first = { secretId: secretId(1) };

function withFaults(...faults: FaultSeed[]): Promise<Platform> {
  return platformForTest({ secrets: [{ name: "ONE", host: "one.example.test", value: "u:p" }], faults });
}

interface RawAnswer {
  status: number | undefined;
  body: Buffer;
  /** How the answer ended: whole, or by which error. */
  end: string;
}

/** Reads an answer as it comes, however it ends; gives up on it once `enough` bytes are there. */
function rawValue(platform: Platform, enough = Number.POSITIVE_INFINITY): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let response: IncomingMessage | undefined;
    const done = (end: string) => resolve({ status: response?.statusCode, body: Buffer.concat(chunks), end });
    const call: ClientRequest = request(`${platform.baseUrl}/${services.GetSecretValue}`, {
      method: "POST",
      agent: false,
      headers: { "content-type": "application/json", authorization: "Bearer env-token" },
    });
    call.on("response", (incoming) => {
      response = incoming;
      incoming.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        if (Buffer.concat(chunks).length >= enough) {
          done("gave up");
          call.destroy();
        }
      });
      incoming.on("end", () => done("whole"));
      incoming.on("error", (error) => done((error as NodeJS.ErrnoException).code ?? error.message));
    });
    call.on("error", (error) => done((error as NodeJS.ErrnoException).code ?? error.message));
    call.end(JSON.stringify(first));
  });
}

describe("how an answer travels", () => {
  const whole = '{"value":"u:p"}';

  const rows: [FaultSeed, Partial<RawAnswer> & { text: string }][] = [
    [
      { kind: "slowHeaders", delayMs: 5 },
      { status: 200, end: "whole", text: whole },
    ],
    [
      { kind: "slowBody", delayMs: 5 },
      { status: 200, end: "whole", text: whole },
    ],
    [
      { kind: "drip", bytes: 4, everyMs: 1 },
      { status: 200, end: "whole", text: whole },
    ],
    [
      { kind: "reset", at: "headers" },
      { status: undefined, end: "ECONNRESET", text: "" },
    ],
    [
      { kind: "reset", at: "body" },
      { status: 200, end: "ECONNRESET", text: whole.slice(0, 8) },
    ],
    [{ kind: "truncate" }, { status: 200, end: "ECONNRESET", text: whole.slice(0, 8) }],
  ];
  for (const [fault, { text, ...expected }] of rows) {
    test(JSON.stringify(fault), async () => {
      const { body, ...rest } = await rawValue(await withFaults(fault));
      expect({ ...rest, text: body.toString() }).toEqual({ ...expected, text });
    });
  }

  test("gzip comes unasked", async () => {
    const { body } = await rawValue(await withFaults({ kind: "gzip" }));
    expect(gunzipSync(body).toString()).toBe(whole);
  });

  test("a hung body starts, a hung answer does not, and neither keeps the stand-in from closing", async () => {
    const platform = await withFaults({ nth: 1, kind: "hangBody" }, { nth: 2, kind: "hang" });
    expect((await rawValue(platform, 8)).end).toBe("gave up");
    const hung = rawValue(platform);
    await expect.poll(() => platform.journal.count()).toBe(2);
    await platform.close();
    expect((await hung).end).toBe("ECONNRESET");
    expect(platform.journal.entries.map(({ status }) => status)).toEqual([200, 0]);
  });

  test("huge bodies have exactly their size, plain, chunked and as a bomb", async () => {
    const platform = await withFaults(
      { nth: 1, kind: "huge", bytes: 3_000_000 },
      { nth: 2, kind: "huge", bytes: 70_000, chunked: true },
      { nth: 3, kind: "huge", bytes: 5_000_000, gzip: true },
    );
    expect((await rawValue(platform)).body).toHaveLength(3_000_000);
    const { value } = JSON.parse((await rawValue(platform)).body.toString()) as { value: string };
    expect(value).toHaveLength(70_000 - '{"value":""}'.length);
    const bomb = (await rawValue(platform)).body;
    expect(bomb.length).toBeLessThan(50_000);
    expect(gunzipSync(bomb)).toHaveLength(5_000_000);
  });

  test("a client that gives up on a flood does no harm", async () => {
    const platform = await withFaults({ nth: 1, kind: "huge", bytes: 50_000_000 });
    expect((await rawValue(platform, 100_000)).end).toBe("gave up");
    expect((await ask(platform, "GetSecretValue", first)).status).toBe(200);
  });
});
