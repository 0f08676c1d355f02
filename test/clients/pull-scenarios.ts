// What has to hold for every client that fetches a private image through the helper, whatever its name.
// A pull counts only with proof: digest or content of what arrived, and the same pull fails without a credential.

import { expect, test } from "vitest";
import type { Bed } from "./bed.ts";
import type { Image } from "./images.ts";
import { poll } from "./poll.ts";
import type { Registry } from "./registry.ts";
import type { Outcome } from "./run.ts";
import { changePassword, newAccount, openWorkplace, type Workplace } from "./workplace.ts";

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
export function reasonFor(host: string): RegExp {
  return new RegExp(`${host.replaceAll(".", "\\.")}.*\\[[a-z0-9-]+\\]`);
}

export function pullScenarios(bed: Bed, puller: Puller): void {
  const hostOf = puller.hostOf ?? ((registry: Registry) => registry.host);
  const publish = async (registry: Registry): Promise<Image> => {
    const image = await registry.publish();
    return { ...image, reference: image.reference.replace(registry.host, hostOf(registry)) };
  };
  const open = async (config: Record<string, number> = {}) => {
    const host = hostOf(bed.registry);
    const account = await newAccount(bed.registry);
    const dockerHost = bed.dockerHost;
    const at = await openWorkplace({
      helped: [host, hostOf(bed.open)],
      secrets: { [host]: account.value },
      config,
      ...(dockerHost === undefined ? {} : { dockerHost }),
    });
    return { at, host, account };
  };
  const mustPull = async (at: Workplace, image: Image) => {
    const outcome = await puller.pull(at, image);
    expect(outcome, outcome.said).toMatchObject({ code: 0 });
    expect(image).toMatchObject(await puller.proof(at, image));
  };

  test("a private image arrives with the platform's secret, and not without", async () => {
    const { at } = await open();
    const image = await publish(bed.registry);
    expect(await puller.pull(at.withoutCredentials(), image)).not.toMatchObject({ code: 0 });
    await mustPull(at, image);
    expect(at.platform.journal.count("GetSecretValue")).toBe(1);
  });

  test("an unmanaged registry is asked anonymously", async () => {
    const { at } = await open();
    await mustPull(at, await publish(bed.open));
    expect(at.platform.journal.count("GetSecretValue")).toBe(puller.asksEveryHelper === true ? 1 : 0);
  });

  test("with the platform down from the start, the failure is clear", async () => {
    const { at, host } = await open();
    await at.platform.apply({ do: "goDown" });
    const outcome = await puller.pull(at, await publish(bed.registry));
    expect(outcome).not.toMatchObject({ code: 0 });
    if (puller.showsReason) expect(outcome.said).toMatch(reasonFor(host));
    expect(at.stateText()).toContain(host);
  });

  test("with the platform down later, the last known secret serves", async () => {
    const { at } = await open({ freshSeconds: 0 });
    await mustPull(at, await publish(bed.registry));
    await at.platform.apply({ do: "goDown" });
    await mustPull(at, await publish(bed.registry));
  });

  test("a changed secret is used as soon as the old one is no longer fresh", async () => {
    const { at, host, account } = await open({ freshSeconds: 1 });
    await mustPull(at, await publish(bed.registry));
    const changed = await changePassword(bed.registry, account.user);
    await at.setSecret(host, changed.value);
    const image = await publish(bed.registry);
    const attempts: Outcome[] = [];
    await poll(15_000, async () => {
      attempts.push(await puller.pull(at, image));
      return attempts.at(-1)?.code === 0 ? true : undefined;
    });
    expect(attempts.at(-1), attempts.at(-1)?.said).toMatchObject({ code: 0 });
    expect(image).toMatchObject(await puller.proof(at, image));
    expect(at.platform.journal.count("GetSecretValue")).toBe(2);
  });
}
