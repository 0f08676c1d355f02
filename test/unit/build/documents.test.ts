// Man page and completions from a table of verbs: nothing of the table is missing, and nothing in it can end a quote, begin
// a line of troff, or run as a command.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { documents } from "../../../build/documents.ts";
import type { VerbSpec } from "../../../src/core/verb-spec.ts";

const verbs: readonly VerbSpec[] = [
  {
    name: "write",
    summary: "write what isn't there: [all] of it",
    details: ".a line that begins with a dot, and a back\\slash",
    options: [
      { name: "to-dir", value: "DIR", help: "don't $(touch /tmp/no) `this`" },
      { name: "format", value: "FORMAT", choices: ["one", "two"], required: true, help: "one or two" },
      { name: "all", multiple: true, help: "every one" },
    ],
  },
  { name: "run", summary: "run a command", details: "", options: [], takesCommand: true },
  { name: "help", summary: "help", details: "", options: [] },
];
const { man, bash, zsh, fish } = documents(verbs, "1.2.3", "2026-01-02");

it("the man page has every verb and option, and no line that troff would take for a request", () => {
  expect(man).toContain('.TH DOCKER\\-CREDENTIAL\\-ONA 1 "2026-01-02" "docker-credential-ona 1.2.3"');
  expect(man).toContain("\\fB\\-\\-to\\-dir\\fR \\fIDIR\\fR");
  expect(man).toContain("\\fB\\-\\-format\\fR \\fIFORMAT\\fR [\\fB\\-\\-all\\fR]...");
  expect(man).toContain("Write what isn\\(aqt there");
  expect(man).toContain("\\&.a line that begins with a dot, and a back\\eslash");
  const requests = [...man.matchAll(/^[.'](\S*)/gm)].map(([, name]) => name);
  expect(new Set(requests)).toEqual(new Set(["TH", "SH", "SS", "PP", "TP"]));
});

describe("bash", () => {
  const complete = (...words: string[]): string[] => {
    const directory = mkdtempSync(join(tmpdir(), "ona-completion-"));
    writeFileSync(join(directory, "completion"), bash);
    const script = `source ./completion; COMP_WORDS=(docker-credential-ona "$@"); COMP_CWORD=$#
      _docker_credential_ona; printf '%s\\n' "\${COMPREPLY[@]}"`;
    try {
      const said = execFileSync("bash", ["-c", script, "bash", ...words], {
        cwd: directory,
        encoding: "utf8",
      });
      return said.trim().split("\n");
    } finally {
      rmSync(directory, { recursive: true });
    }
  };

  it.each<[string[], string[]]>([
    [["wr"], ["write"]],
    [["--v"], ["--version"]],
    [["write", "--f"], ["--format"]],
    [
      ["write", "--format", ""],
      ["one", "two"],
    ],
    [["write", "--format", "t"], ["two"]],
    [["help", "r"], ["run"]],
    [["nonsense", ""], [""]],
  ])("%j gives %j", (words, replies) => {
    expect(complete(...words)).toEqual(replies);
  });
});

it("zsh: quotes and brackets of a text stay text", () => {
  expect(zsh).toContain(`'write:write what isn'\\''t there: [all] of it'`);
  expect(zsh).toContain(`'--to-dir[don'\\''t $(touch /tmp/no) \`this\`]:DIR:_files -/'`);
  expect(zsh).toContain(`'--format[one or two]:FORMAT:(one two)'`);
  expect(zsh).toContain(`'*--all[every one]'`);
});

it("fish: the same", () => {
  expect(fish).toContain(`-a write -d 'write what isn'\\''t there: [all] of it'`);
  expect(fish).toContain("-l format -x -a 'one two' -d 'one or two'");
  expect(fish).toContain("-l to-dir -x -a '(__fish_complete_directories)'");
});
