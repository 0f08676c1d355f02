// The changes of state that a test or a shell user can ask for, applied to what the platform knows.
// A change that names something unknown must never pass silently: it throws.

import type { FaultScript } from "./fault-script.ts";
import type { Journal } from "./journal.ts";
import { checkChange } from "./known-keys.ts";

import type { PlatformChange } from "./seed.ts";
import type { PlatformState, StoredSecret } from "./state.ts";
import { type EventHub, resourceEvent } from "./watch-events.ts";

/** What a change may touch besides the state. */
export interface ChangeTargets {
  state: PlatformState;
  faults: FaultScript;
  journal: Journal;
  events: EventHub;
  setLatency(latencyMs: number): void;
  goDown(): Promise<void>;
  comeUp(): Promise<void>;
}

type ChangeOf<Do extends PlatformChange["do"]> = Extract<PlatformChange, { do: Do }>;

const doers: { [Do in PlatformChange["do"]]: (t: ChangeTargets, change: ChangeOf<Do>) => unknown } = {
  setValue: ({ state }, change) => setValue(state, change),
  deleteSecret: ({ state }, change) => deleteSecret(state, change),
  removeFromSpec: ({ state }, change) => {
    if (!removeFromSpec(state, state.secret(change.secret), change.environment)) {
      throw new Error(`${change.secret} is in no spec`);
    }
  },
  addSecret: ({ state }, { secret }) => state.addSecret(secret),
  addToken: ({ state }, { token }) => state.tokens.push(token),
  revokeToken: ({ state }, { label }) => revokeToken(state, label),
  fault: ({ faults }, { fault }) => faults.add(fault),
  clearFaults: ({ faults }) => faults.clear(),
  clearJournal: ({ journal }) => journal.clear(),
  setLatency: (targets, { latencyMs }) => targets.setLatency(latencyMs),
  setTier: ({ state }, { organizationTier }) => {
    state.organizationTier = organizationTier;
  },
  setOidc: ({ state }, { oidc }) => {
    state.oidc = oidc;
  },
  event: ({ state, events }, { event, environment }) =>
    events.publish(event, environment ?? state.environments[0]?.id),
  endStreams: ({ events }, { reset }) => events.end(reset ?? false),
  goDown: (targets) => targets.goDown(),
  comeUp: (targets) => targets.comeUp(),
};

export async function applyChange(targets: ChangeTargets, change: PlatformChange): Promise<void> {
  checkChange(change);
  // The table is typed per change; looking one up by a union loses that link.
  const doer = doers[change.do] as (targets: ChangeTargets, change: PlatformChange) => unknown;
  const versions = new Map(targets.state.environments.map(({ id, specVersion }) => [id, specVersion]));
  await doer(targets, change);
  publish(targets, change, versions);
}

/** What the platform tells of a change: no payload, only that something is worth asking for again. */
function publish(
  { state, events }: ChangeTargets,
  change: PlatformChange,
  versions: ReadonlyMap<string, number>,
): void {
  const updated = state.environments.filter(({ id, specVersion }) => versions.get(id) !== specVersion);
  for (const { id } of updated) {
    events.publish(resourceEvent("UPDATE", "ENVIRONMENT", id), id);
  }
  if (change.do === "setValue" || change.do === "deleteSecret") {
    const operation = change.do === "setValue" ? "UPDATE" : "DELETE";
    events.publish(resourceEvent(operation, "SECRET", state.secret(change.secret).id), undefined);
  }
  if (change.do === "addSecret") {
    events.publish(resourceEvent("CREATE", "SECRET", state.secrets.at(-1)?.id ?? ""), undefined);
  }
}

function setValue(state: PlatformState, change: ChangeOf<"setValue">): void {
  const secret = state.secret(change.secret);
  secret.value = change.value;
  secret.updatedAt = laterThan(secret.updatedAt);
  if (change.session === false) {
    return;
  }
  for (const environment of state.environments) {
    for (const entry of environment.entries.filter((candidate) => candidate.secret === secret)) {
      entry.previousSession = entry.session;
      entry.session = change.session ?? nextSession(entry.session);
      entry.sessionInForceAtMs = Date.now() + (change.propagationMs ?? 0);
      environment.specVersion += 1;
    }
  }
}

/** Now, but always after `before`: list mode knows a change by this time alone. */
function laterThan(before: string): string {
  return new Date(Math.max(Date.now(), Date.parse(before) + 1)).toISOString();
}

function nextSession(session: string): string {
  const [, stem, count] = /^(.*)\.(\d+)$/.exec(session) ?? [undefined, session, "0"];
  return `${stem}.${Number(count) + 1}`;
}

function deleteSecret(state: PlatformState, change: ChangeOf<"deleteSecret">): void {
  const secret = state.secret(change.secret);
  secret.listed = false;
  secret.readable = change.keepValue ?? false;
  if (change.keepInSpec !== true) {
    removeFromSpec(state, secret, undefined);
  }
}

function removeFromSpec(
  state: PlatformState,
  secret: StoredSecret,
  environmentId: string | undefined,
): boolean {
  let removed = false;
  for (const environment of state.environments) {
    const kept = environment.entries.filter((entry) => entry.secret !== secret);
    const isMeant = environmentId === undefined || environment.id === environmentId;
    if (isMeant && kept.length < environment.entries.length) {
      environment.entries = kept;
      environment.specVersion += 1;
      removed = true;
    }
  }
  return removed;
}

function revokeToken(state: PlatformState, label: string): void {
  const index = state.tokens.findIndex((token) => token.label === label);
  if (index < 0) {
    throw new Error(`no token called ${label}`);
  }
  state.tokens.splice(index, 1);
}
