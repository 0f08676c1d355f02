// `npm run demo`: a private image is pulled with a credential from the platform's secrets, from start to end.
// It must never leave anything behind: no process, no directory, nothing in the user's own Docker config.

import { homedir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Leftovers } from "./leftovers.ts";
import { findProgram, isExecutable, runProgram } from "./program.ts";
import { clientNames, findClients } from "./pull-clients.ts";
import { type Scene, type SceneOptions, secretName, setScene, username } from "./scene.ts";
import { tellStory } from "./story.ts";

const usage = `usage: npm run demo -- [--keep] [--client ${clientNames.join("|")}] [--registry debian|ours]
  --keep      leave everything running at the end, and say how to play with it
  --client    pull with this one (default: the first that is there)
  --registry  default: Debian's docker-registry if it is on PATH, else ours
  --dist DIR  where docker-credential-ona is (default: dist)
`;

type Options = ReturnType<typeof readOptions>;

function readOptions() {
  const { values } = parseArgs({
    options: {
      keep: { type: "boolean", default: false },
      client: { type: "string" },
      registry: { type: "string" },
      dist: { type: "string", default: fileURLToPath(new URL("../../dist", import.meta.url)) },
      help: { type: "boolean", default: false },
    },
  });
  const { client, registry } = values;
  if (client !== undefined && !clientNames.includes(client)) {
    throw new Error(`no such client: ${client}`);
  }
  if (registry !== undefined && registry !== "debian" && registry !== "ours") {
    throw new Error(`no such registry: ${registry}`);
  }
  return values;
}

function say(text: string): void {
  console.log(text);
}

async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions();
  } catch (error) {
    console.error(`${messageOf(error)}\n${usage}`);
    return 1;
  }
  if (options.help) {
    say(usage);
    return 0;
  }
  const leftovers = new Leftovers();
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => interrupted.abort());
  }
  // A reader that has seen enough ends the demo too, and what was started still has to be cleared away.
  process.stdout.on("error", () => interrupted.abort());
  try {
    await play(options, leftovers, interrupted.signal);
    return 0;
  } catch (error) {
    if (interrupted.signal.aborted) {
      return 130;
    }
    console.error(`\nThe demo failed: ${messageOf(error)}`);
    return 1;
  } finally {
    await leftovers.clear();
  }
}

async function play(options: Options, leftovers: Leftovers, stop: AbortSignal): Promise<void> {
  const { dist } = options;
  if (!isExecutable(`${dist}/docker-credential-ona`)) {
    throw new Error(`there is no executable ${dist}/docker-credential-ona; npm run build makes it`);
  }
  const scene = await setScene({ dist, registry: options.registry, machine: await machine(stop) }, leftovers);
  stop.throwIfAborted();
  const { environment, directory, platform, registry } = scene;
  const clients = await findClients({ directory, environment, stop, leftovers }, options.client);
  say("docker-credential-ona, a demo");
  say("");
  say(`   helper     ${dist}/docker-credential-ona`);
  say(`   platform   a stand-in for Ona's API, ${platform.baseUrl}`);
  say(`   registry   ${registry.words}, ${registry.host}`);
  say(`   client     ${clients[0]?.words}`);
  const client = await tellStory({ scene, clients, stop, say });
  if (options.keep) {
    await keep(scene, client.byHand(scene.reference), stop);
  } else {
    sayWhatNext();
  }
}

/** What of the caller's environment is used. The daemon may be named by a context of the caller's own config. */
async function machine(stop: AbortSignal): Promise<SceneOptions["machine"]> {
  const PATH = process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin";
  const { DOCKER_HOST } = process.env;
  if (DOCKER_HOST !== undefined || findProgram("docker", PATH) === undefined) {
    return { PATH, DOCKER_HOST };
  }
  const ask = ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"];
  const { exitCode, stdout } = await runProgram(ask, { environment: { PATH, HOME: homedir() }, stop });
  return { PATH, DOCKER_HOST: exitCode === 0 && stdout.trim() !== "" ? stdout.trim() : undefined };
}

function sayWhatNext(): void {
  say("");
  say("All of it worked, and nothing of it is left on this machine. What to try next:");
  say("   npm run demo -- --keep     the same, but it stays, for you to play with");
  say("   npm test                   everything that is checked");
}

async function keep(scene: Scene, pullByHand: string | undefined, stop: AbortSignal): Promise<void> {
  const { exports, platform, registry } = scene;
  registry.followValue(() => platform.secretValue(secretName));
  say("");
  say("All of it worked, and it stays until you press Ctrl-C. In another shell:");
  say("");
  for (const [name, value] of Object.entries({ ...exports, ADMIN: platform.adminUrl ?? "" })) {
    say(`export ${name}="${value}"`);
  }
  say("");
  say("# ask for the credential as docker does, or pull");
  say(`echo ${registry.host} | docker-credential-ona get`);
  if (pullByHand !== undefined) {
    say(pullByHand);
  }
  say(
    "# rotate the secret (the registry takes the new password too), let the platform fail, read its journal",
  );
  say(`curl "$ADMIN/setValue" -d '{"secret":"${secretName}","value":"${username}:third-password"}'`);
  say(`curl "$ADMIN/fault" -d '{"fault":{"kind":"error","code":"unavailable","times":3}}'`);
  say(`curl "$ADMIN/journal"`);
  // An abort is the way out of here, not a failure.
  await sleep(2 ** 31 - 1, undefined, { signal: stop }).catch(() => undefined);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

process.exitCode = await main();
