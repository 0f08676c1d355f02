// Every Docker CLI on the machine pulls and builds through an engine of our own.
// Behaviour that differs between the generations is told apart by version, never left unchecked.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { describeClient, useBed } from "./bed.ts";
import type { Image } from "./images.ts";
import { type Puller, pullScenarios } from "./pull-scenarios.ts";
import { newAccount, openWorkplace, type Workplace } from "./workplace.ts";

describeClient("docker", ["docker", "engine"], () => {
  const bed = useBed({ engine: true });

  const imageProof: Puller["proof"] = async (_at, image) => {
    const digests = await bed.engine.docker(
      "image",
      "inspect",
      '--format={{join .RepoDigests " "}}',
      image.reference,
    );
    const digest = digests.trim().split("@").at(-1) ?? "";
    return { hello: await bed.engine.read(image.reference, "/hello.txt"), digest };
  };

  async function open() {
    const { host } = bed.registry;
    const account = await newAccount(bed.registry);
    const secrets = { [host]: account.value };
    return await openWorkplace({ helped: [host], secrets, dockerHost: bed.engine.host });
  }

  function buildsWith(docker: string, buildKit: "0" | "1"): Puller {
    const tagOf = (image: Image) => `built-${image.repository}`;
    return {
      pull: (at, image) => {
        const context = makeContext(at, image);
        const command = [docker, "build", "--quiet", "--tag", tagOf(image), context];
        return at.run(command, { env: { DOCKER_BUILDKIT: buildKit } });
      },
      proof: async (_at, image) => ({ hello: await bed.engine.read(tagOf(image), "/hello.txt") }),
      showsReason: true,
      asksEveryHelper: buildKit === "0",
    };
  }

  for (const docker of inject("programs").dockers) {
    describe(`${docker.version} pull`, () => {
      const pull: Puller["pull"] = (at, image) => at.run([docker.path, "pull", image.reference]);
      pullScenarios(bed, { pull, proof: imageProof, showsReason: true });
    });

    describe(`${docker.version} classic build`, () => {
      pullScenarios(bed, buildsWith(docker.path, "0"));
    });

    if (docker.hasBuildKit) {
      describe(`${docker.version} BuildKit build`, () => {
        pullScenarios(bed, buildsWith(docker.path, "1"));
      });
    }

    describe(`${docker.version} run`, () => {
      const flags = ["--rm", "--network=none", "--entrypoint=/bin/true"];
      const pull: Puller["pull"] = (at, image) => at.run([docker.path, "run", ...flags, image.reference]);
      pullScenarios(bed, { pull, proof: imageProof, showsReason: true });
    });

    test(`${docker.version}: push`, async () => {
      const at = await open();
      const target = `${bed.registry.host}/pushed/by-${Number.parseInt(docker.version, 10)}:v1`;
      const image = await bed.open.publish();
      await bed.engine.docker("pull", image.reference);
      await bed.engine.docker("tag", image.reference, target);
      expect(await at.withoutCredentials().run([docker.path, "push", target])).not.toMatchObject({ code: 0 });
      const outcome = await at.run([docker.path, "push", target]);
      expect(outcome, outcome.said).toMatchObject({ code: 0 });
      await bed.engine.docker("rmi", target, image.reference);
      expect(await at.run([docker.path, "pull", target])).toMatchObject({ code: 0 });
      expect(await bed.engine.read(target, "/hello.txt")).toBe(image.hello);
    });

    test(`${docker.version}: a classic build with credsStore finds the registry through list`, async () => {
      const at = await open();
      writeFileSync(at.dockerConfig, JSON.stringify({ credsStore: "ona" }));
      const image = await bed.registry.publish();
      const builder = buildsWith(docker.path, "0");
      const outcome = await builder.pull(at, image);
      expect(outcome, outcome.said).toMatchObject({ code: 0 });
      expect(image).toMatchObject(await builder.proof(at, image));
    });

    test(`${docker.version}: twenty pulls at once ask the platform once`, async () => {
      const at = await open();
      const images: Image[] = [];
      while (images.length < 4) images.push(await bed.registry.publish());
      const pulls = Array.from({ length: 20 }, (_, n) => {
        const image = images[n % images.length];
        return at.run([docker.path, "pull", image?.reference ?? ""]);
      });
      for (const outcome of await Promise.all(pulls))
        expect(outcome, outcome.said).toMatchObject({ code: 0 });
      for (const image of images) expect(image).toMatchObject(await imageProof(at, image));
      expect(at.platform.journal.methods().sort()).toEqual(["GetEnvironment", "GetSecretValue"]);
    });
  }
});

function makeContext(at: Workplace, image: Image): string {
  const context = join(at.root, `context-${image.repository.replaceAll("/", "-")}`);
  mkdirSync(context, { recursive: true });
  writeFileSync(join(context, "note.txt"), "copied in\n");
  writeFileSync(join(context, "Dockerfile"), `FROM ${image.reference}\nCOPY note.txt /note.txt\n`);
  return context;
}
