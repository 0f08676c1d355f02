// configure and unconfigure after something was lost: the record of what is ours, or a run that was killed.

import { readdirSync, rmSync, utimesSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Machine } from "../support/machine.ts";
import { configureMachine, secret } from "./configure-machine.ts";

describe("a record that is lost", () => {
  const lose = (at: Machine): void => rmSync(join(at.home, ".local", "state"), { recursive: true });
  const before = '{"credHelpers":{"mine.test":"ona"},"n":1}';

  test("unconfigure takes out what the copy proves to be ours, and the copy", async () => {
    const at = await configureMachine([secret("ghcr.io"), secret("docker.io")]);
    at.write(at.dockerConfig, before);
    await at.run(["configure"]);
    lose(at);
    const said = await at.run(["unconfigure"]);
    expect(said).toMatchObject({ code: 0 });
    expect(at.read()).toBe(before);
    expect(said.stderr).toContain("mine.test");
    expect(readdirSync(dirname(at.dockerConfig))).toEqual(["config.json"]);
  });

  test("an entry that somebody wrote later stays with configure, and unconfigure names what it takes out", async () => {
    const at = await configureMachine([secret("ghcr.io"), secret("b.test")]);
    at.write(at.dockerConfig, before);
    await at.run(["configure"]);
    const own = { "mine.test": "ona", "ghcr.io": "ona", "b.test": "ona", "registry.corp": "ona" };
    at.write(at.dockerConfig, JSON.stringify({ credHelpers: own }));
    lose(at);
    await at.run(["configure"]);
    expect(at.helpers()).toEqual(own);
    await at.platform.apply({ do: "deleteSecret", secret: "S_b_test" });
    await at.run(["configure"]);
    const { "b.test": _, ...left } = own;
    expect(at.helpers()).toEqual(left);
    lose(at);
    for (const more of [["--dry-run"], []]) {
      const said = await at.run(["unconfigure", "--json", ...more]);
      const { files } = JSON.parse(said.stdout);
      expect(files[0].registries.map(({ keys }: { keys: string[] }) => keys)).toEqual([
        ["ghcr.io"],
        ["registry.corp"],
      ]);
    }
    expect(at.helpers()).toEqual({ "mine.test": "ona" });
  });

  test("configure finds again what the platform has, and leaves what is gone there to unconfigure", async () => {
    const at = await configureMachine([secret("ghcr.io"), secret("b.test")]);
    at.write(at.dockerConfig, before);
    await at.run(["configure"]);
    lose(at);
    expect(await at.run(["configure"])).toMatchObject({ code: 0, stderr: "" });
    await at.platform.apply({ do: "deleteSecret", secret: "S_b_test" });
    lose(at);
    await at.run(["configure"]);
    expect(at.helpers()).toEqual({ "mine.test": "ona", "ghcr.io": "ona", "b.test": "ona" });
    const said = await at.run(["unconfigure"]);
    expect(at.helpers()).toEqual({ "mine.test": "ona", "b.test": "ona" });
    expect(said.stderr).toContain("still gives mine.test, b.test");
  });
});

describe("what a killed run left", () => {
  const OLD_S = Date.now() / 1000 - 120;
  const NAME = ".config.json.tmp-99-abcdefgh";
  const OF_COPY = ".config.json.before-ona.tmp-99-abcdefgh";

  test.each<[string, (at: Machine) => Promise<unknown>]>([
    ["configure", (at) => at.run(["configure"])],
    [
      "configure with nothing to change",
      async (at) => {
        await at.run(["configure"]);
        at.write(join(at.home, ".docker", NAME), "x");
        utimesSync(join(at.home, ".docker", NAME), OLD_S, OLD_S);
        await at.run(["configure"]);
      },
    ],
    ["unconfigure", (at) => at.run(["unconfigure"])],
  ])("goes with the next %s, and nothing else does", async (_, act) => {
    const at = await configureMachine([secret("ghcr.io")]);
    at.write(at.dockerConfig, "{}");
    const put = (name: string, mode?: number): void => {
      at.write(join(at.home, ".docker", name), "x", mode);
      utimesSync(join(at.home, ".docker", name), OLD_S, OLD_S);
    };
    const others = [
      "config.json123456",
      "config.json.tmp-99-abcdefgh",
      `${NAME}.bak`,
      ".config.json.tmp-0-abcdefgh",
    ];
    put(NAME);
    put(OF_COPY);
    for (const name of others) put(name);
    put(".config.json.tmp-98-abcdefgh", 0o644);
    at.write(join(at.home, ".docker", ".config.json.tmp-97-abcdefgh"), "young");
    await act(at);
    const left = readdirSync(join(at.home, ".docker"));
    expect(left).not.toContain(NAME);
    expect(left).not.toContain(OF_COPY);
    expect(left).toEqual(
      expect.arrayContaining([...others, ".config.json.tmp-98-abcdefgh", ".config.json.tmp-97-abcdefgh"]),
    );
  });

  test("a dry run leaves it", async () => {
    const at = await configureMachine([secret("ghcr.io")]);
    at.write(join(at.home, ".docker", NAME), "x");
    utimesSync(join(at.home, ".docker", NAME), OLD_S, OLD_S);
    await at.run(["configure", "--dry-run"]);
    expect(readdirSync(join(at.home, ".docker"))).toEqual([NAME]);
  });

  test("of an export too", async () => {
    const at = await configureMachine([secret("ghcr.io")]);
    const output = join(at.home, "out", "auth.json");
    const left = (name: string): void => {
      at.write(join(at.home, "out", name), "hush");
      utimesSync(join(at.home, "out", name), OLD_S, OLD_S);
    };
    left("auth.json.tmp-99-abcdefgh");
    left("other.json.tmp-99-abcdefgh");
    await at.run(["export", "--format", "docker-config", "--output", output]);
    expect(readdirSync(join(at.home, "out"))).toEqual(["auth.json", "other.json.tmp-99-abcdefgh"]);
  });
});
