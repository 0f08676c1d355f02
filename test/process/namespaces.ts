// Whether tests may replace parts of the file system in a mount namespace of their own: needs root.

import { spawnSync } from "node:child_process";

const TRIAL = "mount --make-rprivate / && mount -t tmpfs none /mnt";

export const hasNamespaces: boolean =
  process.getuid?.() === 0 && spawnSync("unshare", ["-m", "sh", "-c", TRIAL]).status === 0;

if (!hasNamespaces) console.log("no mount namespaces here: what needs them is not tested");
