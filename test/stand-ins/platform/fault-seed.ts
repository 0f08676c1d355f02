// The faults that can be scripted, as plain JSON: which calls one hits, and what happens to them.
// Types only; the first scripted fault that matches a call decides it.

import type { JsonValue, PrincipalKind, ScopeKind } from "./seed.ts";

export type MethodName =
  | "ListSecrets"
  | "GetSecretValue"
  | "GetEnvironment"
  | "GetAuthenticatedIdentity"
  | "GetIDToken"
  | "GetRunner"
  | "WatchEvents";

export type ConnectCode =
  | "canceled"
  | "unknown"
  | "invalid_argument"
  | "deadline_exceeded"
  | "not_found"
  | "already_exists"
  | "permission_denied"
  | "resource_exhausted"
  | "failed_precondition"
  | "aborted"
  | "out_of_range"
  | "unimplemented"
  | "internal"
  | "unavailable"
  | "data_loss"
  | "unauthenticated";

/** Which calls. All given conditions must hold; calls are counted from 1 per fault, among those that match. */
export interface FaultMatch {
  /** Absent: every method. */
  method?: MethodName;
  /** Only these of the matching calls. */
  nth?: number | number[];
  /** Only the first so many of the matching calls. */
  times?: number;
  /** Label of the token used. */
  token?: string;
  principal?: PrincipalKind;
  /** ListSecrets with this scope in its filter. */
  scope?: ScopeKind;
  /** GetSecretValue of this secret (name or id). */
  secret?: string;
}

export type FaultKind =
  /** A Connect error body with its status. */
  | { kind: "error"; code: ConnectCode; message?: string; status?: number; details?: JsonValue[] }
  /** 429. Each hint is given only if named; `retryInfoMs` 0 or negative makes an unusable one. */
  | {
      kind: "rateLimit";
      retryInfoMs?: number;
      /** Also the readable form beside the encoded one. */
      debug?: boolean;
      /** Replaces the encoded detail, to make it undecodable. */
      retryInfoValue?: string;
      headers?: Record<string, string>;
    }
  /** Any answer at all. Content type defaults by body: json, html, or none. */
  | {
      kind: "answer";
      status: number;
      json?: JsonValue;
      html?: string;
      text?: string;
      contentType?: string;
      headers?: Record<string, string>;
    }
  /** Default 307. `same` is the same host and path again (and then no longer redirected if `times` says so). */
  | { kind: "redirect"; status?: number; to: "same" | "foreign" | (string & {}) }
  /** Headers come after the delay; `hang` never answers. */
  | { kind: "slowHeaders"; delayMs: number }
  | { kind: "hang" }
  /** Headers and half of the body at once, the rest after the delay; `hangBody` never sends the rest. */
  | { kind: "slowBody"; delayMs: number }
  | { kind: "hangBody" }
  | { kind: "drip"; bytes: number; everyMs: number }
  /** Connection reset before the headers, or after half of the body. */
  | { kind: "reset"; at: "headers" | "body" }
  /** The body ends short of its Content-Length. */
  | { kind: "truncate" }
  /** The usual answer, compressed whether asked for or not. */
  | { kind: "gzip" }
  /** 200 with so many bytes of valid JSON; `gzip` makes a bomb of it. `chunked` leaves Content-Length out. */
  | { kind: "huge"; bytes: number; gzip?: boolean; chunked?: boolean }
  /** 200 `text/html` login page, as a proxy would send. */
  | { kind: "loginPage" };

export type FaultSeed = FaultMatch & FaultKind;
