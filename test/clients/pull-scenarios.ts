// What has to hold for every client that fetches a private image through the helper, whatever its name.
// A pull counts only with proof: digest or content of what arrived, and the same pull fails without a credential.

import { expect, test } from "vitest";
import type { Bed } from "./bed.ts";
import type { Image } from "./images.ts";
import { poll } from "./poll.ts";
import type { Registry } from "./registry.ts";
import type { Outcome } from "./run.ts";
import { type Account, changePassword, newAccount, openWorkplace, type Workplace } from "./workplace.ts";

export interface Puller {
  /** The name by which this client speaks to a registry; default its IPv4 form. */
  hostOf?: (registry: Registry) => string;
  /** The client's own work, and nothing before or after it. */
  pull: (at: Workplace, image: Image) => Promise<Outcome>;
  /** What arrived: only asked for after a pull that succeeded. */
  proof: (at: Workplace, image: Image) => Promise<{ hello: string; digest?: string }>;
  /** Whether its user gets to see why the helper failed. */
  showsReason: boolean;
  /** Whether it fetches the credential of every registry in the configuration, needed or not. */
  asksEveryHelper?: boolean;
}

/** A managed registry's failure names the registry and ends with a stable code. */
function reasonFor(host: string): RegExp {
  return new RegExp(`${host.replaceAll(".", "\\.")}.*\\[[a-z0-9-]+\\]`);
}

interface Scene {
  bed: Bed;
  puller: Puller;
  /** A new image, named as the client has to name it. */
  publish: (registry: Registry) => Promise<Image>;
  /** A user whose platform secret opens the private registry. `others`: further registries handed to the helper. */
  open: (options?: {
    config?: Record<string, number>;
    others?: Registry[];
  }) => Promise<{ at: Workplace; host: string; account: Account }>;
  mustPull: (at: Workplace, image: Image) => Promise<void>;
}

export function pullScenarios(bed: Bed, puller: Puller): void {
  const hostOf = puller.hostOf ?? ((registry: Registry) => registry.host);
  const scene: Scene = {
    bed,
    puller,
    publish: async (registry) => {
      const image = await registry.publish();
      return { ...image, reference: image.reference.replace(registry.host, hostOf(registry)) };
    },
    open: async ({ config = {}, others = [] } = {}) => {
      const host = hostOf(bed.registry);
      const account = await newAccount(bed.registry);
      const plan = { helped: [host, ...others.map(hostOf)], secrets: { [host]: account.value }, config };
      const { dockerHost } = bed;
      return {
        at: await openWorkplace(dockerHost === undefined ? plan : { ...plan, dockerHost }),
        host,
        account,
      };
    },
    mustPull: async (at, image) => {
      const outcome = await puller.pull(at, image);
      expect(outcome, outcome.said).toMatchObject({ code: 0 });
      expect(image).toMatchObject(await puller.proof(at, image));
    },
  };
  for (const [name, scenario] of Object.entries(scenarios)) test(name, () => scenario(scene));
}

const scenarios: Record<string, (scene: Scene) => Promise<void>> = {
  "a private image arrives with the platform's secret, and not without": async (scene) => {
    const { at } = await scene.open();
    const image = await scene.publish(scene.bed.registry);
    expect(await scene.puller.pull(at.withoutCredentials(), image)).not.toMatchObject({ code: 0 });
    await scene.mustPull(at, image);
    expect(at.platform.journal.count("GetSecretValue")).toBe(1);
  },

  "an unmanaged registry is asked anonymously": async (scene) => {
    const { at } = await scene.open({ others: [scene.bed.open] });
    await scene.mustPull(at, await scene.publish(scene.bed.open));
    const reads = scene.puller.asksEveryHelper === true ? 1 : 0;
    expect(at.platform.journal.count("GetSecretValue")).toBe(reads);
  },

  "with the platform down from the start, the failure is clear": async (scene) => {
    const { at, host } = await scene.open();
    await at.platform.apply({ do: "goDown" });
    const outcome = await scene.puller.pull(at, await scene.publish(scene.bed.registry));
    expect(outcome).not.toMatchObject({ code: 0 });
    if (scene.puller.showsReason) expect(outcome.said).toMatch(reasonFor(host));
    expect(at.stateText()).toContain(host);
  },

  "with the platform down later, the last known secret serves": async (scene) => {
    const { at } = await scene.open({ config: { freshSeconds: 0 } });
    await scene.mustPull(at, await scene.publish(scene.bed.registry));
    await at.platform.apply({ do: "goDown" });
    await scene.mustPull(at, await scene.publish(scene.bed.registry));
  },

  "a changed secret is used as soon as the old one is no longer fresh": async (scene) => {
    const { at, host, account } = await scene.open({ config: { freshSeconds: 1 } });
    await scene.mustPull(at, await scene.publish(scene.bed.registry));
    const changed = await changePassword(scene.bed.registry, account.user);
    await at.setSecret(host, changed.value);
    const image = await scene.publish(scene.bed.registry);
    const attempts: Outcome[] = [];
    await poll(15_000, async () => {
      attempts.push(await scene.puller.pull(at, image));
      return attempts.at(-1)?.code === 0 ? true : undefined;
    });
    expect(attempts.at(-1), attempts.at(-1)?.said).toMatchObject({ code: 0 });
    expect(image).toMatchObject(await scene.puller.proof(at, image));
    expect(at.platform.journal.count("GetSecretValue")).toBe(2);
  },
};
