// Addresses of services: the strict grammar, and that plain http goes to loopback only.

import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isLoopback, isSafeEndpoint, parseEndpoint } from "../../../src/core/endpoint.ts";
import { asciiText, numRuns } from "./runs.ts";

const shown = (text: string): string | undefined => {
  const endpoint = parseEndpoint(text);
  if (endpoint === undefined) return undefined;
  const { scheme, host, port, origin, path } = endpoint;
  return [scheme, host, port, origin, path].join(" ");
};

describe("taken", () => {
  it.each([
    ["https://app.gitpod.io/api", "https app.gitpod.io 443 https://app.gitpod.io /api"],
    ["https://app.gitpod.io/api/", "https app.gitpod.io 443 https://app.gitpod.io /api"],
    ["HTTPS://App.Gitpod.IO", "https app.gitpod.io 443 https://app.gitpod.io "],
    ["https://app.gitpod.io./api", "https app.gitpod.io 443 https://app.gitpod.io /api"],
    ["https://app.gitpod.io:443/api", "https app.gitpod.io 443 https://app.gitpod.io /api"],
    ["https://app.gitpod.io:8443", "https app.gitpod.io 8443 https://app.gitpod.io:8443 "],
    ["http://127.0.0.1:8080/api", "http 127.0.0.1 8080 http://127.0.0.1:8080 /api"],
    ["http://localhost", "http localhost 80 http://localhost "],
    ["http://[::1]:9/a", "http ::1 9 http://[::1]:9 /a"],
    ["https://index.docker.io/v1", "https index.docker.io 443 https://index.docker.io /v1"],
    ["https://a.test//b//", "https a.test 443 https://a.test //b"],
    ["https://a.test:65535", "https a.test 65535 https://a.test:65535 "],
    ["https://1password.example", "https 1password.example 443 https://1password.example "],
    ["https://a.0xyz", "https a.0xyz 443 https://a.0xyz "],
    ["https://[2001:DB8:0:0::1]/a", "https 2001:db8::1 443 https://[2001:db8::1] /a"],
    ["https://[2001:db8::1]/a", "https 2001:db8::1 443 https://[2001:db8::1] /a"],
  ])("%s", (text, expected) => {
    expect(shown(text)).toBe(expected);
  });
});

describe("refused", () => {
  it.each([
    "",
    "https://",
    "https:///api",
    "https://?x",
    "app.gitpod.io",
    "//app.gitpod.io",
    "ftp://app.gitpod.io",
    "file:///etc/passwd",
    "https:/app.gitpod.io",
    "https:app.gitpod.io",
    " https://app.gitpod.io",
    "https://app.gitpod.io ",
    "https://user@app.gitpod.io",
    "https://user:pw@app.gitpod.io/api",
    "https://app.gitpod.io@evil.example",
    "https://evil.example\\@app.gitpod.io",
    "https://app.gitpod.io\\api",
    "https://app.gitpod.io/api?x=1",
    "https://app.gitpod.io?x=1",
    "https://app.gitpod.io/api#x",
    "https://app.gitpod.io#x",
    "https://app.gitpod.io/a\nb",
    "https://app.gitpod.io\n/api",
    "https://app.gitpod.io/a b",
    "https://app.gitpod.io/é",
    "https://app.gitpod.io:0/",
    "https://app.gitpod.io:/",
    "https://app.gitpod.io:65536/",
    "https://app.gitpod.io:0443/",
    "https://app.gitpod.io:44 3/",
    "https://app.gitpod.io:443:443/",
    "https://app..gitpod.io",
    "https://.gitpod.io",
    "https://gitpod.io..",
    "https://gitpod%2eio",
    "https://gìtpod.io",
    "https://app。gitpod。io",
    "https://[::1",
    "https://::1/",
    "https://[::1]x/",
    "https://[::g]/",
    "https://[127.0.0.1]/",
    "https://g.0",
    "https://G.0./",
    "https://127.1",
    "https://1",
    "https://0x7f.1",
    "https://a.0x",
    "https://0x7f",
    "https://a.0x7f",
    "https://01.2.3.4",
    "https://1.2.3.256",
    "https://1.2.3.4.5",
  ])("%j", (text) => {
    expect(shown(text)).toBeUndefined();
  });
});

describe("plain http", () => {
  const isSafe = (text: string): boolean => {
    const endpoint = parseEndpoint(text);
    return endpoint !== undefined && isSafeEndpoint(endpoint);
  };

  it.each([
    "http://127.0.0.1",
    "http://127.255.0.9:1",
    "http://localhost:3",
    "http://LOCALHOST",
    "http://[::1]",
  ])("%s is loopback", (text) => expect(isSafe(text)).toBe(true));

  it.each([
    "http://app.gitpod.io",
    "http://10.0.0.1",
    "http://128.0.0.1",
    "http://localhost.example",
    "http://127.0.0.1.example",
    "http://127.0.0.1.nip.io",
    "http://127.1",
    "http://127.0.0.256",
    "http://127.999.1.1",
    "http://0.0.0.0",
    "http://[::2]",
    "http://[::]",
    "http://[::ffff:10.0.0.1]",
    "http://2130706433",
    "http://0x7f.0.0.1",
    "http://localhost-evil",
  ])("%s is not", (text) => expect(isSafe(text)).toBe(false));

  it("an https address is safe wherever it is", () => expect(isSafe("https://10.0.0.1")).toBe(true));

  it("isLoopback takes names as they are written in a parsed address", () => {
    expect(["localhost", "::1", "127.0.0.1"].every(isLoopback)).toBe(true);
    expect(["[::1]", "LOCALHOST", "127.0.0.1:80", ""].some(isLoopback)).toBe(false);
  });
});

it("whatever is taken: the origin and path give the same address again, and URL agrees where it leads", () => {
  const text = fc.oneof(
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc
      .tuple(fc.constantFrom("https://", "http://", "HTTP://"), asciiText(12))
      .map(([scheme, rest]) => scheme + rest),
    fc
      .tuple(fc.constantFrom("https://", "http://"), fc.domain(), fc.nat(70_000), fc.webPath())
      .map(([scheme, host, port, path]) => `${scheme}${host}:${port}${path}`),
  );
  fc.assert(
    fc.property(text, (candidate) => {
      const endpoint = parseEndpoint(candidate);
      if (endpoint === undefined) return;
      assert.deepEqual(parseEndpoint(endpoint.origin + endpoint.path), endpoint);
      assert.doesNotMatch(endpoint.origin, /[@\\?#\s]/);
      if (endpoint.host.includes("_")) return;
      const { hostname, port, protocol } = new URL(endpoint.origin);
      assert.equal(hostname.replace(/^\[|\]$/g, ""), endpoint.host);
      assert.equal(port === "" ? (protocol === "https:" ? 443 : 80) : Number(port), endpoint.port);
    }),
    { numRuns: numRuns(2000) },
  );
});
