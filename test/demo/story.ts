// The story the demo tells: a private image is pulled, pulled again, the password changes, it is pulled once more.
// It must never claim what it did not see: every line is checked, and a surprise ends the story.

import { setTimeout as sleep } from "node:timers/promises";
import { tellNativeStory } from "./native.ts";
import { runProgram } from "./program.ts";
import type { PullClient } from "./pull-clients.ts";
import { firstPassword, freshSeconds, type Scene, secretName, username } from "./scene.ts";

const secondPassword = "second-password";

export interface Story {
  scene: Scene;
  clients: readonly PullClient[];
  stop: AbortSignal;
  say: (text: string) => void;
}

/** Returns the client that pulled. */
export async function tellStory(story: Story): Promise<PullClient> {
  const { scene, say } = story;
  await expectPrivate(scene);
  say("");
  say(`1. The image ${scene.reference} is private: without a login the registry answers 401.`);
  say(
    `   Its user name and password are in the platform's secret ${secretName}, and nowhere on this machine.`,
  );
  say(`   All that the Docker config says of it: {"credHelpers":{"${scene.registry.host}":"ona"}}`);
  say("");
  say("2. Pull it.");
  const client = await firstPull(story);
  say("");
  say("3. Pull it again.");
  await pull(story, client);
  say("");
  await rotate(story);
  await pull(story, client);
  await expectRefused(scene);
  say("   The first password is refused by now.");
  say("");
  await showList(story);
  say("");
  await tellNativeStory(scene.native, client, say);
  return client;
}

async function expectPrivate({ registry }: Scene): Promise<void> {
  const response = await fetch(`http://${registry.host}/v2/${registry.repository}/manifests/v1`);
  await response.arrayBuffer();
  if (response.status !== 401) {
    throw new Error(`the registry is not private: it answered ${response.status} without a login`);
  }
}

/** With the first client that gets as far as the registry: a daemon elsewhere cannot see our loopback. */
async function firstPull(story: Story): Promise<PullClient> {
  const { scene, clients, say } = story;
  for (const [index, client] of clients.entries()) {
    const loginsBefore = scene.registry.logins.journal.length;
    try {
      await pull(story, client);
      return client;
    } catch (error) {
      const reachedRegistry = scene.registry.logins.journal.length > loginsBefore;
      if (reachedRegistry || index === clients.length - 1 || story.stop.aborted) {
        throw error;
      }
      say(`   ${client.name} did not get as far as the registry; trying ${clients[index + 1]?.words}.`);
      say(indented(error instanceof Error ? error.message : String(error)));
    }
  }
  throw new Error("no client can pull here");
}

async function pull({ scene, say }: Story, client: PullClient): Promise<void> {
  const { registry, platform, reference } = scene;
  const requestsBefore = platform.journal.count();
  const loginsBefore = registry.logins.journal.length;
  say(`   $ ${client.commandLine(reference)}`);
  const startedAtMs = performance.now();
  const digest = await client.pull(reference);
  const tookMs = Math.round(performance.now() - startedAtMs);
  if (digest !== registry.image.digest) {
    throw new Error(`pulled ${digest}, but pushed ${registry.image.digest}`);
  }
  const names = registry.logins.journal.slice(loginsBefore).flatMap((entry) => entry.username ?? []);
  if (!names.includes(username)) {
    throw new Error(`nobody logged in as ${username}: the credential did not come from the secret`);
  }
  say(`   pulled ${digest} in ${tookMs} ms`);
  say(`   logged in as ${username}, with the password that docker-credential-ona handed over`);
  say(`   ${requestWords(platform.journal.methods().slice(requestsBefore))}`);
}

function requestWords(methods: readonly string[]): string {
  if (methods.length === 0) {
    return "requests to the platform: none, the answer was still fresh in the helper's cache";
  }
  return `requests to the platform: ${methods.length} (${methods.join(", ")})`;
}

async function rotate({ scene, say, stop }: Story): Promise<void> {
  const { platform, registry } = scene;
  const askedAtMs = platform.journal.of("GetEnvironment").at(-1)?.atMs ?? 0;
  await platform.apply({ do: "setValue", secret: secretName, value: `${username}:${secondPassword}` });
  registry.logins.users.setPassword(username, secondPassword);
  say(
    "4. The password is rotated, in the registry and in the platform's secret. Nothing is told to this machine.",
  );
  say(
    `   The demo lets the helper trust an answer for ${freshSeconds} s (usually 60 s), so: wait, and pull again.`,
  );
  await sleep(Math.max(0, askedAtMs + freshSeconds * 1000 + 100 - Date.now()), undefined, { signal: stop });
}

async function expectRefused({ registry }: Scene): Promise<void> {
  if (await registry.logins.users.mayLogIn(username, firstPassword)) {
    throw new Error("the registry still takes the first password");
  }
}

async function showList({ scene, say, stop }: Story): Promise<void> {
  say("5. What does it know? Registries and user names, never a password.");
  say("   $ docker-credential-ona list");
  const { environment, registry } = scene;
  const { exitCode, stdout } = await runProgram(["docker-credential-ona", "list"], { environment, stop });
  const listed = exitCode === 0 ? (JSON.parse(stdout) as Record<string, string>) : {};
  if (!Object.hasOwn(listed, registry.host)) {
    throw new Error(`list does not name ${registry.host}: ${stdout.trim()}`);
  }
  say(indented(stdout.trim()));
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, "   ");
}
