// Servers that mean ill, over plain HTTP: silence, drops, resets, nonsense, floods, bombs. Every request ends in time, in
// a TransportError that says what kind of error it was.

import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { hostileServer, httpFor, outcome, response, type Speak } from "./hostile-server.ts";

const MIB = 1024 * 1024;
/** Such a limit is reached by silence, and by nothing else here. */
const SHORT = { timeoutMs: 150 };

describe("a server that takes its time", () => {
  /** `first` at once, then `text` again and again. */
  const drops =
    (first: string, text: string): Speak =>
    (socket) => {
      socket.write(first);
      const timer = setInterval(() => socket.write(text), 20);
      socket.on("close", () => clearInterval(timer));
    };

  it.each<[string, Speak]>([
    ["silence", () => undefined],
    ["half a status line", (socket) => socket.write("HTTP/1.1 20")],
    ["headers without end", drops("HTTP/1.1 200 OK\r\n", "x-a: b\r\n")],
    ["a header in drops", drops("HTTP/1.1 200 OK\r\nx-a: ", "x")],
    ["one interim answer after another", drops("", "HTTP/1.1 103 Early Hints\r\n\r\n")],
    ["no body", (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n")],
    ["half a body", (socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab")],
    ["a body in drops", drops("HTTP/1.1 200 OK\r\ncontent-length: 500000\r\n\r\n", "x")],
    ["chunks in drops", drops("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "1\r\nx\r\n")],
    [
      "no last chunk",
      (socket) => socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n"),
    ],
    [
      "a body that ends with a connection that never does",
      (socket) => socket.write("HTTP/1.1 200 OK\r\n\r\nabc"),
    ],
  ])("%s: timeout", async (_, speak) => {
    const server = await hostileServer(speak);
    expect(await outcome(httpFor(), server.origin, SHORT)).toBe("timeout");
    expect(await outcome(httpFor({}, 150), server.origin)).toBe("timeout");
  });

  it("no time left: no connection is even tried", async () => {
    const server = await hostileServer((socket) => socket.write(response("x")));
    expect(await outcome(httpFor({}, 0), server.origin)).toBe("timeout");
    expect(await outcome(httpFor(), server.origin, { timeoutMs: 0 })).toBe("timeout");
    expect(server.connections()).toBe(0);
  });
});

describe("a server that breaks off", () => {
  it.each<[string, Speak]>([
    ["closes without a word", (socket) => socket.destroy()],
    ["resets without a word", (socket) => socket.resetAndDestroy()],
    ["closes in the headers", (socket) => socket.end("HTTP/1.1 200 OK\r\nx-a:")],
    ["closes in the body", (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc")],
    [
      "resets in the body",
      (socket) =>
        void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc", () => socket.resetAndDestroy()),
    ],
    [
      "closes between chunks",
      (socket) => socket.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n"),
    ],
    ["speaks another protocol", (socket) => socket.end("SSH-2.0-OpenSSH_9.9\r\n")],
    ["speaks HTTP/0.9", (socket) => socket.end("<html>hello</html>")],
    [
      "has an odd chunk size",
      (socket) => socket.end("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\na\r\n"),
    ],
    [
      "tells two lengths",
      (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 5\r\n\r\nabcde"),
    ],
    [
      "tells a length and chunks",
      (socket) =>
        socket.end(
          "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        ),
    ],
    [
      "has headers of a megabyte",
      (socket) => socket.end(`HTTP/1.1 200 OK\r\nx-a: ${"x".repeat(MIB)}\r\n\r\n`),
    ],
    [
      "has a NUL in a header",
      (socket) => socket.end("HTTP/1.1 200 OK\r\nx-a: a\0b\r\ncontent-length: 1\r\n\r\na"),
    ],
  ])("%s: broken", async (_, speak) => {
    const server = await hostileServer(speak);
    expect(await outcome(httpFor(), server.origin)).toBe("broken");
  });

  it("or is not there: connect", async () => {
    const server = await hostileServer(() => undefined);
    await server.close();
    expect(await outcome(httpFor(), server.origin)).toBe("connect");
  });

  it("after an answer on a connection that was kept: the next request does not use it blindly", async () => {
    const server = await hostileServer((socket) => {
      socket.write(response("x"), () => setTimeout(() => socket.resetAndDestroy(), 10));
    });
    const http = httpFor();
    expect(await outcome(http, server.origin)).toBe("200 x");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await outcome(http, server.origin)).toBe("200 x");
  });
});

describe("too much", () => {
  const MANY = Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n");
  const flood: Speak = (socket) => {
    socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    const block = Buffer.from(`10000\r\n${"x".repeat(0x10000)}\r\n`);
    const more = (): void => {
      while (!socket.destroyed && socket.write(block));
    };
    socket.on("drain", more);
    more();
  };

  it.each<[string, string, string]>([
    ["chunks of one byte", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "1\r\nx\r\n"],
    ["interim answers", "", "HTTP/1.1 103 Early Hints\r\n\r\n"],
    ["headers", "HTTP/1.1 200 OK\r\n", "x-a: b\r\n"],
    ["headers without a value", "HTTP/1.1 200 OK\r\n", "a:\r\n"],
    ["trailers", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", "x-a: b\r\n"],
  ])("%s without end: over long before the time is, in little memory", async (_, first, again) => {
    const server = await hostileServer((socket) => {
      socket.write(first);
      const block = again.repeat(4096);
      const more = (): void => {
        while (!socket.destroyed && socket.write(block));
      };
      socket.on("drain", more);
      more();
    });
    expect(await outcome(httpFor(), server.origin)).toMatch(/^(?:too-large|broken)$/);
  });

  it("an answer of a megabyte in pieces of a hundred bytes is read whole", async () => {
    const piece = `64\r\n${"x".repeat(100)}\r\n`;
    const server = await hostileServer((socket) =>
      socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${piece.repeat(10_000)}0\r\n\r\n`),
    );
    expect(await outcome(httpFor(), server.origin)).toBe("200 1000000");
  });

  it.each<[string, Speak]>([
    ["one byte more than is allowed", (socket) => socket.write(response(Buffer.alloc(MIB + 1)))],
    ["a length of many gigabytes", (socket) => socket.write(Buffer.concat([MANY, Buffer.alloc(2 * MIB)]))],
    ["a flood without end", flood],
    [
      "a gzip bomb",
      (socket) => socket.write(response(gzipSync(Buffer.alloc(32 * MIB)), { "content-encoding": "gzip" })),
    ],
    [
      "a brotli bomb",
      (socket) =>
        socket.write(response(brotliCompressSync(Buffer.alloc(2 * MIB)), { "content-encoding": "br" })),
    ],
    [
      "one byte more than is allowed, compressed",
      (socket) => socket.write(response(gzipSync(Buffer.alloc(MIB + 1)), { "content-encoding": "gzip" })),
    ],
  ])("%s: too-large", async (_, speak) => {
    const server = await hostileServer(speak);
    expect(await outcome(httpFor(), server.origin)).toBe("too-large");
  });
});
