// Whose certificate a server shows, also one that is not trusted: only the handshake is made, nothing is sent over it, and
// the connection is closed. It serves `doctor` alone; every request goes through http.ts, which checks certificates.

import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Endpoint, isLoopback, parseEndpoint } from "../core/endpoint.ts";
import { proxyFor } from "./proxy.ts";

export interface CertificateSeen {
  /** Common name or organization of who issued it. */
  readonly issuer: string;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Undefined when no handshake came about in time; through the proxy that a request would take. Never rejects. */
export async function certificateOf(
  target: Endpoint,
  env: Env,
  limitMs: number,
): Promise<CertificateSeen | undefined> {
  let socket: Socket | undefined;
  const stop = new AbortController();
  const timer = setTimeout(() => {
    stop.abort();
    socket?.destroy();
  }, limitMs);
  try {
    socket = await tunnel(target, env, stop.signal);
    return socket === undefined ? undefined : await handshake(socket, target, stop.signal);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    socket?.destroy();
  }
}

/** A connection to the target, through an http proxy where one is used. A proxy behind TLS is not asked. */
async function tunnel(target: Endpoint, env: Env, signal: AbortSignal): Promise<Socket | undefined> {
  const proxy = proxyFor(env, target);
  if (proxy === undefined) return connected(target.host, target.port, signal);
  const [, userInfo = "", rest = ""] = /^http:\/\/(?:([^@/]*)@)?([^/]+)\/?$/i.exec(proxy) ?? [];
  const at = rest === "" ? undefined : parseEndpoint(`http://${rest}`);
  if (at === undefined) return undefined;
  const socket = await connected(at.host, at.port, signal);
  const authority = `${target.host.includes(":") ? `[${target.host}]` : target.host}:${target.port}`;
  const login = userInfo === "" ? "" : `proxy-authorization: Basic ${btoa(decodeURIComponent(userInfo))}\r\n`;
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n${login}\r\n`);
  const head = await once(socket, "data", signal);
  if (/^HTTP\/1\.[01] 2/.test(String(head))) return socket;
  socket.destroy();
  return undefined;
}

async function connected(host: string, port: number, signal: AbortSignal): Promise<Socket> {
  const socket = connectTcp({ host, port });
  await once(socket, "connect", signal);
  return socket;
}

async function handshake(
  socket: Socket,
  target: Endpoint,
  signal: AbortSignal,
): Promise<CertificateSeen | undefined> {
  const isName = !isLoopback(target.host) && !/^[0-9.]+$|:/.test(target.host);
  // Not checked, since the one that is not trusted is to be named; nothing is written to this connection.
  const secure = connectTls({
    socket,
    rejectUnauthorized: false,
    ...(isName ? { servername: target.host } : {}),
  });
  try {
    await once(secure, "secureConnect", signal);
    const { issuer } = secure.getPeerCertificate() as { issuer?: { CN?: unknown; O?: unknown } };
    const name = issuer?.CN ?? issuer?.O;
    return typeof name === "string" && name !== "" ? { issuer: name } : undefined;
  } finally {
    secure.destroy();
  }
}

function once(socket: Socket, event: string, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.once(event, resolve);
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed")));
    signal.addEventListener("abort", () => reject(new Error("too late")), { once: true });
  });
}
