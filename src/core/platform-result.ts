// What the platform says of a registry, as the policy sees it.

import type { Outcome } from "./candidate.ts";
import type { Scope } from "./config.ts";
import type { Failure } from "./failures.ts";
import type { Credential } from "./secret.ts";

/** One secret that could answer for a registry, and what became of it. It holds no value. */
export interface Considered {
  readonly id: string;
  readonly name: string;
  /** Undefined: none given, or one we do not know. */
  readonly scope: Scope | undefined;
  /** `unread`: its value was not needed, or is not known any more. */
  readonly outcome: Outcome | "unread";
  /** Why it is refused, missing or bad; undefined for any other, and for what only the cache still knows. */
  readonly reason: string | undefined;
  readonly won: boolean;
}

interface Told {
  /** When the platform was asked, in milliseconds since 1970. */
  readonly atMs: number;
  /** True for an older answer that stands in while the platform cannot be asked. */
  readonly stale?: true;
  /** Best first; undefined for an answer out of the cache. */
  readonly considered?: readonly Considered[] | undefined;
}

export type PlatformAnswer =
  | (Told & { readonly kind: "credential"; readonly credential: Credential })
  | (Told & { readonly kind: "native" | "none" });

/** `failed`: `managed` tells whether a secret is known to be there. */
export type PlatformResult =
  | PlatformAnswer
  | {
      readonly kind: "failed";
      readonly failure: Failure;
      readonly managed: boolean;
      readonly considered?: readonly Considered[] | undefined;
    };
