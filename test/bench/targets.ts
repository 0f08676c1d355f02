// What is aimed at, as ratios within one run, and how far the figures are from it. For people: nothing fails by it.

import { EMPTY, REFERENCE } from "./cases.ts";
import { type Figures, ratio, table } from "./figures.ts";
import type { HerdFigures } from "./herd.ts";
import type { Sizes } from "./machine.ts";

export interface Target {
  readonly what: string;
  readonly figure: string;
  readonly target: string;
  readonly met: boolean;
}

type Groups = ReadonlyMap<string, ReadonlyMap<string, Figures>>;

const STATIC = "ecr-login, warm, static keys";
const ROLE = "ecr-login, warm, role of a metadata server (1 ms)";
const MINTED = "warm get, minted ECR token";

/** Of a group: a case, what it is compared with, and the most that the ratio should be. */
const RATIOS: readonly (readonly [group: string, name: string, to: string, most: number])[] = [
  ["warm", REFERENCE, EMPTY, 1.25],
  ["warm", REFERENCE, STATIC, 0.85],
  ["warm", REFERENCE, ROLE, 0.5],
  ["warm", MINTED, EMPTY, 1.25],
  ["warm", MINTED, STATIC, 0.85],
  ["warm", MINTED, ROLE, 0.5],
  ["warm", "unknown registry, warm", EMPTY, 1.25],
  ["warm", "unknown registry, warm", STATIC, 0.85],
  ["warm", "20 credHelpers, one after another", REFERENCE, 22],
  ["asked", "platform asked: environment, then value", REFERENCE, 3.5],
  ["asked", "ECR mint, static keys", REFERENCE, 5],
  ["asked", "ECR mint, TLS through a proxy", "ecr-login, ECR mint, TLS through a proxy", 1],
  ["asked", "Google mint, metadata server", REFERENCE, 5],
];

const WARM_MIB = 32;
const MINT_MIB = 60;
const HERD_EXTRA_MS = 900;
const MORE_MB = 4;

export function judged(
  groups: Groups,
  herd: HerdFigures | undefined,
  size: Sizes | undefined,
): readonly Target[] {
  const targets: Target[] = [];
  for (const [group, name, to, most] of RATIOS) {
    const one = groups.get(group)?.get(name);
    const other = groups.get(group)?.get(to);
    if (one === undefined || other === undefined) continue;
    const value = ratio(one.medianMs, other.medianMs);
    targets.push(target(`${name} / ${to}`, `${value}`, `≤ ${most}`, value <= most));
  }
  for (const [group, name, most] of [
    ["warm", REFERENCE, WARM_MIB],
    ["asked", "ECR mint, static keys", MINT_MIB],
    ["asked", "Google mint, metadata server", MINT_MIB],
  ] as const) {
    const peak = groups.get(group)?.get(name)?.peakMiB ?? 0;
    if (peak > 0) targets.push(target(`peak memory: ${name}`, `${peak} MiB`, `≤ ${most} MiB`, peak <= most));
  }
  if (herd !== undefined) targets.push(...herdTargets(herd));
  if (size !== undefined) {
    const moreMb = (size.executableBytes - size.runtimeBytes) / 1e6;
    const figure = `${moreMb.toFixed(1)} MB`;
    targets.push(target("executable above Bun", figure, `≤ ${MORE_MB} MB`, moreMb <= MORE_MB));
  }
  return targets;
}

function herdTargets({ processes, requestMs, requests, figures }: HerdFigures): readonly Target[] {
  // The environment, then the value.
  const extra = Math.round(figures.p99Ms - 2 * requestMs);
  const values = requests.GetSecretValue ?? 0;
  return [
    target(`${processes} cold at once: values read`, `${values}`, "1", values === 1),
    target(
      `${processes} cold at once: p99 above the platform's own time`,
      `${extra} ms`,
      `≤ ${HERD_EXTRA_MS} ms`,
      extra <= HERD_EXTRA_MS,
    ),
  ];
}

const target = (what: string, figure: string, aim: string, met: boolean): Target => ({
  what,
  figure,
  target: aim,
  met,
});

export function targetsTable(targets: readonly Target[]): string {
  const rows = targets.map(({ what, figure, target: aim, met }) => [
    what,
    figure,
    aim,
    met ? "met" : "missed",
  ]);
  return table(["target", "figure", "aim", ""], rows);
}
