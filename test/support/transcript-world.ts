// The world of one transcript: a bed, an environment, a stand-in platform, and the directives that change them.
// Whatever it makes lies below the bed; it must never touch a path outside.

import { setTimeout as wait } from "node:timers/promises";
import { ids } from "../stand-ins/platform/ids.ts";
import type { PlatformChange, PlatformSeed } from "../stand-ins/platform/seed.ts";
import { type Platform, startPlatform } from "../stand-ins/platform/stand-in.ts";
import { type Bed, makeBed } from "./run-helper.ts";
import type { Directive } from "./transcript.ts";
import { canariesOf } from "./transcript-canaries.ts";
import { actOnFiles, checkFiles } from "./transcript-files.ts";

export interface World {
  readonly bed: Bed;
  readonly env: Map<string, string>;
  /** Texts that may stand in a successful answer and nowhere else. */
  readonly canaries: Set<string>;
  /** What the script itself put there, or changed. */
  readonly written: Set<string>;
  platform: Platform | undefined;
}

export function makeWorld(): World {
  const bed = makeBed();
  return {
    bed,
    env: new Map(Object.entries(bed.env)),
    canaries: new Set(),
    written: new Set(),
    platform: undefined,
  };
}

export async function endWorld(world: World): Promise<void> {
  await world.platform?.close();
  world.bed.remove();
}

/** Fills the placeholders; every other brace stands for itself. */
export function filled(world: World, text: string): string {
  const { bed, platform } = world;
  const repeated = text.replace(/\{(.)\*([0-9]+)\}/g, (_, letter: string, times: string) =>
    letter.repeat(Number(times)),
  );
  return repeated.replace(/\{([a-z]+)(?::(\w+))?\}/g, (whole, name: string, which: string | undefined) => {
    if (name === "home") return bed.home;
    if (name === "cwd") return bed.cwd;
    if (name === "root") return bed.root;
    if (name === "environment") return ids.environment;
    if (name === "id" && which !== undefined) return idOf(which);
    if (platform === undefined) return whole;
    if (name === "base") return platform.baseUrl;
    if (name === "origin") return platform.origin;
    if (name === "port") return platform.origin.replace(/^.*:/, "");
    return name === "secret" && which !== undefined ? platform.secretId(which) : whole;
  });
}

function idOf(which: string): string {
  const found = Object.entries(ids).find(([name]) => name === which);
  if (!found) throw new Error(`no well-known id ${which}`);
  return found[1];
}

export async function obey(world: World, directive: Directive): Promise<void> {
  const body = filled(world, directive.body);
  const rest = filled(world, directive.rest);
  const act = acts[directive.name];
  if (act !== undefined) {
    await act(world, rest, body);
  } else if (directive.name === "check") {
    checkFiles(world.bed.root, rest.split(" "), body, `line ${directive.line}: check ${rest}`);
  } else {
    world.written.add(actOnFiles(world.bed.root, directive.name, rest.split(" "), body));
  }
}

const acts: Readonly<Record<string, (world: World, rest: string, body: string) => unknown>> = {
  platform: (world, _, body) => startIn(world, body),
  change: (world, _, body) => change(world, body),
  env: (world, rest) => world.env.set(...pair(rest)),
  unset: (world, rest) => world.env.delete(rest),
  sleep: (_, rest) => wait(Number(rest)),
};

export function pair(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at < 0) throw new Error(`NAME=VALUE wanted: ${text}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

async function startIn(world: World, body: string): Promise<void> {
  const seed = JSON.parse(body === "" ? "{}" : body) as PlatformSeed;
  for (const canary of canariesOf(seed)) world.canaries.add(canary);
  world.platform = await startPlatform({ seed });
  world.env.set("ONA_BASE_URL", world.platform.baseUrl);
  world.env.set("DOCKER_CREDENTIAL_ONA_TOKEN", "env-token");
  world.env.set("ONA_ENVIRONMENT_ID", ids.environment);
}

async function change(world: World, body: string): Promise<void> {
  if (world.platform === undefined) throw new Error("no platform to change");
  const changes = JSON.parse(body) as PlatformChange | PlatformChange[];
  for (const canary of canariesOf(changes)) world.canaries.add(canary);
  await world.platform.apply(...(Array.isArray(changes) ? changes : [changes]));
}
