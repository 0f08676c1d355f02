// Whose certificate a server shows, also one that is not trusted: only the handshake is made, nothing is sent over it, and
// the connection is closed. It serves `doctor` alone; every request goes through http.ts, which checks certificates.

import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type Endpoint, isLoopback } from "../core/endpoint.ts";
import { tunnelTo } from "./connect.ts";
import { proxyFor } from "./proxy.ts";
import { trustOf } from "./trust.ts";

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
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), limitMs);
  const connecting = connection(target, env, limitMs, stop.signal);
  try {
    const late = new Promise<never>((_, reject) => {
      stop.signal.addEventListener("abort", () => reject(new Error("too late")), { once: true });
    });
    return await handshake(await Promise.race([connecting, late]), target, stop.signal);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    connecting.then((socket) => socket.destroy()).catch(() => undefined);
  }
}

/** A connection to the target, on which nothing was said yet, by the way that a request would take. */
async function connection(target: Endpoint, env: Env, limitMs: number, signal: AbortSignal): Promise<Socket> {
  const proxy = proxyFor(env, target);
  if (proxy === undefined) return connected(target.host, target.port, signal);
  // The proxy's own certificate is checked: it is told a password.
  const { context } = trustOf(env);
  return tunnelTo(target, proxy, { rejectUnauthorized: true, secureContext: context, timeout: limitMs });
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
