// A registry that sends its clients to a token server: user and password, and the identity token of the `<token>` user.
// The token server tells which grant each client used, so a client cannot pass by another way than the one named.

import { describe, expect, inject, test } from "vitest";
import { describeClient, useBed } from "./bed.ts";
import type { Image } from "./images.ts";
import type { Outcome } from "./run.ts";
import { newAccount, openWorkplace, type Workplace } from "./workplace.ts";

const { dockers, paths } = inject("programs");
const skopeo = paths.skopeo ?? "";

const clients: Record<string, (at: Workplace, image: Image) => Promise<Outcome>> = {
  skopeo: (at, image) => at.run([skopeo, "inspect", "--tls-verify=false", `docker://${image.reference}`]),
};
for (const { path, version } of dockers) {
  clients[`docker ${version}`] = (at, image) => at.run([path, "pull", image.reference]);
}

describeClient("registry with token authentication", ["docker", "engine", "skopeo"], () => {
  const bed = useBed({ authentication: "token", engine: true });

  function open(secret: string): Promise<Workplace> {
    const { host } = bed.registry;
    return openWorkplace({ helped: [host], secrets: { [host]: secret }, dockerHost: bed.engine.host });
  }

  describe.each(Object.keys(clients))("%s", (name) => {
    const pull = clients[name] ?? (() => Promise.reject(new Error("no such client")));

    test("user and password", async () => {
      const account = await newAccount(bed.registry);
      const at = await open(account.value);
      const image = await bed.registry.publish();
      expect(await pull(at.withoutCredentials(), image)).not.toMatchObject({ code: 0 });
      const outcome = await pull(at, image);
      expect(outcome, outcome.said).toMatchObject({ code: 0 });
      expect(bed.registry.tokens?.grants).toContain(`basic ${account.user}`);
    });

    test("identity token", async () => {
      const account = await newAccount(bed.registry);
      bed.registry.tokens?.refreshTokens.set(`identity-of-${account.user}`, account.user);
      const at = await open(`<token>:identity-of-${account.user}`);
      const outcome = await pull(at, await bed.registry.publish());
      expect(outcome, outcome.said).toMatchObject({ code: 0 });
      expect(bed.registry.tokens?.grants).toContain(`refresh_token ${account.user}`);
    });
  });
});
