import { describe, expect, it } from "vitest";
import { readDockerFile } from "../../../../src/core/docker-file.ts";
import { inForce } from "../../../../src/core/export/in-force.ts";
import { authFileFor, authVariable, dockerConfigFor } from "../../../../src/core/export/taken-over.ts";
import { Secret } from "../../../../src/core/secret.ts";

const file = (fields: object) => readDockerFile(JSON.stringify(fields));
const auths = { "ghcr.io": { auth: "dTpw" } };
const hub = { "https://index.docker.io/v1/": { auth: "aDpw" }, "docker.io": { auth: "aDpw" } };

describe("the user's config.json, taken over", () => {
  it.each([
    ["none", {}, auths, [], { auths }],
    [
      "settings stay",
      { currentContext: "x", proxies: { default: { httpProxy: "p" } }, cliPluginsExtraDirs: ["/p"] },
      auths,
      [],
      { currentContext: "x", proxies: { default: { httpProxy: "p" } }, cliPluginsExtraDirs: ["/p"], auths },
    ],
    [
      "logins of other registries stay, ours win",
      { auths: { "GHCR.io:443": { auth: "b2xkOnA=" }, "o.test": { auth: "bzpw" } } },
      auths,
      [],
      { auths: { "o.test": { auth: "bzpw" }, ...auths } },
    ],
    [
      "a helper that would be asked in our place goes",
      { credHelpers: { "https://ghcr.io": "ona", "o.test": "ecr-login" } },
      auths,
      [],
      { auths, credHelpers: { "o.test": "ecr-login" } },
    ],
    [
      "every spelling of Docker Hub",
      {
        credHelpers: { "docker.io": "ona", "registry-1.docker.io": "ona" },
        auths: { "index.docker.io": {} },
      },
      hub,
      [],
      { auths: hub },
    ],
    [
      "a store becomes a helper for what it says it has",
      { credsStore: "desktop" },
      auths,
      ["https://ghcr.io", "https://o.test", "https://index.docker.io/v1/", "not a registry"],
      { auths, credHelpers: { "o.test": "desktop", "https://index.docker.io/v1/": "desktop" } },
    ],
    [
      "a helper of its own counts more than the store",
      { credsStore: "desktop", credHelpers: { "o.test": "mine" } },
      auths,
      ["o.test"],
      { auths, credHelpers: { "o.test": "mine" } },
    ],
    [
      "what is of the wrong type",
      { auths: [], credHelpers: "x", credsStore: 1 },
      auths,
      ["a.test"],
      { auths },
    ],
  ])("%s", (_, own, ours, stored, expected) => {
    expect(JSON.parse(dockerConfigFor(file(own), ours, stored))).toEqual(expected);
  });

  it.each<[string, string, string]>([
    ["a number that no double holds", '{"n":12345678901234567890123}', '"n": 12345678901234567890123'],
    ["one of many digits", '{"n":0.10000000000000000000001}', '"n": 0.10000000000000000000001'],
    ["its exponent", '{"n":1e999}', '"n": 1e999'],
    ["keys that look like numbers, in their order", '{"2":"b","1":"a"}', '"2": "b",\n  "1": "a"'],
    ["a key that is there twice", '{"a":1,"a":2}', '"a": 1,\n  "a": 2'],
    ["a key that JavaScript takes for itself", '{"__proto__":{"a":1}}', '"__proto__": {"a":1}'],
    ["the same, of a helper", '{"credHelpers":{"__proto__":"x"}}', '"__proto__": "x"'],
    ["the same, of a login", '{"auths":{"__proto__":{"auth":"eDp5"}}}', '"__proto__": {"auth":"eDp5"}'],
    ["what a login has beside", '{"auths":{"o.test":{"n":1e999}}}', '"o.test": {"n":1e999}'],
    ["its escapes", '{"a":"\\u00e9\\/"}', '"a": "\\u00e9\\/"'],
  ])("keeps %s", (_, own, kept) => {
    const text = dockerConfigFor(readDockerFile(own), auths, []);
    expect(text).toContain(kept);
    expect(readDockerFile(text).logins.map(({ key }) => key)).toContain("ghcr.io");
  });

  it.each<[string, string]>([
    ["in capitals", '{"AUTHS":{"GHCR.IO":{"auth":"eDp5"}},"CREDHELPERS":{"ghcr.io":"x"},"CREDSSTORE":"y"}'],
    ["twice", '{"auths":{"ghcr.io":{"auth":"eDp5"}},"auths":{"ghcr.io":{"auth":"eDp6"}}}'],
    ["with a helper that is no text", '{"credHelpers":{"ghcr.io":5}}'],
  ])("has nothing in our place: %s", (_, own) => {
    expect(dockerConfigFor(readDockerFile(own), auths, [])).toBe(dockerConfigFor(file({}), auths, []));
  });

  it("takes over what stands under another spelling", () => {
    const own = '{"Auths":{"a.test":{"Auth":"eDp5"}},"credhelpers":{"b.test":"x"},"CredsStore":"s"}';
    expect(JSON.parse(dockerConfigFor(readDockerFile(own), auths, ["c.test"]))).toEqual({
      auths: { "a.test": { Auth: "eDp5" }, ...auths },
      credHelpers: { "c.test": "s", "b.test": "x" },
    });
    expect(JSON.parse(authVariable([readDockerFile(own)], {}))).toEqual({
      auths: { "a.test": { auth: "eDp5" } },
    });
  });
});

it("Podman's files are laid over each other, ours over all", () => {
  const docker = {
    auths: { "a.test": { auth: "MQ==" }, "b.test": { auth: "MQ==" } },
    credHelpers: { "ghcr.io": "ona" },
  };
  const runtime = { auths: { "b.test": { auth: "Mg==" } }, credHelpers: { "c.test": "x" } };
  expect(JSON.parse(authFileFor([file(docker), file(runtime)], auths))).toEqual({
    auths: { "a.test": { auth: "MQ==" }, "b.test": { auth: "Mg==" }, ...auths },
    credHelpers: { "c.test": "x" },
  });
});

describe("the variable", () => {
  it.each([
    ["ours alone", [], auths, auths],
    [
      "with the user's logins",
      [{ auths: { "o.test": { auth: "bzpw" } } }],
      auths,
      { "o.test": { auth: "bzpw" }, ...auths },
    ],
    [
      "only the field that Docker's client takes",
      [{ auths: { "o.test": { auth: "bzpw", email: "e" } } }],
      {},
      { "o.test": { auth: "bzpw" } },
    ],
    ["without an empty mark", [{ auths: { "o.test": {} } }], {}, {}],
    ["without an identity token", [], { "a.test": { auth: "PHRva2VuPjo=", identitytoken: "t" } }, {}],
    ["without a user that is empty", [{ auths: { "o.test": { auth: "OnA=" } } }], {}, {}],
    ["without what is no base64", [{ auths: { "o.test": { auth: "%" } } }], {}, {}],
    ["without what is no map", [{ auths: "x" }, {}], {}, {}],
  ])("%s", (_, own, ours, expected) => {
    expect(JSON.parse(authVariable(own.map(file), ours))).toEqual({ auths: expected });
  });
});

describe("what an export holds", () => {
  const NOW = 1_000_000;
  const entry = (key: string, secret: string, expiresAtMs?: number) => ({
    registry: { key, kind: "registry" as const },
    credential: { username: "u", secret: new Secret(secret) },
    expiresAtMs,
  });
  const outcome = { found: [], undecided: new Set<string>(), mayBeMore: false, only: undefined };
  const held = (entries: ReturnType<typeof inForce>): string[] =>
    entries.map(({ registry, credential }) => `${registry.key}=${credential.secret.expose()}`).toSorted();

  it.each([
    ["what was found", { found: [entry("a", "new")] }, ["a=new"]],
    ["nothing of a registry that is gone", {}, []],
    ["the old one where nothing new could be had", { undecided: new Set(["a", "over"]) }, ["a=old"]],
    ["every old one where it could not be asked which there are", { mayBeMore: true }, ["a=old", "b=old"]],
    ["the new one all the same", { mayBeMore: true, found: [entry("a", "new")] }, ["a=new", "b=old"]],
    ["no new one that is over", { found: [entry("a", "new", NOW)] }, []],
    [
      "of named ones only those",
      { only: new Set(["b"]), undecided: new Set(["a", "b"]), mayBeMore: true },
      ["b=old"],
    ],
  ])("%s", (_, more, expected) => {
    const previous = [entry("a", "old"), entry("b", "old", NOW + 1), entry("over", "old", NOW)];
    expect(held(inForce({ ...outcome, ...more }, previous, NOW))).toEqual(expected);
  });
});
