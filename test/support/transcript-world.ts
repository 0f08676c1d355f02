// The world of one transcript: a machine, and the directives that change it. Whatever it makes lies below that machine's
// directory; it must never touch a path outside.

import { setTimeout as wait } from "node:timers/promises";
import { ids } from "../stand-ins/platform/ids.ts";
import type { PlatformChange, PlatformSeed } from "../stand-ins/platform/seed.ts";
import type { Build } from "./builds.ts";
import { Machine } from "./machine.ts";
import type { Directive } from "./transcript.ts";
import { canariesOf } from "./transcript-canaries.ts";
import { actOnFiles, checkFiles } from "./transcript-files.ts";

export interface World {
  readonly at: Machine;
  /** Texts that may stand in a successful answer and nowhere else. */
  readonly canaries: Set<string>;
  /** What the script itself put there, or changed. */
  readonly written: Set<string>;
}

export function makeWorld(build: Build): World {
  return { at: new Machine({ build }), canaries: new Set(), written: new Set() };
}

/** Fills the placeholders; every other brace stands for itself. */
export function filled(world: World, text: string): string {
  const { at } = world;
  const repeated = text.replace(/\{(.)\*([0-9]+)\}/g, (_, letter: string, times: string) =>
    letter.repeat(Number(times)),
  );
  return repeated.replace(/\{([a-z]+)(?::(\w+))?\}/g, (whole, name: string, which: string | undefined) => {
    if (name === "home") return at.home;
    if (name === "cwd") return at.cwd;
    if (name === "root") return at.root;
    if (name === "environment") return ids.environment;
    if (name === "id" && which !== undefined) return idOf(which);
    if (!at.hasPlatform) return whole;
    const { platform } = at;
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
    checkFiles(world.at.root, rest.split(" "), body, `line ${directive.line}: check ${rest}`);
  } else {
    world.written.add(actOnFiles(world.at.root, directive.name, rest.split(" "), body));
  }
}

const acts: Readonly<Record<string, (world: World, rest: string, body: string) => unknown>> = {
  platform: (world, _, body) => startIn(world, body),
  change: (world, _, body) => change(world, body),
  env: (world, rest) => Object.assign(world.at.env, Object.fromEntries([pair(rest)])),
  unset: (world, rest) => delete world.at.env[rest],
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
  await world.at.withPlatform(seed);
}

async function change(world: World, body: string): Promise<void> {
  const changes = JSON.parse(body) as PlatformChange | PlatformChange[];
  for (const canary of canariesOf(changes)) world.canaries.add(canary);
  await world.at.platform.apply(...(Array.isArray(changes) ? changes : [changes]));
}
