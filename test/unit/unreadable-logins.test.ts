// Logins that cannot be read: nobody knows whether there is one, which would win over all the rest.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Failure } from "../../src/core/failures.ts";
import { Local } from "../../src/local.ts";
import { resolveCredential } from "../../src/resolve.ts";
import type { LoginPlace } from "../../src/store/login-reader.ts";
import { HOST, refOf, type World, world } from "./sources/platform/platform-world.ts";
import { uid } from "./store/scratch.ts";

class WithUnreadableLogins extends Local {
  override get loginPlace(): LoginPlace {
    throw new Failure("store-failed", "the local logins cannot be read (EACCES)");
  }
}

async function said(w: World, host: string, env: Record<string, string> = {}): Promise<string> {
  const local = new WithUnreadableLogins({ env: { ...w.env, ...env }, uid, clock: w.clock });
  const result = await resolveCredential(refOf(host), local, w.remoteOf(local));
  return result.kind === "failed" ? result.failure.code : result.kind;
}

it("a registry with a secret fails", async () => {
  expect(await said(await world(), HOST)).toBe("store-failed");
});

it("a registry that is given to us fails", async () => {
  const w = await world();
  const docker = join(w.dir, "docker");
  mkdirSync(docker);
  writeFileSync(join(docker, "config.json"), '{"credHelpers":{"other.example.test":"ona"}}');
  expect(await said(w, "other.example.test", { DOCKER_CONFIG: docker })).toBe("store-failed");
});

it("any other is not found, so that public images go on", async () => {
  expect(await said(await world(), "other.example.test")).toBe("none");
});
