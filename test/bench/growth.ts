// How an answer's time grows with what there is: secrets in the environment, files in the cache directory.

import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SecretSeed } from "../stand-ins/platform/seed.ts";
import { type Figures, figures } from "./figures.ts";
import { type Case, run } from "./launcher.ts";
import { executable, HOST, type Scene, startScene } from "./scene.ts";

export interface GrowthRow {
  readonly what: string;
  readonly warm: Figures;
  readonly cold: Figures;
  readonly list: Figures;
  /** What one cold `get` and one cold `list` asked the platform for. */
  readonly coldRequests: Readonly<Record<string, number>>;
  readonly listRequests: Readonly<Record<string, number>>;
}

const [program = ""] = executable().command;

export async function growth(counts: readonly number[], files: number, rounds: number): Promise<GrowthRow[]> {
  const rows: GrowthRow[] = [];
  for (const count of counts) {
    const scene = await startScene({ seed: { secrets: secrets(count) } });
    rows.push(await row(`${count} secret${count === 1 ? "" : "s"}`, scene, rounds, 0));
    await scene.close();
  }
  const scene = await startScene({ seed: { secrets: secrets(1) } });
  rows.push(await row(`1 secret, ${files} other files in the cache`, scene, rounds, files));
  await scene.close();
  return rows;
}

/** The one that is asked for stands in the middle. */
function secrets(count: number): SecretSeed[] {
  return Array.from({ length: count }, (_, n) => ({
    name: `SECRET_${n}`,
    host: n === Math.floor(count / 2) ? HOST : `registry-${n}.example.net`,
    value: `user-${n}:password-${n}`,
  }));
}

async function row(what: string, scene: Scene, rounds: number, files: number): Promise<GrowthRow> {
  await scene.warm(HOST);
  fill(scene.cacheDir, files);
  const common = { env: scene.env, stdin: scene.file(HOST) };
  const warm = await measured({ name: "warm", command: [program, "get"], ...common }, rounds);
  const { journal } = scene.platform;
  const cold = { name: "cold", command: [program, "get"], ...common, empty: scene.cacheDir };
  const list = { name: "list", command: [program, "list"], env: scene.env, empty: scene.cacheDir };
  const requests = async (one: Case): Promise<Record<string, number>> => {
    const before = journal.entries.length;
    await run([one], 1);
    const counts: Record<string, number> = {};
    for (const { method } of journal.entries.slice(before)) counts[method] = (counts[method] ?? 0) + 1;
    return counts;
  };
  return {
    what,
    warm,
    coldRequests: await requests(cold),
    listRequests: await requests(list),
    cold: await measured(cold, Math.ceil(rounds / 2)),
    list: await measured(list, Math.ceil(rounds / 2)),
  };
}

async function measured(one: Case, rounds: number): Promise<Figures> {
  return figures((await run([one], rounds)).get(one.name) ?? []);
}

/** Entries of other keys, as they would be. */
function fill(dir: string, files: number): void {
  for (let n = 0; n < files; n += 1) {
    const name = createHash("sha256").update(`key ${n}`).digest("hex").slice(0, 40);
    const text = JSON.stringify({ v: 1, key: `key ${n}`, atMs: Date.now(), kind: "none" });
    writeFileSync(join(dir, `${name}.json`), text, { mode: 0o600 });
  }
}
