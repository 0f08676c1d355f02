// What the tests of the rarer ways to a token play: a service of one answer, a program that says one thing.

import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { MintMachine } from "./mint-machine.ts";

interface Asked {
  readonly path: string;
  readonly body: string;
}

/** A service of one answer; returns its port and what it was asked. */
export async function play(answer: object): Promise<{ port: number; asked: Asked[] }> {
  const asked: Asked[] = [];
  const read = async (request: IncomingMessage): Promise<string> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  };
  const server = createServer((request, response) => {
    void read(request).then((body) => {
      asked.push({ path: request.url ?? "", body });
      response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { port: (server.address() as AddressInfo).port, asked };
}

/** The path of a program that prints `says`. */
export function script(at: MintMachine, says: object): string {
  return at.write("says", `#!/bin/sh\ncat <<'END'\n${JSON.stringify(says)}\nEND\n`, 0o700);
}
