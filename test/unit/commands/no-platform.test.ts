// A machine that knows nothing of the platform: a plain local store, without network. And the failure log, which gets
// a line for every failure and no secret.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HOST, TEAM, type World, world } from "../sources/platform/platform-world.ts";
import { erase, get, list, login, NF, verb } from "./verbs.ts";

const nothing = { ONA_ENVIRONMENT_ID: "", DOCKER_CREDENTIAL_ONA_TOKEN: "" };

const logOf = (w: World): string => {
  const path = join(w.env.HOME ?? "", ".local/state/docker-credential-ona/failures.log");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
};

describe.skipIf(existsSync("/usr/local/gitpod"))("no platform in sight", () => {
  it("get, store, erase and list work on local logins, without a request", async () => {
    const w = await world();
    expect(await get(w, HOST, nothing)).toBe("NF");
    await login(w, HOST, "me:mine", nothing);
    await login(w, "docker.io", "hub:mine", nothing);
    expect(await get(w, HOST, nothing)).toBe("me:mine");
    expect(await list(w, nothing)).toEqual({ [HOST]: "me", "https://index.docker.io/v1/": "hub" });
    await erase(w, HOST, nothing);
    await erase(w, "never.example.test", nothing);
    expect(await list(w, nothing)).toEqual({ "https://index.docker.io/v1/": "hub" });
    expect(w.platform.journal.count()).toBe(0);
  });
});

describe("the failure log", () => {
  it("has a line for a failure of a managed registry, and none for NF, success or a wrong call", async () => {
    const w = await world({
      seed: {
        secrets: [
          { ...TEAM, value: "c4nary" },
          { ...TEAM, name: "B", host: "b.example.test", value: "demo:c4nary" },
        ],
      },
    });
    expect(await get(w, "b.example.test")).toBe("demo:c4nary");
    expect(await get(w, "nobody.example.test")).toBe("NF");
    expect(await get(w, "")).toBe("no credentials server URL");
    expect((await verb(w, "store", "{")).exitCode).toBe(1);
    expect((await verb(w, "frobnicate")).exitCode).toBe(1);
    expect(logOf(w)).toBe("");
    const { stdout, stderr } = await verb(w, "get", HOST);
    expect(stderr).toBe(stdout);
    const line = logOf(w);
    expect(line).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z get registry\.example\.test: [ -~]+ \[value-invalid\]\n$/,
    );
    expect(line).not.toContain("c4nary");
  });
});

describe("onFailure", () => {
  it("anonymous: NF for the caller, the reason on stderr", async () => {
    const w = await world({
      seed: { secrets: [{ ...TEAM, value: "bad" }] },
      config: { registries: { [HOST]: { onFailure: "anonymous" } } },
    });
    const { stdout, stderr, exitCode } = await verb(w, "get", HOST);
    expect([stdout, exitCode]).toEqual([`${NF}\n`, 1]);
    expect(stderr).toMatch(/^registry\.example\.test: .*\[value-invalid\]\n$/);
  });
});

describe("a broken configuration", () => {
  it("fails for what Docker's own configuration gives to us, else NF; logins and list go on", async () => {
    const w = await world();
    await login(w, "mine.example.test", "me:mine");
    w.configure({ lookup: "nonsense" });
    expect(await get(w, HOST)).toBe("NF");
    expect(await get(w, "mine.example.test")).toBe("me:mine");
    expect(await list(w)).toEqual({ "mine.example.test": "me" });
    await login(w, HOST, "me:other");
    expect(await get(w, HOST)).toBe("me:other");
    await erase(w, HOST);
    expect(await get(w, HOST)).toBe("NF");
  });
});
