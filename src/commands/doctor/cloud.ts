// The machine's identity at its cloud: which link of the chain answered, whose role or account it is, and on GCE which
// access scopes limit it. Nobody is asked unless a registry takes a token of that cloud.

import type { Seen } from "../../core/findings.ts";
import { metadataAccount } from "../../sources/google/account.ts";
import type { Checked, Fact } from "./check.ts";
import { printable } from "./check.ts";
import type { RegistryReport } from "./registry.ts";
import type { Scene } from "./scene.ts";

/** `cloud-platform` holds everything; the storage scope is enough to pull. */
const PULLING_SCOPE =
  /\/auth\/(?:cloud-platform(?:\.read-only)?|devstorage\.(?:read_only|read_write|full_control))$/;

/** After the registries, whose tokens were made on the way. */
export async function checkCloud(scene: Scene, registries: readonly RegistryReport[]): Promise<Checked> {
  const aws = linksIn(scene.steps, /^aws identity from (.*): keys$/);
  const google = linksIn(scene.steps, /^google identity from (.*): token$/);
  const role = linksIn(scene.steps, /\/meta-data\/iam\/security-credentials\/([\w+=,.@-]+): 200$/)[0];
  const account = google.includes("the metadata server") ? await accountOf(scene) : undefined;
  const facts: Fact[] = [
    ...(aws.length === 0
      ? []
      : [
          {
            name: "AWS identity",
            value: printable(`from ${aws.join(", then ")}${role === undefined ? "" : `, role ${role}`}`),
          },
        ]),
    ...(google.length === 0
      ? []
      : [
          {
            name: "Google identity",
            value: printable(
              `from ${google.join(", then ")}${account?.email === undefined ? "" : `, ${account.email}`}`,
            ),
            details: (account?.scopes ?? []).map((scope) => `scope ${printable(scope)}`),
          },
        ]),
  ];
  return {
    facts: facts.length === 0 ? [{ name: "cloud identity", value: "not needed" }] : facts,
    data: {
      aws: aws.length === 0 ? null : { from: aws.join(", then "), role: role ?? null },
      google:
        google.length === 0
          ? null
          : {
              from: google.join(", then "),
              email: account?.email ?? null,
              scopes: [...(account?.scopes ?? [])],
            },
    },
    seen: scopeMissing(account?.scopes, registries),
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

function scopeMissing(
  scopes: readonly string[] | undefined,
  registries: readonly RegistryReport[],
): readonly Seen[] {
  if (scopes === undefined || scopes.length === 0 || scopes.some((scope) => PULLING_SCOPE.test(scope)))
    return [];
  const google = registries.filter(({ registry }) => /(?:^|\.)gcr\.io$|\.pkg\.dev$/.test(registry));
  return google.map(({ registry }) => ({
    code: "google-scope-missing",
    severity: "error",
    subject: registry,
    message: `the access scopes of this VM do not include cloud-platform, so its token may not pull (it has ${scopes.map((scope) => printable(scope.replace(/^.*\/auth\//, ""))).join(", ")})`,
    remedy: "stop the VM and run gcloud compute instances set-service-account VM --scopes cloud-platform",
  }));
}
