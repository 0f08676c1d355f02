// What the user can change so that a question that failed may succeed: then a failure of a moment ago is none any more. It
// is read only where a failure is kept or looked for, never by a warm answer.

import { statSync } from "node:fs";
import type { Config } from "../../core/config.ts";
import { setting } from "../../core/setting.ts";
import { CA_VARIABLES, SYSTEM_BUNDLES } from "../../edge/ca-files.ts";
import { textHash } from "../../store/credential-hash.ts";
import type { TokenSource } from "./token-sources.ts";

const VARIABLES = [
  ...["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"],
  "DOCKER_CREDENTIAL_ONA_DEADLINE_MS",
];

/** What one run, or one round of a run that repeats, was given. */
export interface Settings {
  readonly context: { readonly env: Readonly<Record<string, string | undefined>> };
  readonly config: Config;
  readonly tokenSources: readonly TokenSource[];
}

/** Files are looked at once for each. */
const known = new WeakMap<Settings, string>();

/** A hash: proxies and tokens hold secrets. */
export function settingsFingerprint(settings: Settings): string {
  const fingerprint = known.get(settings) ?? newFingerprint(settings);
  known.set(settings, fingerprint);
  return fingerprint;
}

function newFingerprint({ context: { env }, config, tokenSources }: Settings): string {
  const files = CA_VARIABLES.map((name) => [env[name] ?? null, stampOf(setting(env[name]))]);
  const tokens = tokenSources.filter((source) => source.isPresent()).map((source) => source.fingerprint());
  const variables = VARIABLES.map((name) => env[name] ?? null);
  return textHash(JSON.stringify([variables, files, SYSTEM_BUNDLES.map(stampOf), tokens, config]));
}

/** Size and time of a file, so that one that was repaired in its place counts as another. */
function stampOf(path: string | undefined): string {
  if (!path) return "";
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? "none" : `${stat.size} ${stat.mtimeMs}`;
  } catch {
    return "none";
  }
}
