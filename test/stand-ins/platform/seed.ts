// What a stand-in platform can be told, as plain JSON: its starting state, changes to it, and faults.
// Types only, so that transcripts and shell users can write the same words; it must never hold behaviour.

import type { FaultSeed } from "./fault-seed.ts";

export type PrincipalKind = "environment" | "user" | "serviceAccount" | "runner" | "account" | "none";
export type ScopeKind = "user" | "serviceAccount" | "project" | "organization" | "runner" | "none";
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

export interface TokenSeed {
  /** The name under which the journal speaks of this token. */
  label: string;
  /** The Bearer text. */
  token: string;
  principal: PrincipalKind;
  /** Subject id; default: the well-known id of that kind of principal. */
  id?: string;
}

export interface SecretSeed {
  name: string;
  /** What GetSecretValue answers. Handed out as it is, so base64 and plain are up to the test. */
  value: string;
  /** UUID; default `secretId(n)` for the nth secret of the seed. */
  id?: string;
  /** Mount as a container registry secret; the text is stored as written. */
  host?: string;
  /** Other mounts; exactly one of these and `host`. With none of them the secret is `apiOnly`. */
  apiOnly?: true;
  filePath?: string;
  environmentVariable?: string;
  gitCredentialHost?: string;
  /** Default `project`. `runner` is in the spec only; `none` leaves the scope field out. */
  scope?: ScopeKind;
  /** Id inside the scope; default: the well-known one. */
  scopeId?: string;
  session?: string;
  createdAt?: string;
  updatedAt?: string;
  /** Default: in the spec of every environment. A list names the environments. */
  inSpec?: boolean | string[];
  /** Id of the spec entry when it differs from the secret's id. */
  entryId?: string;
  /** `sourceRef` of the spec entry when it differs from the secret's id (`""` leaves it out). */
  sourceRef?: string;
  /** `source` of the spec entry; default `runner` for scope runner, else `control-plane`. */
  source?: string;
  credentialProxy?: { targetHosts: string[]; header: string };
  oidcJfrog?: { host: string; providerName: string };
  /** Fields laid over the spec entry as it goes out: unknown keys, odd enum values, hostile types. */
  entryExtra?: Record<string, JsonValue>;
  /** The same for the secret in ListSecrets. */
  listExtra?: Record<string, JsonValue>;
}

export interface EnvironmentSeed {
  id?: string;
  name?: string;
  /** `null`: an environment from scratch, without project. */
  projectId?: string | null;
  organizationId?: string;
  runnerId?: string;
  creator?: { principal: PrincipalKind; id: string };
  role?: "DEFAULT" | "PREBUILD" | "WORKFLOW";
  remoteUser?: string;
  /** Fields laid over the whole environment as it goes out. */
  extra?: Record<string, JsonValue>;
}

export interface RunnerSeed {
  id?: string;
  name?: string;
  provider?: string;
  region?: string;
  capabilities?: string[];
}

export interface PlatformSeed {
  /** Default: one per kind, `env-token`, `user-token`, `service-account-token`, `runner-token`, … */
  tokens?: TokenSeed[];
  secrets?: SecretSeed[];
  /** Default: one environment, `ids.environment`, in `ids.project`, made by `ids.user`. */
  environments?: EnvironmentSeed[];
  runners?: RunnerSeed[];
  faults?: FaultSeed[];
  /** Default `enterprise`; any other text refuses organization secrets and ID tokens. */
  organizationTier?: string;
  /** Added to every answer. */
  latencyMs?: number;
  /** ListSecrets hands out the first page and one and the same token for ever. */
  repeatPageToken?: boolean;
  /** Which id of a spec entry GetSecretValue accepts; default `sourceRef`. */
  valueBy?: "sourceRef" | "entryId";
  /** How a method that the stand-in does not have is refused; default `bare404`. */
  unknownMethods?: "bare404" | "unimplemented";
  oidc?: OidcSeed;
  /** When the headers of an event stream go out; `first-event`: with the first event. Default `at-once`. */
  eventHeaders?: "at-once" | "first-event";
}

export interface OidcSeed {
  /** Shape of the claims; default `v3`. */
  version?: "v2" | "v3";
  /** Default 3600. */
  lifetimeSeconds?: number;
  /** Default: the stand-in's own origin, where the discovery document is served. */
  issuer?: string;
  /** `sub` and further claims laid over the usual ones. */
  claims?: Record<string, JsonValue>;
}

/** A change of state. `secret` is a name (if only one secret has it) or an id. */
export type PlatformChange =
  | {
      do: "setValue";
      secret: string;
      value: string;
      /** Default: a new session. `false`: the session stays, as no platform should do. */
      session?: string | false;
      /** How long `status.session` lags behind `spec.session`; default 0. */
      propagationMs?: number;
    }
  | { do: "deleteSecret"; secret: string; keepInSpec?: boolean; keepValue?: boolean }
  | { do: "removeFromSpec"; secret: string; environment?: string }
  | { do: "addSecret"; secret: SecretSeed }
  | { do: "addToken"; token: TokenSeed }
  | { do: "revokeToken"; label: string }
  | { do: "fault"; fault: FaultSeed }
  | { do: "clearFaults" }
  | { do: "clearJournal" }
  | { do: "setLatency"; latencyMs: number }
  | { do: "setTier"; organizationTier: string }
  | { do: "setOidc"; oidc: OidcSeed }
  /** An event for everybody who watches that environment (default: the first); its fields go out as they are. */
  | { do: "event"; event: Record<string, JsonValue>; environment?: string }
  /** Ends every open event stream; `reset` tears it down instead. */
  | { do: "endStreams"; reset?: boolean }
  /** The port refuses connections until `comeUp`; open ones are reset. */
  | { do: "goDown" }
  | { do: "comeUp" };
