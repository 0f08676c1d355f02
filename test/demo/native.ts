// The second half of the demo: a registry whose secret says `runner-native`. Stand-ins play EC2's metadata server, the
// ECR API (it recomputes every signature) and an ECR registry behind a vanity name, since no real one is on loopback.
// It must never claim what it did not see.

import { type Clouds, startClouds } from "../stand-ins/clouds/clouds.ts";
import type { Platform } from "../stand-ins/platform/stand-in.ts";
import { makeImage, type OciImage, putImage } from "../stand-ins/registry/oci-image.ts";
import { type Registry, startRegistry } from "../stand-ins/registry/registry.ts";
import type { Leftovers } from "./leftovers.ts";
import type { PullClient } from "./pull-clients.ts";

export interface NativeScene {
  host: string;
  reference: string;
  /** The ECR registry that the vanity name stands for. */
  standsFor: string;
  /** Leads the helper to the stand-ins of the cloud. */
  environment: Record<string, string>;
  clouds: Clouds;
  image: OciImage;
  registry: Registry;
}

const account = "123456789012";
const region = "eu-central-1";
const repository = "team/native";

/** Starts it and puts its secret onto the platform. */
export async function setNativeScene(platform: Platform, leftovers: Leftovers): Promise<NativeScene> {
  const clouds = await startClouds({ imds: {}, ecr: {} });
  leftovers.add(() => clouds.close());
  const image = makeImage({ "hello.txt": "pulled with the machine's own identity\n" });
  const accepts = (user: string, password: string) => clouds.isValidEcrPassword(user, password, { region });
  const registry = await startRegistry({ auth: "basic", accepts });
  leftovers.add(() => registry.close());
  putImage(registry.store, repository, "v1", image);
  await platform.apply({
    do: "addSecret",
    secret: { name: "NATIVE_REGISTRY", host: registry.host, value: "runner-native:runner-native" },
  });
  return {
    host: registry.host,
    reference: `${registry.host}/${repository}:v1`,
    standsFor: `${account}.dkr.ecr.${region}.amazonaws.com`,
    environment: clouds.env,
    clouds,
    image,
    registry,
  };
}

/** Pulls twice: the first pull mints a token, the second one finds it. */
export async function tellNativeStory(
  scene: NativeScene,
  client: PullClient,
  say: (text: string) => void,
): Promise<void> {
  const { host, standsFor, clouds, reference, image } = scene;
  say("6. A registry without any password: its secret says runner-native.");
  say(`   ${host} stands for ${standsFor} (aliasOf in the configuration);`);
  say("   the metadata server of a stand-in EC2 instance says who this machine is.");
  for (const [words, minted] of [
    ["a token was minted: 1 request to the ECR API, signed with the instance role's keys", 1],
    ["no request to the ECR API: the token is good for 12 hours", 1],
  ] as const) {
    say(`   $ ${client.commandLine(reference)}`);
    const digest = await client.pull(reference);
    const user = scene.registry.journal.findLast((entry) => entry.username !== undefined)?.username;
    if (digest !== image.digest || user !== "AWS") {
      throw new Error(`pulled ${digest} as ${user ?? "nobody"}, expected ${image.digest} as AWS`);
    }
    const calls = clouds.ecr.journal.granted();
    if (calls !== minted) throw new Error(`the ECR API was asked ${calls} times, expected ${minted}`);
    say(`   pulled ${digest} as AWS; ${words}`);
  }
}
