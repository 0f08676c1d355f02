// How connections come about for http.ts: directly, or through an http proxy with CONNECT. The proxy sees the target's
// name and port and nothing else; only the proxy is told its password. A refusal of the proxy is an error of its own.

import type { Socket } from "node:net";
import type { Endpoint } from "../core/endpoint.ts";
import { hasControl } from "../core/text.ts";
import type { ProxySetting } from "./proxy.ts";
import { TransportError, toTransportError } from "./transport-error.ts";
import { buildConnector } from "./undici.ts";

/** More than any proxy says before a tunnel. */
const MAX_HEAD_BYTES = 16 * 1024;
const MAX_INTERIM_ANSWERS = 8;

type Connector = ReturnType<typeof buildConnector>;
type ConnectOptions = Parameters<Connector>[0];
type ConnectCallback = Parameters<Connector>[1];

interface ProxyAddress {
  readonly usesTls: boolean;
  readonly hostname: string;
  readonly port: string;
  /** The value of `proxy-authorization`; undefined without user name. */
  readonly authorization: string | undefined;
}

/** What every connection with TLS is made with; `timeout` in milliseconds holds for each step of a connection. */
type Tls = Record<string, unknown> & { readonly timeout: number };

/** A tunnel through the proxy, on which nothing was said yet. The caller ends it. Rejects when there is none. */
export function tunnelTo(target: Endpoint, setting: ProxySetting, tls: Tls): Promise<Socket> {
  const { host: hostname, origin, port } = target;
  const direct = buildConnector({ ...tls, allowH2: false });
  const options = { protocol: `${target.scheme}:`, hostname, host: origin, port: String(port) };
  return openTunnel(direct, proxyAddress(setting), options, tls.timeout);
}

export function connectorFor(setting: ProxySetting | undefined, tls: Tls): Connector {
  const direct = buildConnector({ ...tls, allowH2: false });
  if (setting === undefined) return direct;
  const proxy = proxyAddress(setting);
  return (options: ConnectOptions, callback: ConnectCallback) => {
    openTunnel(direct, proxy, options, tls.timeout).then(
      (socket) => direct({ ...options, httpSocket: socket as never }, callback),
      (error: unknown) => callback(error instanceof Error ? error : new Error("tunnel"), null),
    );
  };
}

/** Throws a TransportError (`setting`): SOCKS, another scheme, no URL at all. */
function proxyAddress({ variable, url }: ProxySetting): ProxyAddress {
  const unusable = (reason: string): TransportError =>
    new TransportError("setting", "", "", { setting: { variable, reason } });
  // Undici warns on stderr that it knows SOCKS only as an experiment.
  if (!/^https?:/i.test(url))
    throw unusable("names an unsupported proxy, only http and https ones can be used");
  // A URL's own reader would drop line ends and bear spaces.
  if (hasControl(url) || /\s/.test(url)) throw unusable("is not the URL of a proxy");
  try {
    const { protocol, hostname, port, username, password } = new URL(url);
    const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return {
      usesTls: protocol === "https:",
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port,
      authorization: username === "" ? undefined : `Basic ${Buffer.from(login).toString("base64")}`,
    };
  } catch {
    throw unusable("is not the URL of a proxy");
  }
}

async function openTunnel(
  direct: Connector,
  proxy: ProxyAddress,
  target: ConnectOptions,
  timeoutMs: number,
): Promise<Socket> {
  const port = target.port || (target.protocol === "https:" ? "443" : "80");
  const name =
    target.hostname.includes(":") && target.hostname[0] !== "[" ? `[${target.hostname}]` : target.hostname;
  const authority = `${name}:${port}`;
  const socket = await new Promise<Socket>((resolve, reject) => {
    const { usesTls, hostname, port: proxyPort } = proxy;
    const protocol = usesTls ? "https:" : "http:";
    direct({ protocol, hostname, host: hostname, port: proxyPort }, (error, connected) =>
      error === null && connected !== null
        ? resolve(connected)
        : reject(toTransportError(error, "", false, { atProxy: true })),
    );
  });
  const login = proxy.authorization === undefined ? "" : `proxy-authorization: ${proxy.authorization}\r\n`;
  socket.write(
    `CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n${login}proxy-connection: keep-alive\r\n\r\n`,
  );
  const status = await statusOf(socket, timeoutMs).catch((error: unknown) => {
    socket.destroy();
    throw error;
  });
  if (status >= 200 && status < 300) return socket;
  socket.destroy();
  if (status === 0) throw new TransportError("broken", "", "proxy answer");
  throw new TransportError("proxy-refused", "", "", { proxyStatus: status });
}

/** The status that ends the proxy's answer to CONNECT. Rejects when none comes. */
function statusOf(socket: Socket, timeoutMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let head = "";
    let bytes = 0;
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      socket.off("readable", read).off("end", gone).off("close", gone).off("error", gone);
      settle();
    };
    const fail = (error: Error): void => end(() => reject(error));
    const read = (): void => {
      // Read and not listened to: what follows the head is the target's.
      for (let piece = socket.read() as Buffer | null; piece !== null; piece = socket.read()) {
        bytes += piece.length;
        head += piece.toString("latin1");
        const status = finalStatus(head);
        if (status !== undefined) end(() => resolve(status));
        else if (bytes > MAX_HEAD_BYTES) fail(new TransportError("broken", "", "proxy answer"));
        else continue;
        break;
      }
    };
    const gone = (): void => fail(new TransportError("broken", "", "proxy closed"));
    const timer = setTimeout(() => fail(new TransportError("timeout", "", "", { atProxy: true })), timeoutMs);
    socket.on("readable", read).on("end", gone).on("close", gone).on("error", gone);
  });
}

/** The status of the first answer that is no interim one; undefined while it is not all there, 0 for nonsense. */
function finalStatus(text: string): number | undefined {
  let rest = text;
  for (let answers = 0; answers < MAX_INTERIM_ANSWERS; answers += 1) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return undefined;
    const status = Number(/^HTTP\/1\.[01] ([1-5][0-9]{2})(?:[ \r]|$)/.exec(rest)?.[1] ?? 0);
    // Before our own greeting the target has nothing to say.
    if (status >= 200 && status < 300 && rest.length > end + 4) return 0;
    if (status === 0 || status >= 200) return status;
    rest = rest.slice(end + 4);
  }
  return 0;
}
