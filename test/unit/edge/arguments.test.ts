// A verb's arguments: what is taken, and what is refused in which words.

import { describe, expect, it } from "vitest";
import { UsageError } from "../../../src/core/failures.ts";
import { readArguments } from "../../../src/edge/arguments.ts";
import { findVerb, type Verb } from "../../../src/verbs.ts";

function verb(name: string): Verb {
  const found = findVerb(name);
  if (found === undefined) throw new Error(name);
  return found;
}

describe("taken", () => {
  it("flags, values and repeated values, in either spelling and any order", () => {
    const { options, operands } = readArguments(verb("configure"), [
      "--registry=ghcr.io",
      "--json",
      "--registry",
      "b.example",
      "--docker-config",
      "/x",
    ]);
    expect(options.texts("registry")).toEqual(["ghcr.io", "b.example"]);
    expect([options.flag("json"), options.flag("watch"), options.text("docker-config")]).toEqual([
      true,
      false,
      "/x",
    ]);
    expect(operands).toEqual([]);
  });

  it("- is a value, and -- ends the options", () => {
    expect(
      readArguments(verb("export"), ["--output", "-", "--format", "kubernetes"]).options.text("output"),
    ).toBe("-");
    expect(readArguments(verb("doctor"), ["--json", "--", "ghcr.io"]).operands).toEqual(["ghcr.io"]);
  });

  it.each([
    [
      ["--", "docker", "--help"],
      ["docker", "--help"],
    ],
    [
      ["docker", "run", "--json", "-h"],
      ["docker", "run", "--json", "-h"],
    ],
    [
      ["--registry", "ghcr.io", "--", "--odd", "x"],
      ["--odd", "x"],
    ],
    [
      ["--registry=ghcr.io", "a", "--", "b"],
      ["a", "--", "b"],
    ],
  ])("exec %j runs %j", (args, command) => {
    expect(readArguments(verb("exec"), args).operands).toEqual(command);
  });

  it.each([[["--help"]], [["-h"]], [["--json", "-h", "extra"]]])(
    "%j asks for help, whatever else",
    (args) => {
      expect(readArguments(verb("configure"), args).help).toBe(true);
    },
  );
});

it.each([
  ["configure", ["--jsn"], 'there is no option "--jsn"; did you mean --json?'],
  ["configure", ["--color"], 'there is no option "--color"'],
  ["configure", ["-j"], 'there is no option "-j"'],
  ["configure", ["--json=yes"], "--json takes no value"],
  ["configure", ["--registry"], "--registry needs HOST"],
  ["configure", ["--registry="], "--registry needs HOST"],
  ["configure", ["--registry", "--json"], "--registry needs HOST"],
  ["configure", ["--authfile", "a", "--authfile", "b"], "--authfile was given twice"],
  ["configure", ["ghcr.io"], 'there is no place for "ghcr.io"'],
  ["configure", ["a\u001bb"], 'there is no place for "a?b"'],
  ["unconfigure", ["--watch"], 'there is no option "--watch"'],
  ["export", [], "--format FORMAT is missing"],
  ["export", ["--format", "kubernetes"], "--output PATH is missing"],
  [
    "export",
    ["--format", "kuberntes", "--output", "x"],
    "--format must be one of containerd, docker-config, kubernetes; did you mean kubernetes?",
  ],
  ["exec", [], "-- COMMAND [ARGUMENT]... is missing"],
  ["exec", ["--"], "-- COMMAND [ARGUMENT]... is missing"],
  ["exec", ["--wach", "ls"], 'there is no option "--wach"'],
  ["kubelet", ["x"], 'there is no place for "x"'],
] as const)("%s %j: %s", (name, args, message) => {
  expect(() => readArguments(verb(name), args)).toThrow(new UsageError(message));
});
