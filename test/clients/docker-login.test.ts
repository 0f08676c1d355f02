// docker login and logout: what a person types, and what the platform types when an environment starts.
// The platform's secret is useless here where a login has to carry the pull: it must never pass for one.

import { readFileSync } from "node:fs";
import { describe, expect, inject, test } from "vitest";
import { describeClient, useBed } from "./bed.ts";
import { poll } from "./poll.ts";
import { type Account, changePassword, newAccount, openWorkplace, type Workplace } from "./workplace.ts";

describeClient("docker", ["docker", "engine"], () => {
  const bed = useBed({ engine: true });

  async function open(secret?: string, config: Record<string, number> = {}): Promise<Workplace> {
    const { host } = bed.registry;
    const secrets: Record<string, string> = secret === undefined ? {} : { [host]: secret };
    return await openWorkplace({ helped: [host], secrets, config, dockerHost: bed.engine.host });
  }

  for (const { path: docker, version } of inject("programs").dockers) {
    const login = (at: Workplace, account: Account) => {
      const flags = ["--username", account.user, "--password-stdin"];
      return at.run([docker, "login", ...flags, bed.registry.host], { stdin: account.password });
    };
    const logout = (at: Workplace) => at.run([docker, "logout", bed.registry.host]);
    const pull = async (at: Workplace) => {
      const image = await bed.registry.publish();
      const outcome = await at.run([docker, "pull", image.reference]);
      if (outcome.code === 0) expect(await bed.engine.read(image.reference, "/hello.txt")).toBe(image.hello);
      return outcome;
    };

    describe(version, () => {
      test("a login wins over the platform's secret until the logout", async () => {
        const at = await open("nobody:at-all");
        expect(await pull(at)).not.toMatchObject({ code: 0 });
        const account = await newAccount(bed.registry);
        const done = await login(at, account);
        expect(done, done.said).toMatchObject({ code: 0 });
        expect(done.said).toContain("Login Succeeded");
        expect(readFileSync(at.dockerConfig, "utf8")).not.toContain(account.password);
        expect(await pull(at)).toMatchObject({ code: 0 });
        expect(await logout(at)).toMatchObject({ code: 0 });
        expect(await pull(at)).not.toMatchObject({ code: 0 });
      });

      test("without any secret a login serves, and after the logout nothing is left", async () => {
        const at = await open();
        const account = await newAccount(bed.registry);
        await login(at, account);
        expect(await pull(at)).toMatchObject({ code: 0 });
        const listed = await at.helper("list");
        expect(JSON.parse(listed.stdout)).toEqual({ [bed.registry.host]: account.user });
        await logout(at);
        expect(at.stateText()).not.toContain(account.password);
        const after = await at.helper("get", bed.registry.host);
        expect(after).toMatchObject({
          code: 1,
          stdout: "credentials not found in native keychain\n",
          stderr: "",
        });
      });

      test("a login without a user takes the platform's credential and keeps nothing", async () => {
        const account = await newAccount(bed.registry);
        const at = await open(account.value);
        const done = await at.run([docker, "login", bed.registry.host]);
        expect(done, done.said).toMatchObject({ code: 0 });
        expect(at.stateText()).not.toContain(account.password);
      });

      test("the platform's own login at start does not hide a later change of the secret", async () => {
        const account = await newAccount(bed.registry);
        const at = await open(account.value, { freshSeconds: 1 });
        expect(await login(at, account)).toMatchObject({ code: 0 });
        expect(await pull(at)).toMatchObject({ code: 0 });
        const changed = await changePassword(bed.registry, account.user);
        await at.setSecret(bed.registry.host, changed.value);
        const served = await poll(15_000, async () => ((await pull(at)).code === 0 ? true : undefined));
        expect(served).toBe(true);
      });

      test("a login that the registry refuses is not kept", async () => {
        const at = await open();
        const account = await newAccount(bed.registry);
        expect(await login(at, { ...account, password: "mistyped" })).not.toMatchObject({ code: 0 });
        expect(await at.helper("get", bed.registry.host)).toMatchObject({ code: 1 });
      });

      test("a logout where nobody logged in, and a second one, do no harm", async () => {
        const account = await newAccount(bed.registry);
        const at = await open(account.value);
        expect(await logout(at)).toMatchObject({ code: 0 });
        expect(await logout(at)).toMatchObject({ code: 0 });
        expect(await pull(at)).toMatchObject({ code: 0 });
      });

      test("with the platform down, a login still works", async () => {
        const at = await open("nobody:at-all");
        await at.platform.apply({ do: "goDown" });
        const account = await newAccount(bed.registry);
        expect(await login(at, account)).toMatchObject({ code: 0 });
        expect(await pull(at)).toMatchObject({ code: 0 });
      });
    });
  }
});
