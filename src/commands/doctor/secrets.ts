// What no single registry shows: secrets whose host is a slip of the pen or no registry, secrets that compete for one
// registry, and values that are still on their way into the environment.

import type { Candidate } from "../../core/candidate.ts";
import type { SecretDetails } from "../../core/environment-details.ts";
import type { Seen } from "../../core/findings.ts";
import { ignoredPart, nearMiss, wellKnownNear } from "../../core/near-miss.ts";
import { HUB_KEY, HUB_URL, parseRegistry } from "../../core/registry.ts";
import type { Checked, Fact } from "./check.ts";
import { printable } from "./check.ts";
import type { PlatformState } from "./platform-state.ts";

export interface SecretsQuestion {
  readonly state: PlatformState;
  /** Registries that somebody asks us for, of which some may have no credential. */
  readonly askedKeys: readonly string[];
  /** Those of them that have a credential, or should. */
  readonly managedKeys: ReadonlySet<string>;
  /** Those that took the credential in a real login: their spelling is right. */
  readonly provenKeys: ReadonlySet<string>;
  /** Only these are looked at; undefined: all. */
  readonly only: ReadonlySet<string> | undefined;
}

/** `misspelt`: registries of which nothing else needs to be said. */
export function checkSecrets(
  question: SecretsQuestion,
): Checked & { readonly misspelt: ReadonlySet<string> } {
  const { state, askedKeys, managedKeys, provenKeys, only } = question;
  const { list, details } = state;
  if (list === undefined)
    return { facts: [], data: { skipped: [], nearMisses: [] }, seen: [], misspelt: new Set() };
  const candidates = list.candidates;
  const misses = askedKeys
    .filter((key) => !managedKeys.has(key))
    .flatMap((key) => candidates.flatMap((candidate) => missOf(key, candidate, details, provenKeys)));
  const near = new Set(misses.map(({ candidate }) => candidate.registry));
  const isMeant = (key: string): boolean => only === undefined || only.has(key) || near.has(key);
  const meant = candidates.filter(({ registry }) => isMeant(registry));
  const lookalikes = meant.filter(
    ({ registry }) =>
      !near.has(registry) && !provenKeys.has(registry) && wellKnownNear(registry) !== undefined,
  );
  const skipped = list.skipped.map(({ name }) => ({
    name,
    host: details.find((it) => it.name === name)?.host ?? "",
  }));
  const seen = [
    ...misses.map(({ seen: one }) => one),
    ...lookalikes.map(lookalike),
    ...(only === undefined
      ? skipped
      : skipped.filter(({ host }) => [...only].some((key) => host.includes(key)))
    ).map(skippedFinding),
    ...competing(meant, details),
    ...details.filter(({ host }) => isMeant(parseRegistry(host.trim(), "secret")?.key ?? "")).flatMap(ofOne),
  ];
  const proxied = details.filter(({ isProxied }) => isProxied).map(({ name }) => printable(name, 60));
  const facts: Fact[] = [
    ...(skipped.length === 0
      ? []
      : [
          {
            name: "skipped",
            value: skipped.map(({ name, host }) => printable(`${name} (${host})`)).join(", "),
          },
        ]),
    ...(proxied.length === 0
      ? []
      : [{ name: "by proxy", value: `${proxied.join(", ")}: the value may be a stand-in` }]),
  ];
  return {
    facts,
    data: {
      skipped: skipped.map(({ name, host }) => ({ name, host })),
      nearMisses: misses.map(({ key, candidate, why }) => ({
        asked: key,
        secret: candidate.name,
        registry: candidate.registry,
        why,
      })),
    },
    seen,
    misspelt: new Set(
      [...near, ...lookalikes.map(({ registry }) => registry)].filter((key) => !provenKeys.has(key)),
    ),
  };
}

interface Miss {
  readonly key: string;
  readonly candidate: Candidate;
  readonly why: string;
  readonly seen: Seen;
}

function missOf(
  key: string,
  candidate: Candidate,
  details: readonly SecretDetails[],
  provenKeys: ReadonlySet<string>,
): readonly Miss[] {
  const why = nearMiss(key, candidate.registry);
  if (why === undefined) return [];
  const written = printable(details.find(({ ref }) => ref === candidate.ref)?.host ?? candidate.registry);
  const seen: Seen = {
    code: "near-miss",
    // Two registries of like names may both be meant.
    severity: provenKeys.has(candidate.registry) ? "warning" : "error",
    subject: key,
    message: `there is no secret for ${key}, but ${printable(candidate.name, 60)} is for ${written}: ${why}`,
    remedy: `create the secret again with the host ${hostToWrite(key)}, or use ${candidate.registry} in the image's name`,
  };
  return [{ key, candidate, why, seen }];
}

/** Nobody asks for `hub.docker.com`, and `ghrc.io` belongs to somebody else. */
function lookalike({ name, registry }: Candidate): Seen {
  const meant = wellKnownNear(registry) ?? HUB_KEY;
  const why = meant === HUB_KEY ? "which no client asks for: Docker Hub is docker.io" : `${meant} was meant?`;
  return {
    code: "near-miss",
    severity: "error",
    subject: registry,
    message: `the secret ${printable(name, 60)} is for ${registry}, ${why}`,
    remedy: `create the secret again with the host ${hostToWrite(meant)}`,
  };
}

/** As the platform's own documentation has it. */
const hostToWrite = (key: string): string => (key === HUB_KEY ? HUB_URL : key);

function skippedFinding({ name, host }: { readonly name: string; readonly host: string }): Seen {
  return {
    code: "secret-skipped",
    severity: "warning",
    subject: printable(name, 60),
    message: `the secret ${printable(name, 60)} is not used: its host${host === "" ? "" : `, ${printable(host)},`} is no registry`,
  };
}

/** Two secrets of one registry that nobody can have meant: of one scope, or told apart by a path. */
function competing(candidates: readonly Candidate[], details: readonly SecretDetails[]): readonly Seen[] {
  const pathOf = (candidate: Candidate): string => {
    const ignored = ignoredPart(details.find(({ ref }) => ref === candidate.ref)?.host ?? "");
    return ignored?.part === "path" ? ignored.text : "";
  };
  return [...new Set(candidates.map(({ registry }) => registry))].flatMap((registry) => {
    const rivals = candidates.filter((candidate) => candidate.registry === registry);
    const sameScope = rivals.some((a) => rivals.some((b) => a.ref !== b.ref && a.scope === b.scope));
    const paths = new Set(rivals.map(pathOf));
    if (rivals.length < 2 || (!sameScope && paths.size < 2)) return [];
    const names = rivals.map(
      (it) => `${printable(it.name, 60)}${pathOf(it) === "" ? "" : ` (${printable(pathOf(it))})`}`,
    );
    return [
      {
        code: "secrets-compete" as const,
        severity: "warning" as const,
        subject: registry,
        message: `${rivals.length} secrets are for ${registry}, and one of them answers for all of it: ${names.join(", ")}`,
      },
    ];
  });
}

function ofOne({ name: named, host, propagating, failure }: SecretDetails): readonly Seen[] {
  const name = printable(named, 60);
  const seen: Seen[] = [];
  const ignored = ignoredPart(host);
  const registry = parseRegistry(host.trim(), "secret")?.key ?? host;
  if (ignored !== undefined) {
    seen.push({
      code: "secret-host-spelling",
      severity: ignored.part === "path" ? "warning" : "note",
      subject: registry,
      message: `the host of the secret ${name} is ${printable(host)}; ${printable(ignored.text)} does not count, it answers for all of ${registry}`,
      remedy: `create the secret again with the host ${registry}`,
    });
  }
  if (propagating) {
    seen.push({
      code: "secret-propagating",
      severity: "note",
      subject: registry,
      message: `a new value of the secret ${name} is on its way into this environment`,
    });
  }
  if (failure !== "") {
    const message = `the environment could not take over the secret ${name}: ${printable(failure)}`;
    seen.push({ code: "secret-failed", severity: "warning", subject: registry, message });
  }
  return seen;
}
