// What the stand-in platform knows at a moment: tokens, secrets, environments with their specs.
// It must never lose the difference between a secret and its entry in a spec: the two live and die apart.

import { ids, secretId } from "./ids.ts";
import type {
  EnvironmentSeed,
  OidcSeed,
  PlatformSeed,
  PrincipalKind,
  RunnerSeed,
  ScopeKind,
  SecretSeed,
  TokenSeed,
} from "./seed.ts";

export interface StoredSecret {
  readonly id: string;
  readonly seed: SecretSeed;
  readonly scope: ScopeKind;
  readonly scopeId: string;
  value: string;
  updatedAt: string;
  /** False after a deletion. */
  listed: boolean;
  /** False after a deletion that did not keep the value. */
  readable: boolean;
}

export interface SpecEntry {
  readonly id: string;
  readonly sourceRef: string;
  readonly secret: StoredSecret;
  session: string;
  /** What the environment reports until `sessionInForceAtMs`. */
  previousSession: string;
  sessionInForceAtMs: number;
}

export interface StoredEnvironment {
  readonly id: string;
  readonly seed: EnvironmentSeed;
  entries: SpecEntry[];
  specVersion: number;
}

const subjectIds: Record<PrincipalKind, string> = {
  environment: ids.environment,
  user: ids.user,
  serviceAccount: ids.serviceAccount,
  runner: ids.runner,
  account: ids.account,
  none: "",
};

const scopeIds: Record<ScopeKind, string> = {
  user: ids.user,
  serviceAccount: ids.serviceAccount,
  project: ids.project,
  organization: ids.organization,
  runner: ids.runner,
  none: "",
};

/** The tokens of a world that names none. */
export const defaultTokens: TokenSeed[] = [
  { label: "environment", token: "env-token", principal: "environment" },
  { label: "user", token: "user-token", principal: "user" },
  { label: "service-account", token: "service-account-token", principal: "serviceAccount" },
  { label: "runner", token: "runner-token", principal: "runner" },
  { label: "account", token: "account-token", principal: "account" },
  { label: "nobody", token: "nobody-token", principal: "none" },
];

export function subjectId(token: TokenSeed): string {
  return token.id ?? subjectIds[token.principal];
}

export class PlatformState {
  readonly tokens: TokenSeed[];
  readonly secrets: StoredSecret[] = [];
  readonly environments: StoredEnvironment[];
  readonly runners: RunnerSeed[];
  readonly repeatPageToken: boolean;
  readonly valueBy: "sourceRef" | "entryId";
  organizationTier: string;
  oidc: OidcSeed;

  constructor(seed: PlatformSeed) {
    this.tokens = [...(seed.tokens ?? defaultTokens)];
    this.environments = (seed.environments ?? [{}]).map((environment) => ({
      id: environment.id ?? ids.environment,
      seed: environment,
      entries: [],
      specVersion: 1,
    }));
    this.runners = seed.runners ?? [{}];
    this.repeatPageToken = seed.repeatPageToken ?? false;
    this.valueBy = seed.valueBy ?? "sourceRef";
    this.organizationTier = seed.organizationTier ?? "enterprise";
    this.oidc = seed.oidc ?? {};
    for (const secret of seed.secrets ?? []) {
      this.addSecret(secret);
    }
  }

  addSecret(seed: SecretSeed): void {
    const n = this.secrets.length + 1;
    const scope = seed.scope ?? "project";
    const secret: StoredSecret = {
      id: seed.id ?? secretId(n),
      seed,
      scope,
      scopeId: seed.scopeId ?? scopeIds[scope],
      value: seed.value,
      updatedAt: seed.updatedAt ?? "2026-01-03T03:04:05.120Z",
      listed: scope !== "runner",
      readable: true,
    };
    if (this.secrets.some((other) => other.id === secret.id)) {
      throw new Error(`two secrets with the id ${secret.id}`);
    }
    this.secrets.push(secret);
    const session = seed.session ?? `s-${n}`;
    for (const environment of this.environments.filter(({ id }) => isInSpec(seed, id))) {
      environment.entries.push(specEntry(secret, session));
      environment.specVersion += 1;
    }
  }

  /** The one secret with that id or name; deleted ones are still found, by id or name, for their spec entries. */
  secret(nameOrId: string): StoredSecret {
    const byId = this.secrets.find(({ id }) => id === nameOrId);
    const named = this.secrets.filter(({ seed }) => seed.name === nameOrId);
    const living = named.filter(({ listed, readable }) => listed || readable);
    const candidates = byId === undefined ? (living.length > 0 ? living : named) : [byId];
    const [secret, another] = candidates;
    if (secret === undefined || another !== undefined) {
      throw new Error(`${secret === undefined ? "no secret" : "several secrets"} called ${nameOrId}`);
    }
    return secret;
  }
}

function isInSpec(seed: SecretSeed, environmentId: string): boolean {
  return Array.isArray(seed.inSpec) ? seed.inSpec.includes(environmentId) : (seed.inSpec ?? true);
}

function specEntry(secret: StoredSecret, session: string): SpecEntry {
  const { seed, id, scope } = secret;
  return {
    id: seed.entryId ?? id,
    sourceRef: seed.sourceRef ?? (scope === "runner" ? `runner-ref-${seed.name}` : id),
    secret,
    session,
    previousSession: session,
    sessionInForceAtMs: 0,
  };
}
