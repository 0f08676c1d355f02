import { describe, expect, it } from "vitest";
import { inForce } from "../../../../src/core/export/in-force.ts";
import { authFileFor, authVariable, dockerConfigFor } from "../../../../src/core/export/taken-over.ts";
import { Secret } from "../../../../src/core/secret.ts";

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
    expect(dockerConfigFor(own, ours, stored)).toEqual(expected);
  });

  it("is left as it was", () => {
    const own = Object.freeze({ auths: Object.freeze({ "ghcr.io": { auth: "x" } }) });
    dockerConfigFor(own, auths, []);
    expect(own).toEqual({ auths: { "ghcr.io": { auth: "x" } } });
  });
});

it("Podman's files are laid over each other, ours over all", () => {
  const docker = {
    auths: { "a.test": { auth: "MQ==" }, "b.test": { auth: "MQ==" } },
    credHelpers: { "ghcr.io": "ona" },
  };
  const runtime = { auths: { "b.test": { auth: "Mg==" } }, credHelpers: { "c.test": "x" } };
  expect(authFileFor([docker, runtime], auths)).toEqual({
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
    expect(JSON.parse(authVariable(own, ours))).toEqual({ auths: expected });
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
