// Docker's and Podman's files as their readers take them, and what keeps them from asking us.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { delegation } from "../../../src/commands/doctor/delegation.ts";
import { parseRegistry } from "../../../src/core/registry.ts";
import { readAuthFiles } from "../../../src/docker/auth-files.ts";
import { findDirectories } from "../../../src/store/directories.ts";
import { scratch, uid } from "../store/scratch.ts";

const HUB = "https://index.docker.io/v1/";

/** What is found about `host` with these files, by name: `docker`, `elsewhere` (DOCKER_CONFIG), `podman`. */
function findings(host: string, files: Readonly<Record<string, unknown>>): string[] {
  const home = scratch();
  const env: Record<string, string> = { HOME: home };
  const paths: Record<string, string> = {
    docker: ".docker/config.json",
    elsewhere: "elsewhere/config.json",
    podman: ".config/containers/auth.json",
  };
  for (const [name, content] of Object.entries(files)) {
    const path = join(home, paths[name] ?? name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
    if (name === "elsewhere") env.DOCKER_CONFIG = dirname(path);
  }
  const ref = parseRegistry(host);
  if (ref === undefined) throw new Error(host);
  const read = readAuthFiles(env, findDirectories(env, uid), uid);
  return delegation(ref, read, ["ona"], env).map(({ code, severity }) => `${severity} ${code}`);
}

const ours = (...keys: string[]): object => ({
  credHelpers: Object.fromEntries(keys.map((key) => [key, "ona"])),
});

describe("nothing is in the way", () => {
  it.each<[string, string, Record<string, unknown>]>([
    ["an entry", "ghcr.io", { docker: ours("ghcr.io") }],
    ["both entries of Docker Hub", "docker.io", { docker: ours(HUB, "docker.io") }],
    ["we are the credsStore", "ghcr.io", { docker: { credsStore: "ona" } }],
    ["an entry beside another credsStore", "ghcr.io", { docker: { credsStore: "pass", ...ours("ghcr.io") } }],
    [
      "a login that the entry hides",
      "ghcr.io",
      { docker: { auths: { "ghcr.io": { auth: "YTpi" } }, ...ours("ghcr.io") } },
    ],
    [
      "an entry in fields of other spellings",
      "ghcr.io",
      { docker: { credhelpers: { "ghcr.io": "pass" }, CREDHELPERS: { "ghcr.io": "ona" } } },
    ],
    ["only Podman's file", "ghcr.io", { podman: ours("ghcr.io") }],
    ["Podman's file too", "ghcr.io", { docker: ours("ghcr.io"), podman: ours("ghcr.io") }],
    [
      "an empty login in Podman's file",
      "ghcr.io",
      { docker: ours("ghcr.io"), podman: { auths: { "ghcr.io": {} } } },
    ],
    ["DOCKER_CONFIG", "ghcr.io", { elsewhere: ours("ghcr.io"), docker: {} }],
  ])("%s", (_, host, files) => {
    expect(findings(host, files)).toEqual([]);
  });
});

describe("something is", () => {
  it.each<[string, string, Record<string, unknown>, string[]]>([
    [
      "a credsStore in Podman's file, which knows none",
      "ghcr.io",
      { podman: { credsStore: "ona" } },
      ["error registry-not-configured"],
    ],
    ["no file", "ghcr.io", {}, ["error registry-not-configured"]],
    ["an empty file", "ghcr.io", { docker: "" }, ["error registry-not-configured"]],
    ["no entry", "ghcr.io", { docker: ours("quay.io") }, ["error registry-not-configured"]],
    [
      "an entry with a scheme",
      "ghcr.io",
      { docker: ours("https://ghcr.io") },
      ["error registry-not-configured"],
    ],
    ["an entry in capitals", "ghcr.io", { docker: ours("GHCR.io") }, ["error registry-not-configured"]],
    ["an entry of a wildcard", "ghcr.io", { docker: ours("*.io") }, ["error registry-not-configured"]],
    [
      "DOCKER_CONFIG leads past the entry",
      "ghcr.io",
      { elsewhere: {}, docker: ours("ghcr.io") },
      ["error registry-not-configured"],
    ],
    [
      "Podman's file alone, and one of Docker's",
      "ghcr.io",
      { podman: ours("ghcr.io"), docker: {} },
      ["error registry-not-configured"],
    ],
    ["Docker Hub by one key", "docker.io", { docker: ours(HUB) }, ["warning registry-not-configured"]],
    [
      "Docker Hub by the other",
      "docker.io",
      { docker: ours("docker.io") },
      ["error registry-not-configured"],
    ],
    ["another helper", "ghcr.io", { docker: { credHelpers: { "ghcr.io": "pass" } } }, ["error other-helper"]],
    ["an empty helper", "ghcr.io", { docker: { credHelpers: { "ghcr.io": "" } } }, ["error other-helper"]],
    [
      "a helper that is no text, beside a store",
      "ghcr.io",
      { docker: { credHelpers: { "ghcr.io": 5 }, credsStore: "ona" } },
      ["error other-helper"],
    ],
    [
      "another helper in a field in capitals",
      "ghcr.io",
      { docker: { ...ours("ghcr.io"), CREDHELPERS: { "ghcr.io": "pass" } } },
      ["error other-helper"],
    ],
    [
      "a null after our entry",
      "ghcr.io",
      { docker: { ...ours("ghcr.io"), CREDHELPERS: null } },
      ["error registry-not-configured"],
    ],
    ["another credsStore", "ghcr.io", { docker: { credsStore: "desktop" } }, ["error other-helper"]],
    [
      "a login without an entry",
      "ghcr.io",
      { docker: { auths: { "https://ghcr.io": { auth: "YTpi" } } } },
      ["error login-in-docker-file"],
    ],
    [
      "a login in Podman's file",
      "ghcr.io",
      { docker: ours("ghcr.io"), podman: { auths: { "ghcr.io": { auth: "YTpi" } } } },
      ["warning login-in-docker-file"],
    ],
    [
      "another helper in Podman's file",
      "ghcr.io",
      { docker: ours("ghcr.io"), podman: { credHelpers: { "ghcr.io": "pass" } } },
      ["warning login-in-docker-file"],
    ],
    [
      "entries of another type",
      "ghcr.io",
      { docker: { credHelpers: ["ghcr.io"], auths: "x", credsStore: 5 } },
      ["error registry-not-configured"],
    ],
  ])("%s", (_, host, files, found) => {
    expect(findings(host, files)).toEqual(found);
  });
});

it.each([
  ["no JSON", "{"],
  ["an array", "[]"],
  ["null", "null"],
])("a file with %s is broken, and said so elsewhere", (_, text) => {
  expect(findings("ghcr.io", { docker: text })).toEqual([]);
});
