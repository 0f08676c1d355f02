// Where the shared AWS files are. No SDK: the cache key needs it.

import { joinPath } from "../../core/paths.ts";
import { variable } from "../cloud/variable.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** Named as the SDK's loader wants them; undefined without a home directory and without the variables. */
export interface SharedFiles {
  /** ~/.aws/credentials */
  readonly filepath: string;
  /** ~/.aws/config */
  readonly configFilepath: string;
}

export function sharedFiles(env: Env, home: string | undefined): SharedFiles | undefined {
  const filepath = located(variable(env, "AWS_SHARED_CREDENTIALS_FILE"), "credentials", home);
  const configFilepath = located(variable(env, "AWS_CONFIG_FILE"), "config", home);
  if (filepath === undefined && configFilepath === undefined) return undefined;
  // The loader takes a path that does not exist for an empty file.
  return { filepath: filepath ?? "/dev/null", configFilepath: configFilepath ?? "/dev/null" };
}

function located(named: string | undefined, name: string, home: string | undefined): string | undefined {
  if (named) return home !== undefined && named.startsWith("~/") ? joinPath(home, named.slice(2)) : named;
  return home === undefined ? undefined : joinPath(home, ".aws", name);
}
