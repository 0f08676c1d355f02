// The borders of the source tree, read from its text: the core decides and touches nothing, undici is known to its
// own files, an SDK to its cloud's folder, no cloud to another; and no file is longer than can be read in one go.

import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { repository } from "../support/builds.ts";

interface SourceFile {
  /** From `src/`, such as `core/entry.ts`. */
  readonly name: string;
  readonly text: string;
  /** Text without comments. */
  readonly code: string;
  /** What it imports, types too: `node:fs`, `undici`, or a path from `src/`. */
  readonly imports: readonly string[];
}

const root = join(repository, "src");
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g;

function sourceFile(path: string): SourceFile {
  const text = readFileSync(join(root, path), "utf8");
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
  const imports = [...code.matchAll(IMPORT)].map(([, name = ""]) =>
    name.slice(0, 1) === "." ? relative(root, resolve(root, path, "..", name)) : name,
  );
  return { name: path, text, code, imports };
}

const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map(sourceFile);
const inFolder = (folder: string): readonly SourceFile[] =>
  files.filter(({ name }) => name.split("/")[0] === folder);
const importers = (isMeant: (name: string) => boolean): string[] =>
  files
    .filter(({ imports }) => imports.some(isMeant))
    .map(({ name }) => name)
    .toSorted();

it("there is something to look at", () => {
  expect(files.length).toBeGreaterThan(40);
  expect(inFolder("core").length).toBeGreaterThan(10);
  expect(importers((name) => name === "node:fs").length).toBeGreaterThan(3);
});

describe("the core", () => {
  it.each(inFolder("core").map((file) => [file.name, file] as const))(
    "%s decides and touches nothing",
    (_, file) => {
      // A parser and printer of text touches as little as the core does.
      for (const name of file.imports) expect(name).toMatch(/^core\/|^(?:smol-toml|jsonc-parser)$/);
      const touches =
        /\b(?:process|performance|globalThis|Buffer|console|fetch|setTimeout|setInterval|require)\b\s*[.(]/;
      expect(touches.exec(file.code)?.[0]).toBeUndefined();
      expect(file.code).not.toMatch(
        /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bimport\.meta\b|\bnew URL\b/,
      );
    },
  );
});

it("time is asked for in one file", () => {
  const asking = files.filter(({ code }) =>
    /\bDate\.now\(|\bperformance\.now\(|\bnew Date\(\s*\)/.test(code),
  );
  expect(asking.map(({ name }) => name)).toEqual(["edge/clock.ts"]);
});

it("only main.ts reads the process's environment, and only it ends the process", () => {
  const touching = (pattern: RegExp): string[] =>
    files.filter(({ code }) => pattern.test(code)).map(({ name }) => name);
  expect(touching(/\bprocess\.(?:argv|exit|umask)\b/)).toEqual(["main.ts"]);
  // What libraries look up by themselves is put right in edge/silence-libraries.ts before one is loaded.
  expect(
    touching(/\bprocess\.env\b/).filter((name) => !["main.ts", "edge/silence-libraries.ts"].includes(name)),
  ).toEqual([]);
});

it("undici is known to its own file, and that to the files of the edge that speak HTTP", () => {
  expect(importers((name) => /^undici\//.test(name))).toEqual(["edge/undici.ts"]);
  const users = ["edge/http-stream.ts", "edge/http.ts"];
  expect(importers((name) => name === "edge/undici.ts")).toEqual(["edge/connect.ts", ...users]);
  const byType = importers((name) => name === "undici").filter((name) => !name.endsWith(".d.ts"));
  expect(byType).toEqual(["edge/http-response.ts", ...users].toSorted());
  expect(files.find(({ name }) => name === "edge/http.ts")?.code).toMatch(
    /import type \{[^}]*\} from "undici"/,
  );
});

it("nobody else opens a connection", () => {
  const network = /^node:(?:http|https|http2|dgram|dns)$/;
  const users = files.filter(({ code }) =>
    /(?:from|import)\s*\(?\s*"node:(?:http|https|http2|dgram|dns)"/.test(code),
  );
  for (const { name, code } of users) {
    // Types alone are no connection: an SDK's transport is described by them.
    expect(name, name).toMatch(/^sources\//);
    expect(code).not.toMatch(/^import \{[^}]*\} from "node:https?";/m);
  }
  expect(importers((name) => network.test(name)).every((name) => name.startsWith("sources/"))).toBe(true);
  expect(
    files
      .filter(({ code }) => /(?<!async )\bfetch\(|\bXMLHttpRequest\b|\bWebSocket\b/.test(code))
      .map(({ name }) => name),
  ).toEqual([]);
});

describe("the sources", () => {
  /** Which rooms the files of a room may look into, beside their own. */
  const rooms: Readonly<Record<string, readonly string[]>> = {
    platform: [],
    cloud: [],
    aws: ["cloud"],
    google: ["cloud"],
    mint: ["aws", "google", "cloud"],
  };
  const roomOf = (name: string): string | undefined => /^sources\/([^/]+)\//.exec(name)?.[1];

  it("are these rooms, and each has files", () => {
    expect(new Set(inFolder("sources").map(({ name }) => roomOf(name)))).toEqual(new Set(Object.keys(rooms)));
  });

  it.each(inFolder("sources").map((file) => [file.name, file] as const))(
    "%s looks into no other room than it may",
    (name, { imports }) => {
      const room = roomOf(name) ?? "";
      const others = imports.map(roomOf).filter((other) => other !== undefined && other !== room);
      expect(others.filter((other) => !rooms[room]?.includes(other ?? ""))).toEqual([]);
    },
  );

  it("the rooms of the clouds are known to mint/ alone, but for what doctor says of a machine", () => {
    const users = importers((name) => /^sources\/(?:aws|google|cloud)\//.test(name));
    expect(users.filter((name) => roomOf(name) === undefined)).toEqual(["commands/doctor/cloud.ts"]);
  });
});

it("an SDK is known to the files of its cloud", () => {
  const aws = (name: string): boolean => /^@(?:aws-sdk|smithy|aws-crypto)\//.test(name);
  const google = (name: string): boolean => /^(?:google-auth-library|gaxios|gcp-metadata)/.test(name);
  for (const name of importers(aws)) expect(name).toMatch(/^sources\/aws\/[a-z-]*\.ts$/);
  for (const name of importers(google)) expect(name).toMatch(/^sources\/google\/[a-z-]*\.ts$/);
});

it("errors are one family: its classes stand in core/failures.ts, the one of a failed request at the edge", () => {
  const known = ["Failure", "Outage", "Refusal", "InvalidInput", "UsageError", "TransportError"];
  const classes = files.flatMap(({ name, code }) =>
    [...code.matchAll(/\bclass (\w+) extends (\w+)/g)].map(([, own, base]) => ({ name, own, base })),
  );
  const errors = classes.filter(({ base = "" }) => known.includes(base) || /Error$/.test(base));
  expect(errors.filter(({ name }) => name === "core/failures.ts").map(({ own }) => own)).toEqual(
    known.slice(0, -1),
  );
  expect(errors.filter(({ name }) => name !== "core/failures.ts")).toEqual([
    { name: "edge/transport-error.ts", own: "TransportError", base: "Error" },
  ]);
});

describe("a warm answer", () => {
  /** Everything that is loaded together with main.ts: static imports that are more than types. */
  const loaded = new Set<string>();
  const byName = new Map(files.map((file) => [file.name, file]));
  const load = (name: string): void => {
    if (loaded.has(name)) return;
    loaded.add(name);
    const code = byName.get(name)?.code ?? "";
    for (const [, clause = "", from = ""] of code.matchAll(
      /^(?:import|export)\s+([^"]*?)\s*(?:from\s*)?"([^"]+)"/gm,
    )) {
      if (/^type\b/.test(clause)) continue;
      load(from.slice(0, 1) === "." ? relative(root, resolve(root, name, "..", from)) : from);
    }
  };
  load("main.ts");

  it("loads no SDK and no undici", () => {
    expect(loaded.has("sources/platform/secret-cache.ts")).toBe(true);
    expect(
      [...loaded].filter((name) => /^(?:@aws-sdk|@smithy|google-auth|gaxios|undici)/.test(name)),
    ).toEqual([]);
  });

  it.each([
    ...["edge/http.ts", "sources/platform/ask.ts", "sources/mint/mint.ts"],
    // To save, to confirm and to remove a login; the marks of failures.
    ...["store/logins.ts", "sources/platform/settings-fingerprint.ts", "sources/platform/recent-failures.ts"],
  ])("does without %s", (late) => {
    expect(byName.has(late)).toBe(true);
    expect(loaded.has(late)).toBe(false);
  });

  it("makes no pattern before one is needed", () => {
    const early = /^(?:export )?(?:const|let) \w+(?:: [^=]+)? =\s*[[\s]*(?:\/(?![/*])|new RegExp)/m;
    expect([...loaded].filter((name) => early.test(byName.get(name)?.code ?? ""))).toEqual([]);
  });
});

describe("every file", () => {
  it.each(files.map((file) => [file.name, file] as const))(
    "%s can be read in one go and says what it is",
    (name, file) => {
      expect(file.text.split("\n").length - 1).toBeLessThanOrEqual(250);
      expect(file.text.slice(0, 3)).toBe("// ");
      expect(name).toMatch(/^(?:[a-z]+\/){0,2}[a-z0-9-]+(?:\.d)?\.ts$/);
    },
  );
});

it("what others wrote is parsed where nesting is bounded; what is ours may be parsed as it is", () => {
  const plain = files.filter(({ code }) => /\bJSON\.parse\(/.test(code)).map(({ name }) => name);
  const ours = ["core/entry.ts", "store/login-entry.ts", "store/memory-cache.ts", "store/ownership.ts"];
  // The file to be edited is Docker's own, which Docker parses whole as well.
  const docker = ["core/json-edit.ts"];
  const bounded = ["core/foreign-json.ts", "core/strict-json.ts"];
  expect(plain.toSorted()).toEqual([...bounded, ...ours, ...docker].toSorted());
});

describe("a call that waits in the kernel ends by no timer, so", () => {
  // What the kernel answers at once, and the user database.
  const AT_ONCE = /^readFileSync\("\/(?:proc\/|etc\/passwd")|^readFileSync\(`\/proc\//;
  const calls = (pattern: RegExp): string[] =>
    files.flatMap(({ name, code }) => [...code.matchAll(pattern)].map(([call]) => `${name}: ${call}`));

  it("every file that may be somebody else's is opened without waiting, or made anew", () => {
    const opened = calls(/\bopenSync\([^;]*;/g).map((call) => call.replaceAll(/\s+/g, " "));
    expect(opened.length).toBeGreaterThan(8);
    const mayWait = opened.filter((call) => !/O_NONBLOCK|O_DIRECTORY|O_EXCL|\bFLAGS\b/.test(call));
    // Two programs of one size, both known to be regular files.
    expect(mayWait).toEqual([
      'commands/doctor/installation.ts: openSync(a, "r"), openSync(b, "r")] as const;',
    ]);
  });

  it("and read as far as a bound goes, not to an end that may never come", () => {
    const whole = calls(/\breadFileSync\([^)]*\)/g);
    const unbounded = whole.filter((call) => !AT_ONCE.test(call.split(": ")[1] ?? ""));
    // A private directory of ours, no link followed: there is no file of the kernel's in it.
    expect(unbounded).toEqual(['store/atomic-file.ts: readFileSync(fd, "utf8")']);
  });

  it("and nothing waits for a program", () => {
    expect(calls(/\b(?:execSync|execFileSync|spawnSync)\(/g)).toEqual([]);
  });
});
