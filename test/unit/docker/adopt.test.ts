// What is taken for ours of a file whose record is lost: what the copy beside it proves, and nothing without it.

import { chmodSync, chownSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseRegistry, type RegistryRef } from "../../../src/core/registry.ts";
import { adopted } from "../../../src/docker/adopt.ts";
import { readConfigFile } from "../../../src/docker/replace-file.ts";
import { FOREIGN_UID, isRoot, scratch, uid } from "../store/scratch.ts";

const HUB = "https://index.docker.io/v1/";

type Spoil = (copy: string) => void;

function keysOf(
  helpers: object,
  spoil: Spoil,
  before: object | string = {},
  wanted?: RegistryRef[],
): unknown {
  const path = join(scratch(), "config.json");
  const copy = `${path}.before-ona`;
  writeFileSync(path, JSON.stringify({ credHelpers: helpers }), { mode: 0o600 });
  writeFileSync(copy, typeof before === "string" ? before : JSON.stringify(before), { mode: 0o600 });
  spoil(copy);
  return adopted(readConfigFile(path), path, { helperNames: ["ona", "ona-dev"], uid }, wanted);
}
const asIs = (): void => undefined;

describe("ours", () => {
  it("is what names us and was not there before", () => {
    const helpers = {
      [HUB]: "ona",
      "docker.io": "ona-dev",
      "ghcr.io": "ona",
      "b.test": "pass",
      "c.test": "",
    };
    expect(keysOf(helpers, asIs, { credHelpers: { "ghcr.io": "ona" } })).toMatchObject({
      backup: true,
      madeHelpers: false,
      keys: { [HUB]: "ona", "docker.io": "ona-dev" },
    });
  });

  it("is, where nothing is let go, only what is wanted", () => {
    const wanted = ["docker.io", "a.test"].flatMap((text) => parseRegistry(text) ?? []);
    const helpers = { [HUB]: "ona", "docker.io": "ona", "registry.corp": "ona", "b.test": "pass" };
    expect(keysOf(helpers, asIs, {}, wanted)).toMatchObject({ keys: { [HUB]: "ona", "docker.io": "ona" } });
    expect(keysOf({ "registry.corp": "ona" }, asIs, {}, wanted)).toBeUndefined();
    expect(keysOf(helpers, asIs, {}, [])).toBeUndefined();
  });

  it("is the field too, where there was none", () => {
    expect(keysOf({ "ghcr.io": "ona" }, asIs)).toMatchObject({ madeHelpers: true });
    expect(keysOf({ "ghcr.io": "ona" }, asIs, "\n")).toMatchObject({ madeHelpers: true });
  });
});

describe("nothing is", () => {
  it.each<[string, object, object | string]>([
    ["was there under another helper", { "ghcr.io": "ona" }, { credHelpers: { "ghcr.io": "pass" } }],
    ["was there in other letters", { "ghcr.io": "ona" }, { CREDHELPERS: { "ghcr.io": "ona" } }],
    ["is written as configure never writes", { "https://ghcr.io": "ona", "GHCR.io": "ona" }, {}],
    ["is a key of Docker Hub that configure never writes", { "registry-1.docker.io": "ona" }, {}],
    ["names no registry", { "*.test": "ona", "": "ona" }, {}],
    ["has a copy without a byte, as a run that was killed may leave", { "ghcr.io": "ona" }, ""],
    ["has a copy that is no JSON", { "ghcr.io": "ona" }, "{"],
    ["has a copy that is a list", { "ghcr.io": "ona" }, "[]"],
  ])("that %s", (_, helpers, before) => {
    expect(keysOf(helpers, asIs, before)).toBeUndefined();
  });

  it.each<readonly [string, (copy: string) => void]>([
    ["is open to others", (copy) => chmodSync(copy, 0o644)],
    [
      "is a link",
      (copy) => {
        renameSync(copy, `${copy}-elsewhere`);
        symlinkSync(`${copy}-elsewhere`, copy);
      },
    ],
    ...(isRoot
      ? [["belongs to somebody else", (copy: string) => chownSync(copy, FOREIGN_UID, FOREIGN_UID)] as const]
      : []),
  ])("whose copy %s", (_, spoil) => {
    expect(keysOf({ "ghcr.io": "ona" }, spoil)).toBeUndefined();
  });

  it("without a copy", () => {
    const path = join(scratch(), "config.json");
    writeFileSync(path, '{"credHelpers":{"ghcr.io":"ona"}}');
    expect(adopted(readConfigFile(path), path, { helperNames: ["ona"], uid }, undefined)).toBeUndefined();
  });
});
