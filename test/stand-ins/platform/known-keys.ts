// Checks JSON that people write for the stand-in: a mistyped key is an error, not a silently different test.
// It must only be used on what people write; what goes over the wire has its own rules.

import type { FaultKind, FaultMatch } from "./fault-seed.ts";
import type {
  EnvironmentSeed,
  PlatformChange,
  PlatformSeed,
  RunnerSeed,
  SecretSeed,
  TokenSeed,
} from "./seed.ts";

type KeysOf<T> = { [Key in keyof Required<T>]: true };
type VariantKeys<T, Tag extends keyof T> = {
  [Value in T[Tag] & string]: KeysOf<Omit<Extract<T, Record<Tag, Value>>, Tag>>;
};

const seedKeys: KeysOf<PlatformSeed> = {
  tokens: true,
  secrets: true,
  environments: true,
  runners: true,
  faults: true,
  organizationTier: true,
  latencyMs: true,
  repeatPageToken: true,
  valueBy: true,
  unknownMethods: true,
  oidc: true,
  eventHeaders: true,
};

const tokenKeys: KeysOf<TokenSeed> = { label: true, token: true, principal: true, id: true };

const secretKeys: KeysOf<SecretSeed> = {
  name: true,
  value: true,
  id: true,
  host: true,
  apiOnly: true,
  filePath: true,
  environmentVariable: true,
  gitCredentialHost: true,
  scope: true,
  scopeId: true,
  session: true,
  createdAt: true,
  updatedAt: true,
  inSpec: true,
  entryId: true,
  sourceRef: true,
  source: true,
  credentialProxy: true,
  oidcJfrog: true,
  entryExtra: true,
  listExtra: true,
};

const environmentKeys: KeysOf<EnvironmentSeed> = {
  id: true,
  name: true,
  projectId: true,
  organizationId: true,
  runnerId: true,
  creator: true,
  role: true,
  remoteUser: true,
  extra: true,
};

const runnerKeys: KeysOf<RunnerSeed> = {
  id: true,
  name: true,
  provider: true,
  region: true,
  capabilities: true,
};

const matchKeys: KeysOf<FaultMatch> = {
  method: true,
  nth: true,
  times: true,
  token: true,
  principal: true,
  scope: true,
  secret: true,
};

const faultKeys: VariantKeys<FaultKind, "kind"> = {
  error: { code: true, message: true, status: true, details: true },
  rateLimit: { retryInfoMs: true, debug: true, retryInfoValue: true, headers: true },
  answer: { status: true, json: true, html: true, text: true, contentType: true, headers: true },
  redirect: { status: true, to: true },
  slowHeaders: { delayMs: true },
  hang: {},
  slowBody: { delayMs: true },
  hangBody: {},
  drip: { bytes: true, everyMs: true },
  reset: { at: true },
  truncate: {},
  gzip: {},
  huge: { bytes: true, gzip: true, chunked: true },
  loginPage: {},
};

const changeKeys: VariantKeys<PlatformChange, "do"> = {
  setValue: { secret: true, value: true, session: true, propagationMs: true },
  deleteSecret: { secret: true, keepInSpec: true, keepValue: true },
  removeFromSpec: { secret: true, environment: true },
  addSecret: { secret: true },
  addToken: { token: true },
  revokeToken: { label: true },
  fault: { fault: true },
  clearFaults: {},
  clearJournal: {},
  setLatency: { latencyMs: true },
  setTier: { organizationTier: true },
  setOidc: { oidc: true },
  event: { event: true, environment: true },
  endStreams: { reset: true },
  goDown: {},
  comeUp: {},
};

function requireKeys(what: string, value: object, known: object): void {
  const unknown = Object.keys(value).filter((key) => !Object.hasOwn(known, key));
  if (unknown.length > 0) {
    throw new Error(`${what}: unknown key ${unknown.join(", ")}; known: ${Object.keys(known).join(" ")}`);
  }
}

export function checkSeed(seed: PlatformSeed): void {
  requireKeys("seed", seed, seedKeys);
  for (const token of seed.tokens ?? []) {
    requireKeys("token", token, tokenKeys);
  }
  for (const secret of seed.secrets ?? []) {
    requireKeys("secret", secret, secretKeys);
  }
  for (const environment of seed.environments ?? []) {
    requireKeys("environment", environment, environmentKeys);
  }
  for (const runner of seed.runners ?? []) {
    requireKeys("runner", runner, runnerKeys);
  }
  for (const fault of seed.faults ?? []) {
    checkFault(fault);
  }
}

function checkFault(fault: FaultMatch & FaultKind): void {
  if (!Object.hasOwn(faultKeys, fault.kind)) {
    throw new Error(`unknown fault ${String(fault.kind)}; known: ${Object.keys(faultKeys).join(" ")}`);
  }
  requireKeys(`fault ${fault.kind}`, fault, { kind: true, ...matchKeys, ...faultKeys[fault.kind] });
}

export function checkChange(change: PlatformChange): void {
  if (!Object.hasOwn(changeKeys, change.do)) {
    throw new Error(`unknown change ${String(change.do)}; known: ${Object.keys(changeKeys).join(" ")}`);
  }
  requireKeys(`change ${change.do}`, change, { do: true, ...changeKeys[change.do] });
  if (change.do === "addSecret") {
    requireKeys("secret", change.secret, secretKeys);
  }
  if (change.do === "addToken") {
    requireKeys("token", change.token, tokenKeys);
  }
  if (change.do === "fault") {
    checkFault(change.fault);
  }
}
