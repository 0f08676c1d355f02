// A CONNECT proxy that leads the real host names of AWS and Google, over real TLS, to their stand-ins: a program
// under test believes it talks to the clouds. It opens connections to loopback only; every other name is refused.

import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  request as send,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Duplex } from "node:stream";
import { makeLoopbackCertificate } from "../platform/certificate.ts";
import { hostNames, portFor, SOME_REGIONS } from "./cloud-hosts.ts";
import type { Clouds } from "./clouds.ts";

export interface CloudProxyOptions {
  /** Regions whose endpoints the certificate names; default one per partition. */
  regions?: readonly string[];
  /** More names and the loopback port that plays each, e.g. a registry under its real name. */
  hosts?: Readonly<Record<string, number>>;
}

export interface CloudProxy extends AsyncDisposable {
  url: string;
  /** PEM; to be put into a file for NODE_EXTRA_CA_CERTS. */
  ca: string;
  /** Every `host:port` of a CONNECT, in order. */
  connects: string[];
  /** Those that were refused, and every request that came here without CONNECT. */
  refused: string[];
  /** HTTPS_PROXY and HTTP_PROXY. The CA is not in it: it needs a file. */
  env: Record<string, string>;
  close(): Promise<void>;
}

export async function startCloudProxy(clouds: Clouds, options: CloudProxyOptions = {}): Promise<CloudProxy> {
  const extra = options.hosts ?? {};
  const names = [...hostNames(options.regions ?? SOME_REGIONS), ...Object.keys(extra)];
  const { key, cert, ca } = makeLoopbackCertificate(names);
  const portOf = (host: string) => extra[host] ?? portFor(clouds, host);
  const inner = createTlsServer({ key, cert }, (request, response) => pass(request, response, portOf));
  const proxy = createServer();
  const connects: string[] = [];
  const refused: string[] = [];
  const tunnels = new Set<Duplex>();
  proxy.on("connect", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const target = request.url ?? "";
    const [host = "", port] = target.split(":");
    connects.push(target);
    tunnels.add(socket);
    socket.on("close", () => tunnels.delete(socket)).on("error", () => socket.destroy());
    if (port !== "443" || portOf(host) === undefined) {
      refused.push(target);
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
    if (head.length > 0) socket.unshift(head);
    inner.emit("connection", socket);
  });
  proxy.on("request", (request: IncomingMessage, response: ServerResponse) => {
    refused.push(request.url ?? "");
    response.writeHead(403).end();
  });
  const url = `http://127.0.0.1:${await portGiven(proxy)}`;
  const close = async () => {
    for (const socket of tunnels) socket.destroy();
    proxy.closeAllConnections();
    await new Promise<void>((resolve) => proxy.close(() => resolve()));
  };
  return {
    url,
    ca,
    connects,
    refused,
    env: { HTTPS_PROXY: url, HTTP_PROXY: url },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The stand-in sees the request as it came, real host name included. */
function pass(
  request: IncomingMessage,
  response: ServerResponse,
  portOf: (host: string) => number | undefined,
): void {
  const { method, url: path, headers } = request;
  const port = portOf((headers.host ?? "").replace(/:443$/, ""));
  if (port === undefined) {
    response.writeHead(421).end();
    return;
  }
  const onward = send({ host: "127.0.0.1", port, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  response.on("close", () => onward.destroy());
  request.pipe(onward);
}

async function portGiven(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}
