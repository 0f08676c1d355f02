// A stream that fails says where and by which way, as any other request does.

import { expect, it } from "vitest";
import { openStream } from "../../../src/edge/http-stream.ts";
import { endpointOf, hostileServer } from "./hostile-server.ts";

const open = (url: string, env: Record<string, string> = {}) =>
  openStream(
    { method: "GET", endpoint: endpointOf(url), path: "/", headers: {} },
    { env, trace: () => undefined, signal: new AbortController().signal },
  );

it("a server that is not there", async () => {
  await expect(open("http://127.0.0.1:1")).rejects.toMatchObject({
    kind: "connect",
    host: "127.0.0.1",
    details: { port: 1, proxy: undefined },
  });
});

it("a proxy that is not there", async () => {
  const HTTPS_PROXY = "http://u:c4nary@127.0.0.1:1";
  await expect(open("https://a.example.test:8443", { HTTPS_PROXY })).rejects.toMatchObject({
    kind: "connect",
    host: "a.example.test",
    details: { port: 8443, proxy: { address: "127.0.0.1:1", variable: "HTTPS_PROXY" }, atProxy: true },
  });
});

it("a proxy that is no URL", async () => {
  await expect(open("https://a.example.test", { HTTPS_PROXY: "not a url" })).rejects.toMatchObject({
    kind: "setting",
    details: { setting: { variable: "HTTPS_PROXY" } },
  });
});

it("a stream that breaks off", async () => {
  const server = await hostileServer((socket) => {
    socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n");
    setTimeout(() => socket.destroy(), 20);
  });
  const { status, chunks } = await open(`http://127.0.0.1:${server.port}`);
  expect(status).toBe(200);
  const read = async (): Promise<void> => {
    for await (const chunk of chunks) expect(String(chunk)).toBe("a");
  };
  await expect(read()).rejects.toMatchObject({ kind: "broken", details: { port: server.port } });
});
