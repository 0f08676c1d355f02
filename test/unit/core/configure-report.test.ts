// What configure says: lines that fit, nothing that a terminal would obey, and every case in its own words.

import { describe, expect, it } from "vitest";
import {
  errorLines,
  type FileReport,
  type Look,
  type Report,
  reportData,
  reportLines,
  warningLines,
} from "../../../src/core/configure-report.ts";
import type { RegistryChange } from "../../../src/core/docker-config.ts";
import { Failure } from "../../../src/core/failures.ts";
import { wrapped } from "../../../src/core/wrap.ts";

const plain: Look = { columns: 80, home: "/home/me", style: (_, text) => text };
const coloured: Look = { ...plain, style: (style, text) => `<${style}>${text}</>` };
const row = (registry: string, more: Partial<RegistryChange> = {}): RegistryChange => ({
  registry,
  action: "added",
  keys: [registry],
  otherHelpers: {},
  removedLogins: [],
  hiddenLogins: [],
  ...more,
});
const file = (registries: readonly RegistryChange[], more: Partial<FileReport> = {}): FileReport => ({
  path: "/home/me/.docker/config.json",
  target: "/home/me/.docker/config.json",
  changed: registries.some(({ action }) => action === "added" || action === "removed"),
  created: false,
  backup: undefined,
  registries,
  error: undefined,
  ...more,
});
const report = (files: readonly FileReport[], more: Partial<Report> = {}): Report => ({
  verb: "configure",
  dryRun: false,
  helper: "ona",
  program: "/usr/local/bin/docker-credential-ona",
  programOnPath: undefined,
  platform: "asked",
  failure: undefined,
  managed: [],
  files,
  prefetched: undefined,
  warnings: [],
  ...more,
});
const lines = (files: readonly FileReport[], more: Partial<Report> = {}): readonly string[] =>
  reportLines(report(files, more), plain);
const HUB = { keys: ["https://index.docker.io/v1/", "docker.io"] };

describe("lines", () => {
  it.each<[string, readonly RegistryChange[], Partial<FileReport>, readonly string[]]>([
    ["nothing at all", [], {}, ["~/.docker/config.json: nothing to change"]],
    [
      "one is there already",
      [row("a.test", { action: "unchanged" })],
      {},
      ["~/.docker/config.json: nothing to change, 1 registry"],
    ],
    [
      "a new file",
      [row("a.test"), row("longer.test")],
      { created: true },
      ["~/.docker/config.json: created, 2 added", "  a.test       added", "  longer.test  added"],
    ],
    [
      "a login taken out where nothing else changes",
      [row("a.test", { action: "unchanged", removedLogins: ["a.test"] })],
      { changed: true },
      ["~/.docker/config.json: 1 login taken out", "  a.test  unchanged, login taken out"],
    ],
    [
      "another helper has one spelling of two, and a login is hidden",
      [row("docker.io", { ...HUB, otherHelpers: { "docker.io": "pass" }, hiddenLogins: ["docker.io"] })],
      {},
      ["~/.docker/config.json: 1 added", "  docker.io  added, docker.io is pass's, login hidden"],
    ],
    [
      "another helper has it all",
      [row("a.test", { action: "kept", otherHelpers: { "a.test": "pass" } })],
      {},
      ["~/.docker/config.json: nothing to change", "  a.test  kept for pass"],
    ],
    [
      "our name is another one by now",
      [row("a.test", { action: "unchanged" })],
      { changed: true },
      ["~/.docker/config.json: entries renamed"],
    ],
    [
      "the copy is named",
      [row("a.test", { action: "removed" })],
      { backup: "/home/me/.docker/config.json.before-ona" },
      ["~/.docker/config.json: 1 removed", "  a.test  removed", "  before: ~/.docker/config.json.before-ona"],
    ],
    ["a file that was left as it is has none", [], { error: new Failure("docker-file-broken", "x") }, []],
    [
      "a home that only begins alike",
      [],
      { path: "/home/me2/c.json" },
      ["/home/me2/c.json: nothing to change"],
    ],
  ])("%s", (_, registries, more, expected) => {
    expect(lines([file(registries, more)])).toEqual(expected);
  });

  it("unconfigure and a dry run have words of their own", () => {
    const gone = file([row("a.test", { action: "removed" })], { backup: "/b" });
    expect(lines([gone], { verb: "unconfigure" })).toEqual([
      "~/.docker/config.json: 1 taken out",
      "  a.test  removed",
    ]);
    expect(lines([file([])], { verb: "unconfigure" })).toEqual([
      "~/.docker/config.json: nothing of ours in it",
    ]);
    expect(lines([file([row("a.test")])], { dryRun: true })[0]).toBe(
      "~/.docker/config.json: dry run: 1 added",
    );
    expect(lines([file([])], { prefetched: ["a.test"] })[1]).toBe("1 credential fetched into the cache");
  });

  it("none is wider than 80 columns, however wide the terminal; a name that is too long has its own", () => {
    const long = `${"x".repeat(63)}.example.test`;
    const ecr = "123456789012.dkr.ecr.ap-southeast-1.amazonaws.com";
    const all = [
      row(long),
      row(ecr, { removedLogins: [ecr], hiddenLogins: [`https://${ecr}`] }),
      row("b.test"),
    ];
    const said = reportLines(report([file(all)]), { ...plain, columns: 200 });
    for (const line of said) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(said).toContain(`  ${long}`);
    expect(said).toContain(`  ${"b.test".padEnd(ecr.length)}  added`);
  });

  it("colour changes no width and no word", () => {
    const files = [file([row("a.test"), row("b.test", { action: "removed" })], { backup: "/b" })];
    const said = reportLines(report(files), coloured);
    expect(said.map((line) => line.replaceAll(/<\/?\w*>/g, ""))).toEqual(reportLines(report(files), plain));
    expect(said.join("\n")).toContain("<green>added</>");
  });

  it("what a terminal would obey is shown, not sent", () => {
    const nasty = "p\u001b[2J\u202e\n";
    const files = [
      file([row("a.test", { action: "kept", otherHelpers: { "a.test": nasty } })], { path: `/x/${nasty}` }),
    ];
    const warning = { code: "other-helper", message: nasty, remedy: nasty, command: nasty };
    const all = [...reportLines(report(files), plain), ...warningLines(warning, plain)];
    for (const line of all) expect(line).toMatch(/^[ -~]*$/);
  });
});

describe("warnings and errors", () => {
  it("are wrapped; a command stays on its line", () => {
    const message = "a message that is rather long and goes on for more than eighty columns in all";
    const command = `ln -s /${"x".repeat(100)} /usr/local/bin`;
    expect(warningLines({ code: "c", message, remedy: "do this", command }, plain)).toEqual([
      "warning: a message that is rather long and goes on for more than eighty columns",
      "  in all; do this [c]",
      `  run: ${command}`,
    ]);
  });

  it("an error names its code and what to do", () => {
    const failure = new Failure("docker-file-broken", "/x is read-only", { hint: "run chmod u+w /x" });
    expect(errorLines(failure, coloured)).toEqual([
      "<red>error</>: /x is read-only; run chmod u+w /x [docker-file-broken]",
    ]);
  });

  it.each<[string, string, readonly string[]]>([
    ["nothing", "", [""]],
    ["a word longer than a line", "aaaaaaaaaaaa b", ["aaaaaaaaaaaa", "  b"]],
    ["an exact fit", "aaaa bbbbb", ["aaaa bbbbb"]],
    ["one more", "aaaa bbbbbb", ["aaaa", "  bbbbbb"]],
  ])("wrapping: %s", (_, text, expected) => {
    expect(wrapped(text, 10, "  ")).toEqual(expected);
  });
});

it("data has null where there is nothing, and no Failure's insides", () => {
  const failure = new Failure("no-token", "no token", { hint: "set one", cause: new Error("canary") });
  const warnings = [{ code: "c", message: "m", remedy: undefined }];
  const data = reportData(report([file([], { error: failure })], { failure, platform: "failed", warnings }));
  expect(JSON.parse(JSON.stringify(data))).toMatchObject({
    platform: { asked: false, failure: { code: "no-token", message: "no token", remedy: "set one" } },
    files: [{ backup: null, error: { code: "no-token" } }],
    prefetched: null,
    warnings: [{ code: "c", message: "m", remedy: null, command: null }],
  });
  expect(JSON.stringify(data)).not.toContain("canary");
});
