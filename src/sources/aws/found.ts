// What a source of AWS keys says: here they are, or there are none here, and why. A source that has an
// identity which is refused or cannot be used throws instead: another identity must not step in silently.

import type { Failure } from "../../core/failures.ts";
import type { AwsKeys } from "./keys.ts";

export type Found =
  | { readonly kind: "keys"; readonly keys: AwsKeys }
  /** `isConclusive`: it was AWS's own server that said so, or it kept silent; this is no machine of another cloud. */
  | { readonly kind: "none"; readonly reason?: Failure; readonly isConclusive?: boolean };

export const found = (keys: AwsKeys): Found => ({ kind: "keys", keys });

export function none(reason?: Failure, isConclusive = false): Found {
  return reason === undefined ? { kind: "none" } : { kind: "none", reason, isConclusive };
}
