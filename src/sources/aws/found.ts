// What a place where AWS keys may be says: here they are, or there are none here, and why. A place that has an
// identity and is refused throws instead: another identity must not step in silently.

import type { Failure } from "../../core/failures.ts";
import type { AwsKeys } from "./keys.ts";

export type Found =
  | { readonly kind: "keys"; readonly keys: AwsKeys }
  | { readonly kind: "none"; readonly reason?: Failure };

export const found = (keys: AwsKeys): Found => ({ kind: "keys", keys });
export const none = (reason?: Failure): Found =>
  reason === undefined ? { kind: "none" } : { kind: "none", reason };
