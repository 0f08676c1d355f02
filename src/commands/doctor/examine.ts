// All checks of one run, side by side, within one limit: what does not come in time is a finding, and the rest is shown.

import { type Finding, ranked, type Seen } from "../../core/findings.ts";
import { parseRegistry, type RegistryRef } from "../../core/registry.ts";
import type { AuthFile } from "../../docker/auth-files.ts";
import { listedRegistries } from "../../sources/platform/known-secrets.ts";
import { lastLoginMs } from "../../store/lapsed-login.ts";
import { localLogins } from "../../store/logins.ts";
import { type Checked, printable } from "./check.ts";
import { checkCloud } from "./cloud.ts";
import { checkConfiguration } from "./configuration.ts";
import { checkDirectories } from "./directories.ts";
import { toFinding } from "./explain.ts";
import { checkInstallation } from "./installation.ts";
import { checkNetwork } from "./network.ts";
import type { Target } from "./operands.ts";
import { checkPlatform } from "./platform.ts";
import { askPlatformState, type PlatformState } from "./platform-state.ts";
import { checkRecentFailures } from "./recent-failures.ts";
import { checkRegistry, type RegistryReport } from "./registry.ts";
import type { Scene } from "./scene.ts";
import { checkSecrets } from "./secrets.ts";
import { checkToken } from "./token.ts";

export interface Section {
  readonly name: string;
  readonly checked: Checked;
}

export interface Report {
  readonly findings: readonly Finding[];
  readonly sections: readonly Section[];
  readonly registries: readonly RegistryReport[];
}

/** Of a set-up with more registries than this only so many are logged in to. */
const MOST_REGISTRIES = 60;
const NOTHING: Checked = { facts: [], data: {}, seen: [] };

/** `progress` is told what is still going on. */
export async function examine(
  scene: Scene,
  files: readonly AuthFile[],
  targets: readonly Target[],
  progress: (pending: readonly string[]) => void,
): Promise<Report> {
  const unfinished: Seen[] = [];
  const pending = new Set<string>();
  const inTime = <T>(name: string, work: Promise<T>, otherwise: T): Promise<T> => {
    pending.add(name);
    progress([...pending]);
    return raced(scene, work, () => {
      unfinished.push(tooLong(name));
      return otherwise;
    }).finally(() => {
      pending.delete(name);
      progress([...pending]);
    });
  };
  const asking = askPlatformState(scene);
  const platform = inTime("the platform", checkPlatform(scene, asking), NOTHING);
  const state = await inTime("the secrets", asking, undefined);
  const asked = state === undefined ? [] : askedFor(scene, files, targets, state);
  const mints = new Map();
  const registries = await Promise.all(
    asked.map((one) =>
      inTime(
        one.registry.key,
        checkRegistry(one, { named: targets.length > 0, scene, state: state as PlatformState, files, mints }),
        undefined,
      ),
    ),
  ).then((all) => all.filter((one) => one !== undefined));
  const cloud = inTime("the cloud identity", checkCloud(scene, registries), NOTHING);
  const secrets = secretsOf(state, files, scene, targets, registries);
  const sections: Section[] = [
    { name: "installation", checked: checkInstallation(scene, files) },
    { name: "configuration", checked: checkConfiguration(scene) },
    { name: "token", checked: state === undefined ? NOTHING : checkToken(scene, state) },
    { name: "platform", checked: await platform },
    {
      name: "secrets",
      checked: state === undefined ? NOTHING : secretsOf(state, files, scene, targets, registries),
    },
    { name: "cloud", checked: await cloud },
    { name: "network", checked: checkNetwork(scene) },
    { name: "directories", checked: checkDirectories(scene) },
    { name: "failures", checked: checkRecentFailures(scene) },
  ];
  const seen = [
    ...sections.flatMap(({ checked }) => checked.seen),
    ...registries.flatMap(({ registry, seen: own }) => (secrets.misspelt.has(registry) ? [] : own)),
    ...missing(scene, targets, registries, sections),
    ...unfinished,
  ];
  return { findings: ranked(withFilesOnce(seen).map(toFinding)), sections, registries };
}

async function raced<T>(scene: Scene, work: Promise<T>, late: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late()), scene.deadline.remainingMs() + 300);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLong(name: string): Seen {
  const message = `checking ${printable(name)} took too long`;
  return { code: "check-unfinished", severity: "warning", subject: name, message };
}

type Asked = Pick<Target, "registry" | "image">;

/** The registries that were named; else all that are managed, given to us or logged in to. */
function askedFor(
  scene: Scene,
  files: readonly AuthFile[],
  targets: readonly Target[],
  state: PlatformState,
): readonly Asked[] {
  if (targets.length > 0) {
    const known = new Map(
      targets.map((one) => [`${one.registry.key} ${one.image?.repository}:${one.image?.reference}`, one]),
    );
    return [...known.values()];
  }
  const { local, remembered } = scene;
  const list = state.list === undefined ? remembered.list() : { atMs: 0, ...state.list };
  const exact = local.config.rules.filter(({ wildcards, source }) => wildcards === 0 && source !== "none");
  const keys = [
    ...(list === undefined ? [] : listedRegistries(list, remembered)),
    ...exact.map(({ pattern }) => pattern),
    ...delegatedKeys(files, scene.invocation.helperNames).map(({ key }) => key),
    ...localLogins(local.loginPlace)
      .all()
      .map(({ registry }) => registry),
  ];
  return [...new Set(keys)]
    .slice(0, MOST_REGISTRIES)
    .map((key) => ({ registry: parseRegistry(key) ?? { key, kind: "registry" }, image: undefined }));
}

/** Those that Docker's and Podman's files give to us. */
export function delegatedKeys(
  files: readonly AuthFile[],
  helperNames: readonly string[],
): readonly RegistryRef[] {
  return files.flatMap(({ credHelpers }) =>
    [...credHelpers].flatMap(([key, helper]) => {
      const ref = helperNames.includes(helper) ? parseRegistry(key, "secret") : undefined;
      return ref?.kind === "registry" ? [ref] : [];
    }),
  );
}

function secretsOf(
  state: PlatformState | undefined,
  files: readonly AuthFile[],
  scene: Scene,
  targets: readonly Target[],
  registries: readonly RegistryReport[],
): ReturnType<typeof checkSecrets> {
  if (state === undefined) return { ...NOTHING, misspelt: new Set() };
  const delegated = delegatedKeys(files, scene.invocation.helperNames).map(({ key }) => key);
  const named = targets.map(({ registry }) => registry.key);
  return checkSecrets({
    state,
    askedKeys: [...new Set(targets.length > 0 ? named : delegated)],
    provenKeys: new Set(registries.filter(({ proven }) => proven).map(({ registry }) => registry)),
    managedKeys: new Set(registries.filter(({ managed }) => managed).map(({ registry }) => registry)),
    only: targets.length > 0 ? new Set(named) : undefined,
  });
}

/** What was named and has no credential, unless an image is open to everybody or another finding says more. */
function missing(
  scene: Scene,
  targets: readonly Target[],
  registries: readonly RegistryReport[],
  sections: readonly Section[],
): readonly Seen[] {
  const said = sections.flatMap(({ checked }) => checked.seen);
  return targets.flatMap(({ text, registry, image, misspelt }): readonly Seen[] => {
    const { key } = registry;
    if (misspelt !== undefined) {
      return [
        {
          code: "not-a-registry",
          severity: "error",
          subject: key,
          message: `${printable(text)} is asked in vain: ${misspelt}`,
          remedy: `use ${key} in the image's name, and create the secret with that host`,
        },
      ];
    }
    const report = registries.find((one) => one.registry === key);
    const { managed = true, data, seen = [] } = report ?? {};
    if (managed || data?.source === "unknown" || seen.some(({ code }) => code === "no-credential")) return [];
    const isOpen = image !== undefined && seen.length === 0;
    const isExplained = said.some(
      (one) => one.severity === "error" && (one.subject === key || one.code === "near-miss"),
    );
    if (isOpen || isExplained) return [];
    const lastMs = lastLoginMs(scene.directories.stateDir, scene.local.environmentId, registry);
    const message = `nothing has a credential for ${key}`;
    const seenHere: Seen = { code: "no-credential", severity: "warning", subject: key, message };
    if (lastMs === undefined) return [seenHere];
    const remedy = `log in again (docker login ${key}), or create a registry secret for it`;
    return [{ ...seenHere, message: `${message}; a local login for it is over`, remedy }];
  });
}

/** A file of certificates of no use is one finding, whatever could not be asked for it. */
function withFilesOnce(seen: readonly Seen[]): readonly Seen[] {
  const files = new Set(seen.filter(({ code }) => code === "ca-file-unusable").map(({ message }) => message));
  return seen.filter(({ code, message }) => code !== "config-invalid" || !files.has(message));
}
