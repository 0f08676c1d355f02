// Plain HTTP: what is sent and what is not, what comes back, that nobody follows a redirect, and that neither errors
// nor the trace show what was sent. Servers that mean ill are in http-hostile.test.ts.

import { inspect } from "node:util";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { endpointOf, hostileServer, httpFor, outcome, response, type Speak } from "./hostile-server.ts";

const MIB = 1024 * 1024;

describe("an ordinary answer", () => {
  it("status, headers and body come back; the request says what it must and no more", async () => {
    const server = await hostileServer((socket) => {
      socket.write(
        "HTTP/1.1 401 No\r\nX-One: a\r\nx-one: b\r\nRetry-After: 3\r\ncontent-length: 2\r\n\r\n{}",
      );
    });
    const answer = await httpFor().send({
      method: "POST",
      endpoint: endpointOf(`${server.origin}/api`),
      path: "/api/gitpod.v1.X/Y?q=1",
      headers: { authorization: "Bearer t", "content-type": "application/json" },
      body: '{"a":"é"}',
    });
    expect([answer.status, answer.body.toString()]).toEqual([401, "{}"]);
    expect(answer.headers).toMatchObject({ "x-one": "a, b", "retry-after": "3" });
    const [head = ""] = server.heads;
    expect(head.split("\r\n")[0]).toBe("POST /api/gitpod.v1.X/Y?q=1 HTTP/1.1");
    expect(head).toMatch(/accept-encoding: identity/i);
    expect(head).toMatch(/content-length: 10/i);
    const names = head
      .split("\r\n")
      .slice(1)
      .map((line) => line.split(":")[0]?.toLowerCase());
    const usual = [
      "accept-encoding",
      "authorization",
      "connection",
      "content-length",
      "content-type",
      "host",
    ];
    expect(names.toSorted()).toEqual(usual);
  });

  it("the next request takes the same connection", async () => {
    const server = await hostileServer((socket) => socket.write(response("{}")));
    const http = httpFor();
    for (const timeoutMs of [undefined, 2000, 1900]) {
      const limit = timeoutMs === undefined ? {} : { timeoutMs };
      expect(await outcome(http, server.origin, limit)).toBe("200 {}");
    }
    expect([server.heads.length, server.connections()]).toEqual([3, 1]);
  });

  it("a request after one that was given up gets a connection of its own", async () => {
    let asked = 0;
    const server = await hostileServer((socket) => {
      asked += 1;
      if (asked > 1) socket.write(response("{}"));
    });
    const http = httpFor();
    expect(await outcome(http, server.origin, { timeoutMs: 100 })).toBe("timeout");
    expect(await outcome(http, server.origin)).toBe("200 {}");
    expect(server.connections()).toBe(2);
  });

  it("bytes are bytes", async () => {
    const body = Buffer.from(Array.from({ length: 256 }, (_, code) => code));
    const server = await hostileServer((socket) => socket.write(response(body)));
    const request = { method: "GET", endpoint: endpointOf(server.origin), path: "/", headers: {} };
    expect((await httpFor().send(request)).body.equals(body)).toBe(true);
  });

  it.each<[string, Speak, string]>([
    ["no body", (socket) => socket.write("HTTP/1.1 204 No Content\r\n\r\n"), "204 "],
    ["an empty body", (socket) => socket.write(response("")), "200 "],
    [
      "chunks",
      (socket) =>
        socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"),
      "200 abc",
    ],
    [
      "a body that ends with the connection",
      (socket) => socket.end("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc"),
      "200 abc",
    ],
    [
      "early hints first",
      (socket) =>
        socket.write(
          Buffer.concat([Buffer.from("HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"), response("abc")]),
        ),
      "200 abc",
    ],
    [
      "in single bytes",
      (socket) =>
        void (async () => {
          for (const byte of response("abc")) {
            socket.write(Buffer.from([byte]));
            await new Promise((resolve) => setImmediate(resolve));
          }
        })(),
      "200 abc",
    ],
    ["exactly as much as is allowed", (socket) => socket.write(response(Buffer.alloc(MIB))), `200 ${MIB}`],
  ])("with %s", async (_, speak, expected) => {
    const server = await hostileServer(speak);
    expect(await outcome(httpFor(), server.origin)).toBe(expected);
  });
});

describe("a redirect is an answer like another, and nobody follows it", () => {
  it.each(["301", "302", "303", "307", "308"])("%s", async (status) => {
    const elsewhere = await hostileServer((socket) => socket.write(response("got it")));
    const headers = {
      location: `${elsewhere.origin}/x`,
      "set-cookie": "a=b",
      refresh: `0;url=${elsewhere.origin}`,
    };
    const server = await hostileServer((socket) => socket.write(response("", headers, `${status} Go`)));
    const http = httpFor();
    expect(await outcome(http, server.origin)).toBe(`${status} `);
    expect(await outcome(http, server.origin)).toBe(`${status} `);
    expect(elsewhere.connections()).toBe(0);
    expect(server.heads.join("\n")).not.toMatch(/cookie/i);
  });
});

describe("compressed all the same", () => {
  it.each<[string, Buffer, string]>([
    ["gzip", gzipSync("abc"), "200 abc"],
    ["x-gzip", gzipSync("abc"), "200 abc"],
    ["GZIP", gzipSync("abc"), "200 abc"],
    ["deflate", deflateSync("abc"), "200 abc"],
    ["br", brotliCompressSync("abc"), "200 abc"],
    ["identity", Buffer.from("abc"), "200 abc"],
    ["gzip", Buffer.alloc(0), "200 "],
    ["gzip", gzipSync(Buffer.alloc(MIB)), `200 ${MIB}`],
    ["gzip", Buffer.from("abc"), "broken"],
    ["gzip", gzipSync("abc").subarray(0, 15), "broken"],
    ["gzip, gzip", gzipSync(gzipSync("abc")), "broken"],
    ["zstd", Buffer.from("abc"), "broken"],
    ["constructor", Buffer.from("abc"), "broken"],
  ])("%s %#", async (encoding, body, expected) => {
    const server = await hostileServer((socket) =>
      socket.write(response(body, { "content-encoding": encoding })),
    );
    expect(await outcome(httpFor(), server.origin)).toBe(expected);
  });
});

describe("what is not sent", () => {
  it("a token over plain http to anything but loopback: no connection is tried", async () => {
    for (const url of ["http://192.0.2.1", "http://app.gitpod.io", "http://[2001:db8::1]"]) {
      expect(await outcome(httpFor(), url, { timeoutMs: 100 })).toBe("not-allowed");
    }
  });

  it("a header with a line end in it", async () => {
    const server = await hostileServer((socket) => socket.write(response("x")));
    for (const value of ["Bearer c4nary\r\nx-evil: 1", "Bearer c4nary\n", "Bearer c4nary\0"]) {
      expect(await outcome(httpFor(), server.origin, { headers: { authorization: value } })).toBe("broken");
    }
    for (const path of ["/a b", "/a\r\nb", "/a\nHost: evil", "no-slash"]) {
      expect(await outcome(httpFor(), server.origin, { path })).toBe("broken");
    }
    expect(server.heads).toEqual([]);
  });
});

it("the trace names method, host and path, and nothing that is secret", async () => {
  const server = await hostileServer((socket, head) => {
    if (head.includes("broken")) socket.destroy();
    else socket.write(response("c4nary-body", { "x-a": "c4nary" }));
  });
  const steps: string[] = [];
  const http = httpFor({}, 20_000, (step) => steps.push(step));
  const headers = { authorization: "Bearer c4nary" };
  await outcome(http, server.origin, { path: "/good?token=c4nary", headers, body: "c4nary" });
  await outcome(http, server.origin, { path: "/broken?token=c4nary", headers, body: "c4nary" });
  expect(steps[0]).toBe("POST 127.0.0.1/good: 200");
  expect(steps[1]).toMatch(/^POST 127\.0\.0\.1\/broken: broken 127\.0\.0\.1/);
  expect(inspect(steps)).not.toContain("c4nary");
});
