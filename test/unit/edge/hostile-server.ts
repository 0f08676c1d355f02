// A server on loopback that says whatever a test wants, byte for byte, and remembers what it was told.

import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { onTestFinished } from "vitest";
import { type Endpoint, parseEndpoint } from "../../../src/core/endpoint.ts";
import { deadlineAfter, systemClock } from "../../../src/edge/clock.ts";
import { createHttp, type Http } from "../../../src/edge/http.ts";
import { TransportError } from "../../../src/edge/transport-error.ts";
import type { Tls } from "../../stand-ins/platform/listener.ts";

export type Speak = (socket: Socket, head: string) => void;

export interface HostileServer {
  readonly port: number;
  readonly origin: string;
  /** The head of every request, in order of arrival. */
  readonly heads: string[];
  readonly connections: () => number;
  close(): Promise<void>;
}

/** `speak` is called once per request head; `bindTo` is an address of loopback. */
export async function hostileServer(
  speak: Speak,
  tls?: Tls & { maxVersion?: "TLSv1.1"; minVersion?: "TLSv1"; ciphers?: string },
): Promise<HostileServer> {
  const sockets = new Set<Socket>();
  const heads: string[] = [];
  let count = 0;
  const onConnection = (socket: Socket): void => {
    let text = "";
    let tunnelled = false;
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes: Buffer) => {
      if (tunnelled) return;
      text += bytes.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = text.slice(0, end);
      text = "";
      tunnelled = head.slice(0, 8) === "CONNECT ";
      heads.push(head);
      speak(socket, head);
    });
  };
  const server: Server =
    tls === undefined ? createTcpServer(onConnection) : createTlsServer(tls, onConnection);
  server.on("connection", (socket: Socket) => {
    count += 1;
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  onTestFinished(close);
  const origin = `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  return { port, origin, heads, connections: () => count, close };
}

/** A head with its body, whose length is told. */
export function response(
  body: string | Buffer,
  headers: Record<string, string> = {},
  status = "200 OK",
): Buffer {
  const bytes = Buffer.from(body);
  const all = { "content-length": String(bytes.length), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\n${lines.join("")}\r\n`), bytes]);
}

export function endpointOf(url: string): Endpoint {
  const endpoint = parseEndpoint(url);
  if (endpoint === undefined) throw new Error(`no endpoint: ${url}`);
  return endpoint;
}

/** An Http with nothing of this machine's environment, closed after the test. */
export function httpFor(
  env: Record<string, string> = {},
  deadlineMs = 20_000,
  trace: (step: string) => void = () => undefined,
): Http {
  const http = createHttp({ env, deadline: deadlineAfter(systemClock, deadlineMs), trace });
  onTestFinished(() => http.close());
  return http;
}

/** What became of a request in a few words: its status and body, or the kind of error. */
export async function outcome(
  http: Http,
  url: string,
  more: Partial<Parameters<Http["send"]>[0]> = {},
): Promise<string> {
  const endpoint = endpointOf(url);
  try {
    const { status, body } = await http.send({
      method: "POST",
      endpoint,
      path: `${endpoint.path}/x`,
      headers: { authorization: "Bearer c4nary-token" },
      body: "{}",
      ...more,
    });
    return `${status} ${body.length > 100 ? body.length : body.toString("utf8")}`;
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    if (JSON.stringify([error.message, error.stack, error.cause]).includes("c4nary"))
      throw new Error("it shows a secret");
    return error.kind;
  }
}
