// proper-lockfile with named exports, so that it can be loaded when it is needed.

import lockfile from "proper-lockfile";

export const lockSync = lockfile.lockSync;
