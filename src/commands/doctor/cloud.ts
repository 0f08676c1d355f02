// The machine's identity at its cloud: which link of the chain answered, whose role or account it is, and on GCE which
// access scopes limit it. Nobody is asked unless a registry takes a token of that cloud.

import { clouds, type Provider, providers } from "../../core/clouds/clouds.ts";
import type { Seen } from "../../core/findings.ts";
import { metadataAccount } from "../../sources/google/account.ts";
import type { Checked, Fact, Json } from "./check.ts";
import { printable } from "./check.ts";
import type { RegistryReport } from "./registry.ts";
import type { Scene } from "./scene.ts";

/** `cloud-platform` holds everything; the storage scope is enough to pull. */
const PULLING_SCOPE =
  /\/auth\/(?:cloud-platform(?:\.read-only)?|devstorage\.(?:read_only|read_write|full_control))$/;

/** What is behind the links that gave a token or keys. */
interface Identity {
  /** Whose it is, for the end of the line. */
  readonly whose: string | undefined;
  readonly details?: readonly string[];
  readonly data: Readonly<Record<string, Json>>;
  readonly seen: readonly Seen[];
}

type Look = (
  links: readonly string[],
  scene: Scene,
  registries: readonly RegistryReport[],
) => Promise<Identity>;

const LOOKS: Readonly<Record<Provider, Look>> = { ecr: atAws, gar: atGoogle };

/** After the registries, whose tokens were made on the way. */
export async function checkCloud(scene: Scene, registries: readonly RegistryReport[]): Promise<Checked> {
  const facts: Fact[] = [];
  const data: Record<string, Json> = {};
  const seen: Seen[] = [];
  for (const provider of providers()) {
    const { name, codes } = clouds()[provider];
    const links = linksIn(scene.steps, new RegExp(`^${codes} identity from (.*): (?:keys|token)$`));
    data[codes] = null;
    if (links.length === 0) continue;
    const from = links.join(", then ");
    const { whose, details, ...found } = await LOOKS[provider](links, scene, registries);
    const value = printable(`from ${from}${whose === undefined ? "" : `, ${whose}`}`);
    facts.push({ name: `${name} identity`, value, ...(details === undefined ? {} : { details }) });
    data[codes] = { from, ...found.data };
    seen.push(...found.seen);
  }
  const nobody = { name: "cloud identity", value: "not needed" };
  return { facts: facts.length === 0 ? [nobody] : facts, data, seen };
}

async function atAws(_links: readonly string[], { steps }: Scene): Promise<Identity> {
  const [role] = linksIn(steps, /\/meta-data\/iam\/security-credentials\/([\w+=,.@-]+): 200$/);
  return { whose: role === undefined ? undefined : `role ${role}`, data: { role: role ?? null }, seen: [] };
}

async function atGoogle(
  links: readonly string[],
  scene: Scene,
  registries: readonly RegistryReport[],
): Promise<Identity> {
  const account = links.includes("the metadata server") ? await accountOf(scene) : undefined;
  const scopes = account?.scopes ?? [];
  return {
    whose: account?.email,
    details: scopes.map((scope) => `scope ${printable(scope)}`),
    data: { email: account?.email ?? null, scopes },
    seen: scopeMissing(scopes, registries),
  };
}

/** What `pattern` finds in the steps, each once, in their order. */
function linksIn(steps: readonly string[], pattern: RegExp): readonly string[] {
  const found = steps.map((step) => pattern.exec(step)?.[1]).filter((link) => link !== undefined);
  return [...new Set(found)];
}

async function accountOf({ remote, context, deadline }: Scene) {
  const http = await remote.http();
  return metadataAccount({ env: context.env, clock: context.clock, deadline, http });
}

function scopeMissing(scopes: readonly string[], registries: readonly RegistryReport[]): readonly Seen[] {
  if (scopes.length === 0 || scopes.some((scope) => PULLING_SCOPE.test(scope))) return [];
  const google = registries.filter(({ registry }) => /(?:^|\.)gcr\.io$|\.pkg\.dev$/.test(registry));
  return google.map(({ registry }) => ({
    code: "google-scope-missing",
    severity: "error",
    subject: registry,
    message: `the access scopes of this VM do not include cloud-platform, so its token may not pull (it has ${scopes.map((scope) => printable(scope.replace(/^.*\/auth\//, ""))).join(", ")})`,
    remedy: "stop the VM and run gcloud compute instances set-service-account VM --scopes cloud-platform",
  }));
}
