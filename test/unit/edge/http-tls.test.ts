// TLS: which certificates are trusted and which are not, whatever the environment says. The certificates are made for
// the test and trusted by nothing else.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type LoopbackCertificate, makeLoopbackCertificate } from "../../stand-ins/platform/certificate.ts";
import { scratch } from "../store/scratch.ts";
import { type HostileServer, hostileServer, httpFor, outcome, response } from "./hostile-server.ts";

const good = makeLoopbackCertificate();
const strange = makeLoopbackCertificate();
/** Ended two days ago. */
const expired = at(-3 * 86_400_000);
/** Begins in two days. */
const early = at(2 * 86_400_000 + 3_600_000);

/** OpenSSL must be talked into an old TLS; BoringSSL does not know how to. */
const oldCiphers = process.versions.bun === undefined ? { ciphers: "ALL:@SECLEVEL=0" } : {};

function at(ms: number): LoopbackCertificate {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
  const certificate = makeLoopbackCertificate();
  vi.useRealTimers();
  return certificate;
}

function pem(...texts: string[]): string {
  const path = join(scratch(), "ca.pem");
  writeFileSync(path, texts.join(""));
  return path;
}

const serve = (tls: Parameters<typeof hostileServer>[1]): Promise<HostileServer> =>
  hostileServer((socket) => socket.write(response("ok")), tls);

describe("a private CA", () => {
  it.each(["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "AWS_CA_BUNDLE"])("%s adds it", async (name) => {
    const server = await serve(good);
    expect(await outcome(httpFor({ [name]: pem(good.ca) }), server.origin)).toBe("200 ok");
    expect(await outcome(httpFor({ [name]: pem(strange.ca, "\n", good.ca) }), server.origin)).toBe("200 ok");
    expect(await outcome(httpFor({ [name]: pem(strange.ca) }), server.origin)).toBe("tls");
  });

  it("each variable adds to the others", async () => {
    const env = {
      NODE_EXTRA_CA_CERTS: pem(strange.ca),
      SSL_CERT_FILE: pem(good.ca),
      AWS_CA_BUNDLE: pem(expired.ca),
    };
    expect(await outcome(httpFor(env), (await serve(good)).origin)).toBe("200 ok");
    expect(await outcome(httpFor(env), (await serve(strange)).origin)).toBe("200 ok");
  });

  it("a variable that names no file of certificates: nobody is asked over TLS, others' files or not", async () => {
    const { origin } = await serve(good);
    for (const path of ["/no/such/file", "/"]) {
      const env = { NODE_EXTRA_CA_CERTS: path, AWS_CA_BUNDLE: pem(good.ca) };
      expect(await outcome(httpFor(env), origin)).toBe("setting");
    }
  });

  it("and without TLS nobody looks at it", async () => {
    const plain = await hostileServer((socket) =>
      socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"),
    );
    const http = httpFor({ SSL_CERT_FILE: "/no/such/file" });
    expect(await outcome(http, `http://127.0.0.1:${plain.port}`)).toBe("200 ok");
  });

  it("among damaged ones is trusted all the same", async () => {
    const damaged = [
      strange.ca.replace(/MII/, "AAA"),
      strange.ca.slice(0, 200),
      "\n",
      strange.ca.replace(/[A-Z]=/, "="),
    ];
    const server = await serve(good);
    expect(await outcome(httpFor({ SSL_CERT_FILE: pem(...damaged, "\n", good.ca) }), server.origin)).toBe(
      "200 ok",
    );
    expect(await outcome(httpFor({ SSL_CERT_FILE: pem(good.ca, ...damaged) }), server.origin)).toBe("200 ok");
  });

  it("by name and by address of loopback", async () => {
    const server = await serve(good);
    const env = { SSL_CERT_FILE: pem(good.ca) };
    expect(await outcome(httpFor(env), `https://localhost:${server.port}`)).toBe("200 ok");
    expect(await outcome(httpFor(env), `https://127.0.0.1:${server.port}`)).toBe("200 ok");
  });
});

describe("refused, and no request is sent", () => {
  const trusted = [good.ca, expired.ca, early.ca];

  it.each<[string, Parameters<typeof hostileServer>[1]]>([
    ["an unknown CA", strange],
    ["an unknown CA that is sent along", { key: strange.key, cert: strange.cert + strange.ca }],
    ["a certificate that has ended", expired],
    ["a certificate that has not begun", early],
    ["an old TLS", { ...good, minVersion: "TLSv1", maxVersion: "TLSv1.1", ...oldCiphers }],
  ])("%s", async (_, tls) => {
    const server = await serve(tls);
    expect(await outcome(httpFor({ SSL_CERT_FILE: pem(...trusted) }), server.origin)).toBe("tls");
    expect(server.heads).toEqual([]);
  });

  it("a certificate of another name", async () => {
    const server = await serve(good);
    const env = { SSL_CERT_FILE: pem(good.ca) };
    expect(await outcome(httpFor(env), `https://127.0.0.2:${server.port}`)).toBe("tls");
    expect(server.heads).toEqual([]);
  });

  it("a server that speaks no TLS at all", async () => {
    const server = await hostileServer((socket) => socket.write(response("ok")));
    const url = server.origin.replace("http:", "https:");
    expect(await outcome(httpFor(), url, { timeoutMs: 600 })).toMatch(/^(?:tls|timeout|broken)$/);
    const talker = await hostileServer(() => undefined);
    expect(await outcome(httpFor(), talker.origin.replace("http:", "https:"), { timeoutMs: 300 })).toBe(
      "timeout",
    );
  });
});

describe("NODE_TLS_REJECT_UNAUTHORIZED=0", () => {
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  afterEach(() => {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
  });

  it("changes nothing", async () => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    const env = { NODE_TLS_REJECT_UNAUTHORIZED: "0", SSL_CERT_FILE: pem(good.ca, expired.ca) };
    const servers = [await serve(strange), await serve(expired)];
    for (const server of servers) {
      expect(await outcome(httpFor(env), server.origin)).toBe("tls");
      expect(server.heads).toEqual([]);
    }
    expect(await outcome(httpFor(env), `https://127.0.0.2:${(await serve(good)).port}`)).toBe("tls");
  });
});

describe("a handshake that takes its time", () => {
  it("ends at the limit for connections, long before the request's", async () => {
    const silent = await hostileServer(() => undefined);
    const url = silent.origin.replace("http:", "https:");
    expect(await outcome(httpFor(), url, { connectTimeoutMs: 300, timeoutMs: 60_000 })).toBe("timeout");
  });
});

it("the rules of plain HTTP hold here too: size, redirects, breaking off", async () => {
  const env = { SSL_CERT_FILE: pem(good.ca) };
  const answers: [Buffer | undefined, string][] = [
    [response(Buffer.alloc(1024 * 1024 + 1)), "too-large"],
    [response("", { location: "https://127.0.0.1:1/" }, "307 Go"), "307 "],
    [undefined, "broken"],
  ];
  for (const [bytes, expected] of answers) {
    const server = await hostileServer(
      (socket) => (bytes === undefined ? socket.destroy() : socket.write(bytes)),
      good,
    );
    expect(await outcome(httpFor(env), server.origin)).toBe(expected);
  }
});
