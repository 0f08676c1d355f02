// How an answer travels: at once, late, in drops, compressed, cut short, or not at all.
// It must never outlive the connection: a client that goes away ends every wait here.

import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { createGzip, gzipSync } from "node:zlib";
import type { Answer } from "./connect.ts";
import type { FaultSeed } from "./fault-seed.ts";

export async function deliver(response: ServerResponse, answer: Answer, fault?: FaultSeed): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  if (response.destroyed) {
    return;
  }
  try {
    await deliverAs(response, answer, fault, gone.signal);
  } catch (error) {
    if (!gone.signal.aborted) {
      throw error;
    }
  }
}

async function deliverAs(
  response: ServerResponse,
  answer: Answer,
  fault: FaultSeed | undefined,
  gone: AbortSignal,
): Promise<void> {
  switch (fault?.kind) {
    case "hang":
      return;
    case "slowHeaders":
      await sleep(fault.delayMs, undefined, { signal: gone });
      return sendWhole(response, answer);
    case "slowBody":
      await sendHalf(response, answer);
      await sleep(fault.delayMs, undefined, { signal: gone });
      response.end(secondHalf(answer));
      return;
    case "hangBody":
      return sendHalf(response, answer);
    case "drip":
      return drip(response, answer, fault, gone);
    case "reset":
      if (fault.at === "body") {
        await sendHalf(response, answer);
      }
      return resetConnection(response);
    case "truncate":
      await sendHalf(response, answer);
      response.socket?.end();
      return;
    case "gzip":
      return sendWhole(response, compressed(answer));
    case "huge":
      return sendHuge(response, fault);
    default:
      return sendWhole(response, answer);
  }
}

export function compressed(answer: Answer): Answer {
  return {
    ...answer,
    headers: { ...answer.headers, "content-encoding": "gzip" },
    body: gzipSync(answer.body),
  };
}

function writeHead(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, { ...headers, "content-length": body.length });
}

function sendWhole(response: ServerResponse, answer: Answer): void {
  writeHead(response, answer);
  response.end(answer.body);
}

function sendHalf(response: ServerResponse, answer: Answer): Promise<void> {
  writeHead(response, answer);
  return new Promise((resolve) => {
    response.write(answer.body.subarray(0, Math.ceil(answer.body.length / 2)), () => resolve());
  });
}

function secondHalf({ body }: Answer): Buffer {
  return body.subarray(Math.ceil(body.length / 2));
}

async function drip(
  response: ServerResponse,
  answer: Answer,
  { bytes, everyMs }: { bytes: number; everyMs: number },
  gone: AbortSignal,
): Promise<void> {
  writeHead(response, answer);
  response.flushHeaders();
  for (let at = 0; at < answer.body.length; at += bytes) {
    response.write(answer.body.subarray(at, at + bytes));
    await sleep(everyMs, undefined, { signal: gone });
  }
  response.end();
}

function resetConnection(response: ServerResponse): void {
  const { socket } = response;
  // A TLS socket has no reset of its own.
  if (socket !== null && "encrypted" in socket) {
    socket.destroy();
  } else {
    socket?.resetAndDestroy();
  }
}

async function sendHuge(
  response: ServerResponse,
  { bytes, gzip, chunked }: { bytes: number; gzip?: boolean; chunked?: boolean },
): Promise<void> {
  const frame = ['{"value":"', '"}'] as const;
  const fill = Math.max(0, bytes - frame[0].length - frame[1].length);
  const hasLength = chunked !== true && gzip !== true;
  response.writeHead(200, {
    "content-type": "application/json",
    ...(hasLength ? { "content-length": fill + frame[0].length + frame[1].length } : {}),
    ...(gzip === true ? { "content-encoding": "gzip" } : {}),
  });
  const source = Readable.from(hugeJson(frame, fill));
  await (gzip === true ? pipeline(source, createGzip(), response) : pipeline(source, response));
}

function* hugeJson(frame: readonly [string, string], fill: number): Generator<Buffer> {
  const block = Buffer.alloc(64 * 1024, "a");
  yield Buffer.from(frame[0]);
  for (let left = fill; left > 0; left -= block.length) {
    yield block.subarray(0, Math.min(left, block.length));
  }
  yield Buffer.from(frame[1]);
}
