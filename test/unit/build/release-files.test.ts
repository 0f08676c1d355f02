// What a release is made of, without making one: the table of targets, archives that do not change, and the notices and
// bill of materials of the bundle as it is now.

import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tarGz } from "../../../build/archive.ts";
import { bundle } from "../../../build/bundle.ts";
import {
  type BundledPackage,
  bundledPackages,
  licenseIds,
  licenseText,
  runtimeLibraries,
} from "../../../build/contents.ts";
import { notices } from "../../../build/notices.ts";
import { sbom } from "../../../build/sbom.ts";
import { ownTarget, TARGETS, targetNamed } from "../../../build/targets.ts";

const workplace = mkdtempSync(join(tmpdir(), "ona-release-files-"));
afterAll(() => rmSync(workplace, { recursive: true }));

describe("targets", () => {
  it("every one has a runtime of its own, which package-lock.json knows", () => {
    const lock = readFileSync("package-lock.json", "utf8");
    expect(new Set(TARGETS.map(({ runtime }) => runtime)).size).toBe(TARGETS.length);
    for (const { runtime } of TARGETS) expect(lock).toContain(`"node_modules/${runtime}"`);
  });

  it("this machine's is one of them, and a name that is none is refused with those that are", () => {
    expect(TARGETS).toContain(ownTarget());
    expect(() => targetNamed("windows-x64")).toThrow("linux-x64, linux-arm64");
  });
});

it("an archive is the same whatever date, order and umask its files have, and another with another content", () => {
  const make = (name: string, files: readonly string[], text: string): Buffer => {
    const parent = join(workplace, name);
    mkdirSync(join(parent, "all"), { recursive: true, mode: name === "b" ? 0o700 : 0o755 });
    for (const file of files) {
      writeFileSync(join(parent, "all", file), text);
      chmodSync(join(parent, "all", file), 0o644);
      utimesSync(join(parent, "all", file), files.length, name.length * 1000);
    }
    tarGz(join(parent, "all.tar.gz"), parent, "all", 1_700_000_000);
    return readFileSync(join(parent, "all.tar.gz"));
  };
  const first = make("a", ["one", "two"], "text");
  expect(make("b", ["two", "one"], "text").equals(first)).toBe(true);
  expect(make("c", ["one", "two"], "other").equals(first)).toBe(false);
  const listed = execFileSync("tar", ["-tvzf", join(workplace, "a/all.tar.gz")], { encoding: "utf8" });
  expect(listed).toMatch(/^drwxr-xr-x 0\/0 .* 2023-11-14 .* all\/\n-rw-r--r-- 0\/0 /);
});

describe("of the bundle", () => {
  let packages: readonly BundledPackage[];
  beforeAll(async () => {
    packages = bundledPackages(await bundle("test", join(workplace, "bundle")));
  });

  it("every package has a licence with a text, and every library of Bun's has one", () => {
    expect(packages.length).toBeGreaterThan(20);
    expect(packages.map(({ name }) => name)).toContain("undici");
    for (const { name, license, text } of packages) {
      expect(license, name).toMatch(/^[A-Za-z0-9.-]+$/);
      expect(text.length, name).toBeGreaterThan(500);
    }
    for (const id of runtimeLibraries().flatMap(({ license }) => licenseIds(license))) {
      expect(licenseText(id).length, id).toBeGreaterThan(200);
    }
    expect(() => licenseText("Unheard-Of-1.0")).toThrow("add build/licenses/Unheard-Of-1.0.txt");
  });

  it("the notices hold each text whole", () => {
    const text = notices(packages, "1.2.3", runtimeLibraries());
    expect(text).toContain("based in part on the work of the Independent JPEG Group");
    expect(text).toContain("Chinese/Japanese Word Break Dictionary Data");
    for (const one of packages) expect(text).toContain(one.text);
    expect(text).toContain("JavaScriptCore");
    expect(text).toContain("GNU LIBRARY GENERAL PUBLIC LICENSE");
    expect(text).not.toContain(process.cwd());
  });

  it("the bill of materials says the same twice, and every hash of package-lock.json", () => {
    const release = { version: "1.2.3", commit: "c0ffee", timestamp: new Date(0) };
    const make = (): string => sbom(release, packages, "1.4.5", runtimeLibraries());
    expect(make()).toBe(make());
    const bill = JSON.parse(make()) as { components: { purl?: string; hashes?: { content: string }[] }[] };
    const undici = bill.components.find(({ purl }) => purl?.startsWith("pkg:npm/undici@"));
    const known = packages.find(({ name }) => name === "undici")?.sha512 ?? "?";
    expect(undici?.hashes?.map(({ content }) => content)).toEqual([
      Buffer.from(known, "base64").toString("hex"),
    ]);
    expect(bill.components.filter(({ purl }) => purl?.startsWith("pkg:npm/bun@"))).toHaveLength(1);
  });
});
