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
    [
      "two are there already",
      [row("a.test", { action: "unchanged" }), row("b.test", { action: "unchanged" })],
      {},
      ["~/.docker/config.json: nothing to change, 2 registries"],
    ],
    [
      "each thing that was done is counted",
      [row("a.test", { removedLogins: ["a.test", "https://a.test"] }), row("b.test", { action: "removed" })],
      {},
      [
        "~/.docker/config.json: 1 added, 1 removed, 2 logins taken out",
        "  a.test  added, login taken out",
        "  b.test  removed",
      ],
    ],
    [
      "two other helpers have it, one of a long name",
      [
        row("docker.io", {
          ...HUB,
          action: "kept",
          otherHelpers: { "docker.io": "pass", "https://index.docker.io/v1/": "x".repeat(30) },
        }),
      ],
      {},
      ["~/.docker/config.json: nothing to change", `  docker.io  kept for pass, ${"x".repeat(24)}`],
    ],
    ["a quote in a path", [], { path: '/x/"q".json' }, ['/x/"q".json: nothing to change']],
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

  it.each([
    ["fits to the last column", "a".repeat(17), [`  ${"a".repeat(17)}  added, login hidden`]],
    ["is one column too wide", "a".repeat(18), [`  ${"a".repeat(18)}`, "      added, login hidden"]],
  ])("a row that %s", (_, name, expected) => {
    const files = [file([row(name, { hiddenLogins: [name] })])];
    expect(reportLines(report(files), { ...plain, columns: 40 }).slice(1)).toEqual(expected);
  });

  it.each([
    ["fits to the last column", "seven77", ["  aaaaaaaaaaaaaaaaaaaa  kept for seven77"]],
    ["is one column too wide", "eight888", ["  aaaaaaaaaaaaaaaaaaaa", "      kept for eight888"]],
  ])("a row without an action that %s", (_, helper, expected) => {
    const name = "a".repeat(20);
    const files = [file([row(name, { action: "kept", otherHelpers: { [name]: helper } })])];
    expect(reportLines(report(files), { ...plain, columns: 40 }).slice(1)).toEqual(expected);
  });

  it("names stand below each other up to 52 columns", () => {
    const name = "a".repeat(52);
    expect(lines([file([row(name), row("b.test")])]).slice(1)).toEqual([
      `  ${name}  added`,
      `  ${"b.test".padEnd(52)}  added`,
    ]);
  });

  it("the path, what was done and the copy have their colours", () => {
    const files = [file([row("a.test"), row("b.test", { action: "removed" })], { backup: "/b" })];
    expect(reportLines(report(files), coloured)).toEqual([
      "<bold>~/.docker/config.json</>: 1 added, 1 removed",
      "  a.test  <green>added</>",
      "  b.test  <yellow>removed</>",
      "<dim>  before: /b</>",
    ]);
  });

  it("a path that is broken has none; what follows it on a line of its own has none either", () => {
    const broken = `/a ${"z".repeat(90)}`;
    const full = `/${"z".repeat(78)}`;
    expect(reportLines(report([file([], { path: broken })]), coloured)[0]).toBe("/a");
    expect(reportLines(report([file([], { path: full })]), coloured)).toEqual([
      `<bold>${full}</>:`,
      "  nothing to change",
    ]);
  });

  it("without a home no path is shortened", () => {
    const files = [file([], { path: "undefined/c.json" })];
    expect(reportLines(report(files), { ...plain, home: undefined })).toEqual([
      "undefined/c.json: nothing to change",
    ]);
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

  it("without a remedy and a command there is the message alone", () => {
    expect(warningLines({ code: "c", message: "m", remedy: undefined }, coloured)).toEqual([
      "<yellow>warning</>: m [c]",
    ]);
  });

  it("an error that is wrapped is marked once", () => {
    const failure = new Failure("deadline", `${"x".repeat(60)} ${"y".repeat(20)}`);
    expect(errorLines(failure, coloured)).toEqual([
      `<red>error</>: ${"x".repeat(60)}`,
      `  ${"y".repeat(20)} [deadline]`,
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

it.each([
  ["one file of two was changed", [row("a.test")], true],
  ["none was changed", [], false],
])("data: %s", (_, registries, changed) => {
  const programOnPath = "/usr/bin/docker-credential-ona";
  const data = reportData(report([file([]), file(registries)], { programOnPath }));
  expect(data).toMatchObject({
    changed,
    helper: { name: "ona", program: "/usr/local/bin/docker-credential-ona", onPath: programOnPath },
    platform: { asked: true, failure: null },
  });
  expect(reportData(report([]))).toMatchObject({ changed: false, helper: { onPath: null } });
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
