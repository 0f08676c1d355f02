// The systems an executable is built for, and the runtime each of them carries. One table for all of the build: nothing
// about an executable is chosen by the machine that builds it.

export interface Target {
  /** As it stands in names of files: `docker-credential-ona-<version>-<name>.tar.gz`. */
  readonly name: string;
  /** The npm package with Bun for it. */
  readonly runtime: string;
  readonly os: "linux" | "darwin";
  readonly cpu: "x64" | "arm64";
  readonly libc?: "glibc" | "musl";
}

/**
 * Bun's package for Linux x64 and its "baseline" package hold the same file, byte for byte, since 1.4.5: it looks for AVX2
 * when it starts and does without. test/release/targets.test.ts fails when that changes.
 */
export const TARGETS = [
  { name: "linux-x64", runtime: "@oven/bun-linux-x64", os: "linux", cpu: "x64", libc: "glibc" },
  { name: "linux-arm64", runtime: "@oven/bun-linux-aarch64", os: "linux", cpu: "arm64", libc: "glibc" },
  { name: "linux-x64-musl", runtime: "@oven/bun-linux-x64-musl", os: "linux", cpu: "x64", libc: "musl" },
  {
    name: "linux-arm64-musl",
    runtime: "@oven/bun-linux-aarch64-musl",
    os: "linux",
    cpu: "arm64",
    libc: "musl",
  },
  { name: "darwin-x64", runtime: "@oven/bun-darwin-x64", os: "darwin", cpu: "x64" },
  { name: "darwin-arm64", runtime: "@oven/bun-darwin-aarch64", os: "darwin", cpu: "arm64" },
] as const satisfies readonly Target[];

export function targetNamed(name: string): Target {
  const found = TARGETS.find((target) => target.name === name);
  if (found === undefined)
    throw new Error(`no target ${name}; there are ${TARGETS.map(({ name }) => name).join(", ")}`);
  return found;
}

/** The target that runs on this machine: what `npm run build` makes when it is told nothing. */
export function ownTarget(): Target {
  const { platform: os, arch: cpu } = process;
  const found = TARGETS.find(
    (target) => target.os === os && target.cpu === cpu && (os !== "linux" || libcOf(target) === ownLibc()),
  );
  if (found === undefined) throw new Error(`no executable is made for ${os} on ${cpu}`);
  return found;
}

const libcOf = (target: Target): string | undefined => target.libc;

function ownLibc(): string {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined ? "musl" : "glibc";
}
