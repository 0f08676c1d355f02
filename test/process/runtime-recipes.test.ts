// The recipes for runtimes: the unit's command as it stands, what systemd and containerd themselves think of their files,
// and the kubelet's configuration against what the program does.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { readArguments } from "../../src/edge/arguments.ts";
import { findVerb } from "../../src/verbs.ts";
import { repository } from "../support/builds.ts";

const read = (name: string): string => readFileSync(join(repository, "examples", name), "utf8");
const UNIT = "systemd/docker-credential-ona-export.service";
const present = (path: string): boolean => existsSync(path);

describe("the unit", () => {
  const unit = read(UNIT);
  const [, program = "", verb = "", rest = ""] = /^ExecStart=(\S+) (\S+) (.*)$/m.exec(unit) ?? [];

  it("runs a verb with options that there are", () => {
    expect(program).toBe("/usr/local/bin/docker-credential-ona");
    const found = findVerb(verb);
    if (found === undefined) throw new Error(`no verb ${verb}`);
    const { options } = readArguments(found, rest.split(" "));
    expect([options.text("format"), options.flag("watch")]).toEqual(["containerd", true]);
    // What may be written is the output and the unit's own directories.
    expect(unit).toContain(`ReadWritePaths=${options.text("output")}\n`);
  });

  it.skipIf(!present("/usr/bin/systemd-analyze"))("is what systemd understands, and hardened", () => {
    const path = join(repository, "examples", UNIT);
    const { stderr } = spawnSync("/usr/bin/systemd-analyze", ["verify", path], { encoding: "utf8" });
    // The executable is not installed on the machine that tests.
    expect(stderr.split("\n").filter((line) => line !== "" && !line.includes("is not executable"))).toEqual(
      [],
    );
    const security = ["security", "--offline=true", "--threshold=30", path];
    expect(spawnSync("/usr/bin/systemd-analyze", security).status).toBe(0);
  });
});

describe("containerd's configuration", () => {
  const text = read("containerd/config.toml");

  it("names the directory that the unit fills", () => {
    const config = JSON.stringify(parse(text));
    expect(config).toContain('"registry":{"config_path":"/etc/containerd/certs.d"}');
    expect(read(UNIT)).toContain("--output /etc/containerd/certs.d ");
  });

  it.skipIf(!present("/usr/bin/containerd"))("is what containerd understands", () => {
    const { status, stdout } = spawnSync(
      "/usr/bin/containerd",
      ["--config", join(repository, "examples/containerd/config.toml"), "config", "dump"],
      { encoding: "utf8" },
    );
    expect(status).toBe(0);
    expect(stdout).toContain('config_path = "/etc/containerd/certs.d"');
  });
});

it("the kubelet's configuration asks for the version and the verb that there are", () => {
  const text = read("kubelet/credential-provider-config.yaml");
  expect(text).toMatch(/^apiVersion: kubelet\.config\.k8s\.io\/v1\nkind: CredentialProviderConfig$/m);
  expect(text).toMatch(/^ {4}apiVersion: credentialprovider\.kubelet\.k8s\.io\/v1$/m);
  const [, verb = ""] = /args:\n\s+- (\S+)\n/.exec(text) ?? [];
  expect(findVerb(verb)?.name).toBe("kubelet");
});

it("the page names every option of the verbs, and no other", () => {
  const page = readFileSync(join(repository, "docs/runtimes.md"), "utf8");
  const own = (["export", "exec", "kubelet"] as const).flatMap((name) => findVerb(name)?.options ?? []);
  for (const { name } of own) expect(page).toContain(`--${name}`);
});
