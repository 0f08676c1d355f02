// HTTP through a proxy: one CONNECT and nothing of the request in it; TLS with the target itself; a proxy that means
// ill ends in an error like any other, and its password is shown to nobody else.

import { writeFileSync } from "node:fs";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { makeLoopbackCertificate } from "../../stand-ins/platform/certificate.ts";
import { scratch } from "../store/scratch.ts";
import {
  endpointOf,
  type HostileServer,
  hostileServer,
  httpFor,
  outcome,
  response,
  type Speak,
} from "./hostile-server.ts";

const NAME = "platform.example.test";
const certificate = makeLoopbackCertificate([NAME]);
const ESTABLISHED = "HTTP/1.1 200 Connection established\r\n\r\n";

function caFile(): string {
  const path = join(scratch(), "ca.pem");
  writeFileSync(path, certificate.ca);
  return path;
}

/** Joins what comes after CONNECT with the port of loopback, whatever name was asked for. */
const tunnelTo =
  (port: number): Speak =>
  (client: Socket) => {
    const upstream = connect(port, "127.0.0.1", () => {
      client.write(ESTABLISHED);
      client.pipe(upstream).pipe(client);
    });
    upstream.on("error", () => client.destroy());
    client.on("close", () => upstream.destroy());
  };

const target = (): Promise<HostileServer> =>
  hostileServer((socket) => socket.write(response("ok")), certificate);
const url = `https://${NAME}/api`;

it("CONNECT names the target; token, path and body go to the target alone", async () => {
  const server = await target();
  const proxy = await hostileServer(tunnelTo(server.port));
  const http = httpFor({ HTTPS_PROXY: proxy.origin, SSL_CERT_FILE: caFile() });
  expect(await outcome(http, url)).toBe("200 ok");
  expect(await outcome(http, url)).toBe("200 ok");
  expect(proxy.heads[0]).toMatch(/^CONNECT platform\.example\.test:443 HTTP\/1\.1\r\n/);
  expect(proxy.heads.join("\n")).not.toMatch(/c4nary|authorization|\/api/i);
  expect(server.heads[0]).toMatch(/^POST \/api\/x HTTP\/1\.1\r\nhost: platform\.example\.test\r\n/i);
  expect(server.heads[0]).toContain("c4nary");
});

describe("a proxy with a password", () => {
  it.each([
    ["user:pass@", "user:pass"],
    ["user:p%40ss%3aword@", "user:p@ss:word"],
    ["us%20er:@", "us er:"],
    ["user@", "user:"],
  ])("%s is told to the proxy and not to the target", async (userInfo, expected) => {
    const server = await target();
    const proxy = await hostileServer(tunnelTo(server.port));
    const HTTPS_PROXY = proxy.origin.replace("://", `://${userInfo}`);
    expect(await outcome(httpFor({ HTTPS_PROXY, SSL_CERT_FILE: caFile() }), url)).toBe("200 ok");
    const told = /proxy-authorization: Basic (\S+)/i.exec(proxy.heads[0] ?? "")?.[1] ?? "";
    expect(Buffer.from(told, "base64").toString()).toBe(expected);
    expect(server.heads.join("\n")).not.toMatch(/proxy-/i);
  });

  it("is in no error and in no trace", async () => {
    const refusing = await hostileServer((socket) => socket.end("HTTP/1.1 407 No\r\n\r\n"));
    const steps: string[] = [];
    for (const proxy of [refusing.origin, "http://127.0.0.1:1", "http://[::bad", "gopher://127.0.0.1:1"]) {
      const HTTPS_PROXY = proxy.replace("://", "://c4nary-user:c4nary-pass@");
      const http = httpFor({ HTTPS_PROXY }, 2000, (step) => steps.push(step));
      expect(await outcome(http, url)).toMatch(/^(?:connect|proxy-refused|setting)$/);
    }
    expect(steps).toHaveLength(4);
    expect(steps.join("\n")).not.toContain("c4nary");
  });
});

describe("a proxy without a scheme", () => {
  it("is an http one", async () => {
    const server = await target();
    const proxy = await hostileServer(tunnelTo(server.port));
    const env = { HTTPS_PROXY: proxy.origin.replace("http://", ""), SSL_CERT_FILE: caFile() };
    expect(await outcome(httpFor(env), url)).toBe("200 ok");
  });
});

describe("a proxy that is spoken to over TLS", () => {
  it("is checked like the target", async () => {
    const server = await target();
    const proxy = await hostileServer(tunnelTo(server.port), certificate);
    // By name: an address is no name that TLS may be asked for, and undici asks for it.
    const HTTPS_PROXY = `https://localhost:${proxy.port}`;
    expect(await outcome(httpFor({ HTTPS_PROXY, SSL_CERT_FILE: caFile() }), url)).toBe("200 ok");
    expect(await outcome(httpFor({ HTTPS_PROXY }), url)).toBe("tls");
    expect(proxy.heads).toHaveLength(1);
  });
});

it("a limit that ends while the trusted certificates are loaded holds", async () => {
  const proxy = await hostileServer(() => undefined);
  vi.resetModules();
  vi.doMock("../../../src/edge/trust.ts", async (original) => {
    await new Promise((resolve) => setTimeout(resolve, 200));
    return original();
  });
  onTestFinished(() => vi.doUnmock("../../../src/edge/trust.ts"));
  const { createHttp } = await import("../../../src/edge/http.ts");
  const env = { HTTPS_PROXY: proxy.origin, SSL_CERT_FILE: caFile() };
  const http = createHttp({ env, deadline: { remainingMs: () => 60_000 }, trace: () => undefined });
  onTestFinished(() => http.close());
  const request = { method: "GET", endpoint: endpointOf(url), path: "/x", headers: {}, timeoutMs: 100 };
  const ended = http.send(request).catch((error: unknown) => error);
  const tooLong = new Promise((resolve) => setTimeout(() => resolve("no end"), 2000));
  expect(await Promise.race([ended, tooLong])).toMatchObject({ kind: "timeout" });
});

describe("a proxy's address", () => {
  it.each([
    "http://a b",
    "http://a\nb",
    "http://a:99999",
    "http://",
    "http://[::1",
    "socks5://127.0.0.1:1",
    "socks4://127.0.0.1:1",
    "ftp://127.0.0.1:1",
  ])("%s is refused, each time for the host that was asked for", async (address) => {
    const http = httpFor({ HTTPS_PROXY: address });
    const hosts = ["one.example.test", "two.example.test", "one.example.test"];
    const asked = hosts.map(async (host) => {
      const request = { method: "GET", endpoint: endpointOf(`https://${host}`), path: "/", headers: {} };
      await expect(http.send(request)).rejects.toMatchObject({
        kind: "setting",
        host,
        details: { setting: { variable: "HTTPS_PROXY" } },
      });
    });
    await Promise.all(asked);
  });

  it("of SOCKS is not connected to", async () => {
    const server = await hostileServer(() => undefined);
    const http = httpFor({ HTTPS_PROXY: `socks5://127.0.0.1:${server.port}` });
    expect(await outcome(http, url)).toBe("setting");
    expect(server.connections()).toBe(0);
  });
});

describe("a proxy that means ill", () => {
  it.each<[string, Speak, RegExp]>([
    ["says nothing", () => undefined, /^timeout$/],
    [
      "answers in drops",
      (socket) => {
        const timer = setInterval(() => socket.write("H"), 20);
        socket.on("close", () => clearInterval(timer));
      },
      /^(?:timeout|broken)$/,
    ],
    [
      "refuses",
      (socket) => socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno"),
      /^proxy-refused$/,
    ],
    [
      "wants a password",
      (socket) => socket.end("HTTP/1.1 407 Password\r\nproxy-authenticate: Basic\r\n\r\n"),
      /^proxy-refused$/,
    ],
    [
      "redirects",
      (socket) => socket.end("HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:1/\r\n\r\n"),
      /^proxy-refused$/,
    ],
    [
      "cannot reach the target",
      (socket) => socket.end("HTTP/1.1 502 Bad gateway\r\n\r\n"),
      /^proxy-refused$/,
    ],
    ["closes", (socket) => socket.destroy(), /^broken$/],
    ["closes after its yes", (socket) => socket.end(ESTABLISHED), /^broken$/],
    ["says nothing after its yes", (socket) => socket.write(ESTABLISHED), /^timeout$/],
    [
      "answers in the target's place, in plain",
      (socket) => socket.write(ESTABLISHED + response("ok")),
      /^(?:tls|broken|timeout)$/,
    ],
  ])("%s", async (_, speak, expected) => {
    const proxy = await hostileServer(speak);
    const http = httpFor({ HTTPS_PROXY: proxy.origin, SSL_CERT_FILE: caFile() });
    expect(await outcome(http, url, { timeoutMs: 500 })).toMatch(expected);
    expect(proxy.heads.join("\n")).not.toContain("c4nary");
  });

  it.each<[string, Speak]>([
    [
      "headers without end",
      (socket) => void socket.write(`HTTP/1.1 200 OK\r\n${"x-a: b\r\n".repeat(20_000)}`),
    ],
    [
      "one interim answer after another",
      (socket) => void socket.write("HTTP/1.1 103 Hints\r\n\r\n".repeat(20_000)),
    ],
    ["another protocol", (socket) => void socket.write("SSH-2.0-OpenSSH_9.9\r\n\r\n")],
    ["no status", (socket) => void socket.write("HTTP/1.1 OK\r\n\r\n")],
  ])("answers with %s: it is not waited for", async (_, speak) => {
    const proxy = await hostileServer(speak);
    const http = httpFor({ HTTPS_PROXY: proxy.origin, SSL_CERT_FILE: caFile() });
    expect(await outcome(http, url)).toMatch(/^(?:broken|proxy-refused)$/);
    expect(proxy.heads.join("\n")).not.toContain("c4nary");
  });

  it("refuses: the error says which proxy, which variable, which status, and no password", async () => {
    const proxy = await hostileServer((socket) => socket.end("HTTP/1.1 407 No\r\n\r\n"));
    const HTTPS_PROXY = proxy.origin.replace("://", "://c4nary-user:c4nary@pass@");
    const request = { method: "GET", endpoint: endpointOf(url), path: "/", headers: {} };
    const error: unknown = await httpFor({ HTTPS_PROXY })
      .send(request)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      kind: "proxy-refused",
      host: NAME,
      details: {
        port: 443,
        proxyStatus: 407,
        proxy: { address: `127.0.0.1:${proxy.port}`, variable: "HTTPS_PROXY" },
      },
    });
    expect(JSON.stringify(error)).not.toContain("c4nary");
    expect(proxy.connections()).toBe(1);
  });

  it("stands in for the target with a certificate of its own", async () => {
    const impostor = await hostileServer(
      (socket) => socket.write(response("ok")),
      makeLoopbackCertificate([NAME]),
    );
    const otherName = await target();
    for (const [port, asked] of [
      [impostor.port, url],
      [otherName.port, "https://other.example.test/api"],
    ] as const) {
      const proxy = await hostileServer(tunnelTo(port));
      expect(await outcome(httpFor({ HTTPS_PROXY: proxy.origin, SSL_CERT_FILE: caFile() }), asked)).toBe(
        "tls",
      );
    }
    expect([...impostor.heads, ...otherName.heads]).toEqual([]);
  });

  it("is not there", async () => {
    const proxy = await hostileServer(() => undefined);
    await proxy.close();
    expect(await outcome(httpFor({ HTTPS_PROXY: proxy.origin }), url)).toBe("connect");
  });

  it("lets too much through", async () => {
    const flood = await hostileServer(
      (socket) => socket.write(response(Buffer.alloc(2 * 1024 * 1024))),
      certificate,
    );
    const proxy = await hostileServer(tunnelTo(flood.port));
    expect(await outcome(httpFor({ HTTPS_PROXY: proxy.origin, SSL_CERT_FILE: caFile() }), url)).toBe(
      "too-large",
    );
  });
});

it("loopback takes no proxy, over http and https", async () => {
  const proxy = await hostileServer((socket) => socket.write(response("the proxy")));
  const env = {
    HTTPS_PROXY: proxy.origin,
    HTTP_PROXY: proxy.origin,
    https_proxy: proxy.origin,
    http_proxy: proxy.origin,
  };
  const plain = await hostileServer((socket) => socket.write(response("ok")));
  const secure = await target();
  for (const direct of [
    plain.origin,
    secure.origin,
    `http://localhost:${plain.port}`,
    `https://localhost:${secure.port}`,
  ]) {
    expect(await outcome(httpFor({ ...env, SSL_CERT_FILE: caFile() }), direct)).toBe("200 ok");
  }
  expect(proxy.connections()).toBe(0);
});
