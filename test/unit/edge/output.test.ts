// What people see: lines, warnings, progress and colour, on a terminal and elsewhere.

import { expect, it } from "vitest";
import { createOutput, type OutputTarget } from "../../../src/edge/output.ts";

function written(isTerminal: boolean, env: Record<string, string>, columns?: number) {
  const streams = { 1: "", 2: "" };
  const target: OutputTarget = {
    write: (fd, text) => {
      streams[fd] += text;
    },
    isTerminal: () => isTerminal,
    columns: () => columns,
  };
  return { out: createOutput(env, target), streams };
}

it("in a log: plain text, no progress, 80 columns", () => {
  const { out, streams } = written(false, {}, 200);
  out.progress("asking");
  out.line(out.style("red", "wrong"));
  out.line();
  out.warn("mind this");
  out.raw("bytes");
  expect(streams).toEqual({ 1: "wrong\n\nbytes", 2: "mind this\n" });
  expect([out.isTerminal, out.columns]).toEqual([false, 80]);
});

it("on a terminal: colour, its width, and progress that goes before the next line", () => {
  const { out, streams } = written(true, { TERM: "xterm" }, 120);
  out.progress("asking");
  out.progress("asking");
  out.line(out.style("red", "wrong"));
  expect(streams[1]).toBe("\u001b[31mwrong\u001b[39m\n");
  expect(streams[2]).toBe("\r\u001b[Kasking\r\u001b[K");
  expect(out.columns).toBe(120);
});

it.each([
  ["NO_COLOR", { NO_COLOR: "1", TERM: "xterm" }, "wrong"],
  ["an empty NO_COLOR", { NO_COLOR: "", TERM: "xterm" }, "\u001b[31mwrong\u001b[39m"],
  ["a terminal without colour", { TERM: "dumb" }, "wrong"],
])("%s", (_, env, shown) => {
  expect(written(true, env).out.style("red", "wrong")).toBe(shown);
});

it("JSON is one indented document", () => {
  const { out, streams } = written(false, {});
  out.json({ schemaVersion: 1 });
  expect(streams[1]).toBe('{\n  "schemaVersion": 1\n}\n');
});
