// What a registry asks for, and where a credential may then go.

import { describe, expect, it } from "vitest";
import { allowedRealm, parseChallenge } from "../../../src/core/challenge.ts";
import { parseEndpoint } from "../../../src/core/endpoint.ts";

describe("challenges", () => {
  const bearer = (realm: string, service?: string) => ({ kind: "bearer", realm, service });

  it.each<[string, unknown]>([
    ['Basic realm="x"', { kind: "basic" }],
    ["basic", { kind: "basic" }],
    ['Bearer realm="https://a.test/t",service="s",scope="x"', bearer("https://a.test/t", "s")],
    ['bearer  Realm = "https://a.test/t" , SERVICE=s', bearer("https://a.test/t", "s")],
    ['Bearer realm="https://a.test/t"', bearer("https://a.test/t")],
    ['Basic realm="x, Bearer realm=y", Bearer realm="https://a.test/t"', bearer("https://a.test/t")],
    ['Bearer realm="https://a.test/t", Basic realm="x"', bearer("https://a.test/t")],
    ['Bearer realm="https://a.test/t",realm="https://evil.test/t"', bearer("https://a.test/t")],
    ['Bearer realm="a\\"b"', bearer('a"b')],
    ['Bearer service="s", Basic realm="x"', { kind: "basic" }],
    ["Negotiate abc", undefined],
    ["", undefined],
    ['realm="https://a.test/t"', undefined],
    ['Bearer realm="https://a.test/t', undefined],
    ["Bearer \u0000", undefined],
    [", , ,", undefined],
  ])("%s", (header, challenge) => {
    expect(parseChallenge(header)).toEqual(challenge);
  });

  it("a hostile header costs no time", () => {
    const startMs = performance.now();
    parseChallenge(`Bearer realm="${'\\"'.repeat(200_000)}`);
    parseChallenge("a ".repeat(200_000));
    expect(performance.now() - startMs).toBeLessThan(5000);
  });
});

describe("the realm", () => {
  const at = (registry: string, realm: string, minted = false): string | undefined => {
    const endpoint = parseEndpoint(registry);
    if (endpoint === undefined) throw new Error(registry);
    const allowed = allowedRealm(realm, endpoint, minted);
    return allowed === undefined ? undefined : allowed.endpoint.origin + allowed.path;
  };

  it.each<[string, string, boolean, string]>([
    ["https://registry.test", "https://auth.test/token", false, "https://auth.test/token"],
    ["https://registry.test", "https://auth.test/token/?a=b", false, "https://auth.test/token/?a=b"],
    ["https://registry.test", "https://auth.test", false, "https://auth.test/"],
    ["https://registry.test", "https://registry.test/v2/token", true, "https://registry.test/v2/token"],
    ["https://registry.test:8443", "https://registry.test:8443/t", true, "https://registry.test:8443/t"],
    ["http://127.0.0.1:5000", "http://127.0.0.1:5001/t", false, "http://127.0.0.1:5001/t"],
    ["http://localhost:5000", "http://127.0.0.1:5001/t", false, "http://127.0.0.1:5001/t"],
    ["http://127.0.0.1:5000", "https://auth.test/t", false, "https://auth.test/t"],
    ["http://127.0.0.1:5000", "http://127.0.0.1:5000/t", true, "http://127.0.0.1:5000/t"],
  ])("at %s %s (minted: %s) is allowed", (registry, realm, minted, url) => {
    expect(at(registry, realm, minted)).toBe(url);
  });

  it.each<[string, string, boolean]>([
    ["https://registry.test", "http://auth.test/token", false],
    ["https://registry.test", "http://registry.test/token", false],
    ["https://registry.test", "http://127.0.0.1/token", false],
    ["http://127.0.0.1:5000", "http://auth.test/token", false],
    ["http://127.0.0.1:5000", "http://169.254.169.254/token", false],
    ["https://registry.test", "https://auth.test/token", true],
    ["https://registry.test", "https://registry.test.evil.test/token", true],
    ["https://registry.test", "https://a.registry.test/token", true],
    ["https://registry.test", "https://registry.test:8443/token", true],
    ["https://registry.test", "//registry.test/token", true],
    ["https://registry.test", "https://registry.test@evil.test/token", true],
    ["https://registry.test", "https://evil.test#@registry.test/token", true],
    ["https://registry.test", "https://evil.test\\@registry.test/token", true],
    ["https://registry.test", "https://registry.test/a b", true],
    ["https://registry.test", "https://registry.test/a\r\nb", false],
    ["https://registry.test", "https://127.1/token", false],
    ["https://registry.test", "javascript:alert(1)", false],
  ])("at %s %s (minted: %s) is not", (registry, realm, minted) => {
    expect(at(registry, realm, minted)).toBeUndefined();
  });
});
