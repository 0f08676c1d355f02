// Fetches credentials ahead, so that the first pull finds them in the cache. Never into the cache below the home directory:
// a prebuild's snapshot would carry it into other environments.

import type { Warning } from "./core/configure-report.ts";
import type { RegistryRef } from "./core/registry.ts";
import { sideBySide } from "./edge/side-by-side.ts";
import type { Local } from "./local.ts";
import type { Remote } from "./remote.ts";
import { resolveCredential } from "./resolve.ts";
import { ensurePrivateDir } from "./store/private-dir.ts";

/** Some of them wait for a cloud while others wait for the platform. */
const AT_ONCE = 8;

export interface Prefetched {
  /** Those whose credential is at hand now. */
  readonly registries: readonly string[];
  readonly warnings: readonly Warning[];
}

export async function prefetch(
  refs: readonly RegistryRef[],
  local: Local,
  remote: Remote,
): Promise<Prefetched> {
  const obstacle = prefetchObstacle(local);
  if (obstacle !== undefined) return { registries: [], warnings: [obstacle] };
  const results = await sideBySide(refs, AT_ONCE, async (ref) => ({
    ref,
    resolution: await resolveCredential(ref, local, remote),
  }));
  const warnings = results.flatMap(({ ref, resolution }): readonly Warning[] => {
    if (resolution.kind !== "failed" && resolution.kind !== "anonymous") return [];
    const { code, message, hint } = resolution.failure;
    return [{ code, message: `${ref.key} was not fetched: ${message}`, remedy: hint }];
  });
  const found = results.filter(({ resolution }) => resolution.kind === "found");
  return { registries: found.map(({ ref }) => ref.key).toSorted(), warnings };
}

/** Why no credential may be fetched ahead of its need. */
export function prefetchObstacle(local: Local): Warning | undefined {
  const dir = cacheDirectory(local);
  if (dir === undefined) {
    const message = "nothing was fetched ahead: there is no cache";
    const remedy = "unset DOCKER_CREDENTIAL_ONA_NO_CACHE, or see docker-credential-ona doctor";
    return { code: "prefetch-without-cache", message, remedy };
  }
  if (!isBelowHome(dir, local)) return undefined;
  return {
    code: "prefetch-into-home",
    message: `nothing was fetched ahead: the cache, ${dir}, lies on disk, and a prebuild's snapshot would carry it into other environments`,
    remedy: "mount a tmpfs at /dev/shm, or set XDG_RUNTIME_DIR",
  };
}

/** The directory in use: the first that is usable. */
function cacheDirectory({ context, directories }: Local): string | undefined {
  return directories.cache.find(({ dir, parents }) => ensurePrivateDir(dir, context.uid, parents))?.dir;
}

/** A directory that was named is where its user wants it; of the usual ones only the last lies on disk. */
function isBelowHome(dir: string, { context, directories }: Local): boolean {
  if (context.env.DOCKER_CREDENTIAL_ONA_CACHE_DIR) return false;
  return directories.cache.some((place) => place.parents && place.dir === dir);
}
