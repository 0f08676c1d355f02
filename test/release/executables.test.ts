// The executables of a release: each in its archive, for the system it says, whole and of this version; the one for arm64
// answers under qemu, and the one for x64 on a processor without AVX.

import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { version } from "../../build/bundle.ts";
import { isSigned } from "../../build/sign-macos.ts";
import { TARGETS } from "../../build/targets.ts";
import { output, type PullScene, startPullScene } from "./pull-scene.ts";
import { ARM64_ROOT } from "./setup.ts";

const release = inject("release");
const lacks = (...tools: ReturnType<typeof inject<"lacking">>): boolean =>
  tools.some((tool) => inject("lacking").includes(tool));

const workplace = mkdtempSync(join(tmpdir(), "ona-executables-"));
const named = (target: string): string => `docker-credential-ona-${version}-${target}`;
const executable = (target: string): string => join(workplace, named(target), "docker-credential-ona");

beforeAll(() => {
  for (const { name } of TARGETS) {
    execFileSync("tar", ["-xzf", join(release, `${named(name)}.tar.gz`), "-C", workplace]);
  }
});

afterAll(() => rmSync(workplace, { recursive: true }));

/** The first bytes: ELF or Mach-O, of 64 bits, little-endian, and the processor. */
const HEADS: Readonly<Record<string, readonly [at: number, bytes: string]>> = {
  "linux-x64": [18, "3e00"],
  "linux-arm64": [18, "b700"],
  "linux-x64-musl": [18, "3e00"],
  "linux-arm64-musl": [18, "b700"],
  "darwin-x64": [0, "cffaedfe07000001"],
  "darwin-arm64": [0, "cffaedfe0c000001"],
};
const LOADERS: Readonly<Record<string, string>> = {
  "linux-x64": "/lib64/ld-linux-x86-64.so.2",
  "linux-arm64": "/lib/ld-linux-aarch64.so.1",
  "linux-x64-musl": "/lib/ld-musl-x86_64.so.1",
  "linux-arm64-musl": "/lib/ld-musl-aarch64.so.1",
};

describe.each(TARGETS.map(({ name, os }) => ({ name, os })))("$name", ({ name, os }) => {
  it("is a file of that system, not larger than 120 MB", () => {
    const bytes = readFileSync(executable(name));
    const [at, head] = HEADS[name] ?? [0, "?"];
    expect(bytes.subarray(at, at + head.length / 2).toString("hex")).toBe(head);
    if (os === "linux") {
      expect(bytes.subarray(0, 6).toString("latin1")).toBe("\x7fELF\x02\x01");
      expect(bytes.subarray(0, 4096).includes(`${LOADERS[name]}\0`)).toBe(true);
    }
    expect(bytes.length).toBeGreaterThan(80e6);
    expect(bytes.length).toBeLessThan(120e6);
    expect(statSync(executable(name)).mode & 0o777).toBe(0o755);
  });

  it("says its version and system", () => {
    const bytes = readFileSync(executable(name));
    expect(bytes.includes(`bun 1.`)).toBe(true);
    expect(bytes.includes(`, ${name}`)).toBe(true);
    expect(bytes.includes(version)).toBe(true);
  });

  it("knows no variable of the runtime that has been closed", () => {
    const bytes = readFileSync(executable(name));
    for (const variable of ["BUN_BE_BUN", "BUN_OPTIONS", "BUN_INSPECT", "JavaScriptCoreUseJIT"]) {
      expect(bytes.includes(`\0${variable}\0`), variable).toBe(false);
    }
  });
});

it.each(TARGETS.filter(({ os }) => os === "darwin").map(({ name }) => name))(
  "%s has a signature that holds, and no longer with one byte changed",
  (name) => {
    const bytes = readFileSync(executable(name));
    expect(isSigned(bytes)).toBe(true);
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    expect(isSigned(bytes)).toBe(false);
  },
);

describe("answers cold and warm:", () => {
  let scene: PullScene;
  beforeAll(async () => {
    scene = await startPullScene();
  });
  afterAll(() => scene.close());

  const answers = async (command: readonly string[]): Promise<void> => {
    const env = { ...scene.env, DOCKER_CREDENTIAL_ONA_CACHE_DIR: mkdtempSync(join(workplace, "cache-")) };
    const before = scene.valuesRead();
    for (const way of ["cold", "warm"]) {
      const said = await output([...command, "get"], { env, stdin: scene.host, timeoutMs: 60_000 });
      expect(said, way).toBe(scene.answer);
    }
    expect(scene.valuesRead() - before).toBe(1);
  };

  it("linux-x64", () => answers([executable("linux-x64")]));

  it.skipIf(lacks("qemu"))("linux-arm64, under qemu", () =>
    answers(["qemu-aarch64-static", "-L", ARM64_ROOT, executable("linux-arm64")]),
  );

  // Debian's own musl is too old for Bun; a root of Alpine with libstdc++ will do.
  const muslRoot = process.env.ONA_TEST_MUSL_ROOT;
  it.skipIf(muslRoot === undefined)("linux-x64-musl, in the root that ONA_TEST_MUSL_ROOT names", async () => {
    const root = resolve(muslRoot ?? "");
    const inside = await startPullScene(root, root);
    try {
      const program = join(root, inside.env.HOME ?? "", "program");
      copyFileSync(executable("linux-x64-musl"), program);
      const mounts = 'mount --rbind /proc "$0/proc" && exec /usr/sbin/chroot "$0" "$@"';
      const command = ["unshare", "-m", "/bin/sh", "-c", mounts, root, program.slice(root.length), "get"];
      for (const way of ["cold", "warm"]) {
        const { env, host: stdin } = inside;
        expect(await output(command, { env, stdin, timeoutMs: 60_000 }), way).toBe(inside.answer);
      }
      expect(inside.valuesRead()).toBe(1);
    } finally {
      await inside.close();
    }
  });

  it.skipIf(lacks("qemu"))("linux-x64 on a processor of 2008, which has no AVX", async () => {
    const said = await output(["qemu-x86_64-static", "-cpu", "Nehalem", executable("linux-x64"), "version"], {
      env: scene.env,
      timeoutMs: 60_000,
    });
    expect(said).toContain(version);
  });
});
