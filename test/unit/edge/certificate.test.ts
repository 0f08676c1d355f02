// Whose certificate a server shows: known or not, directly or through a proxy, and nothing is ever sent to it.

import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { createServer } from "node:tls";
import { describe, expect, it, onTestFinished } from "vitest";
import { certificateOf } from "../../../src/edge/certificate.ts";
import { makeLoopbackCertificate } from "../../stand-ins/platform/certificate.ts";
import { speaking } from "../registry/speaking.ts";
import { endpointOf } from "./hostile-server.ts";

async function tlsServer() {
  let received = 0;
  const server = createServer(makeLoopbackCertificate(["platform.example.test"]), (socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", (bytes: Buffer) => {
      received += bytes.length;
    });
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, received: () => received };
}

/** A proxy that leads everywhere to `port`, or refuses. */
async function proxyTo(port: number, status = "200 OK"): Promise<{ url: string; heads: string[] }> {
  const heads: string[] = [];
  const server = createHttpServer();
  server.on("connect", (request, client) => {
    heads.push(`${request.url} ${request.headers["proxy-authorization"] ?? ""}`);
    client.write(`HTTP/1.1 ${status}\r\n\r\n`);
    if (!status.startsWith("2")) return client.end();
    const upstream = connect(port, "127.0.0.1");
    for (const socket of [client, upstream]) socket.on("error", () => socket.destroy());
    return client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { url: `127.0.0.1:${(server.address() as AddressInfo).port}`, heads };
}

it("directly: the issuer, of whom nobody here has heard, and no byte of ours", async () => {
  const server = await tlsServer();
  const seen = await certificateOf(endpointOf(`https://127.0.0.1:${server.port}`), {}, 5000);
  expect(seen?.issuer).toMatch(/^stand-in authority [0-9a-f]{8}$/);
  expect(server.received()).toBe(0);
});

it("through a proxy, which is told its own password", async () => {
  const server = await tlsServer();
  const proxy = await proxyTo(server.port);
  const env = { HTTPS_PROXY: `http://me:p%40ss@${proxy.url}` };
  const seen = await certificateOf(endpointOf("https://platform.example.test/api"), env, 5000);
  expect(seen?.issuer).toMatch(/^stand-in authority/);
  expect(proxy.heads).toEqual([
    `platform.example.test:443 Basic ${Buffer.from("me:p@ss").toString("base64")}`,
  ]);
});

describe("no certificate is seen", () => {
  it("where nobody listens", async () => {
    expect(await certificateOf(endpointOf("https://127.0.0.1:1"), {}, 2000)).toBeUndefined();
  });

  it("where no TLS is spoken", async () => {
    const { port } = await speaking(() => undefined);
    expect(await certificateOf(endpointOf(`https://127.0.0.1:${port}`), {}, 2000)).toBeUndefined();
  });

  it("where the proxy refuses", async () => {
    const proxy = await proxyTo(1, "407 Proxy Authentication Required");
    const env = { HTTPS_PROXY: `http://${proxy.url}` };
    expect(await certificateOf(endpointOf("https://platform.example.test"), env, 2000)).toBeUndefined();
  });

  it.each(["socks5://127.0.0.1:1", "http://", "http://a:%zz@127.0.0.1:1"])(
    "through the proxy %s",
    async (proxy) => {
      const env = { HTTPS_PROXY: proxy };
      expect(await certificateOf(endpointOf("https://platform.example.test"), env, 2000)).toBeUndefined();
    },
  );

  it("where the server is silent, within the limit", async () => {
    const server = createHttpServer();
    server.removeAllListeners("connection");
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    expect(await certificateOf(endpointOf(`https://127.0.0.1:${port}`), {}, 300)).toBeUndefined();
  });
});
