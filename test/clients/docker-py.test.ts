// docker-py asks the helper by itself, and its build asks `list` and then once per key, needed or not.
// It wants the answer's keys in their exact letter case, so what Go clients forgive shows here.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { describeClient, useBed } from "./bed.ts";
import type { Image } from "./images.ts";
import { type Puller, pullScenarios } from "./pull-scenarios.ts";
import { newAccount, openWorkplace, type Workplace } from "./workplace.ts";

const python = inject("programs").paths.python3 ?? "";

const pullScript = `
import docker, sys
repository, tag = sys.argv[1].rsplit(":", 1)
print(docker.from_env().images.pull(repository, tag=tag).id)
`;

const buildScript = `
import docker, sys
print(docker.from_env().images.build(path=sys.argv[1], tag=sys.argv[2])[0].id)
`;

const tagOf = (image: Image) => `py-${image.repository}`;

function build(at: Workplace, image: Image) {
  const context = join(at.root, `py-${image.repository.replaceAll("/", "-")}`);
  mkdirSync(context, { recursive: true });
  writeFileSync(join(context, "Dockerfile"), `FROM ${image.reference}\nLABEL built=yes\n`);
  return at.run([python, "-c", buildScript, context, tagOf(image)]);
}

describeClient("docker-py", ["docker-py", "docker", "engine"], () => {
  const bed = useBed({ engine: true });
  const readFrom =
    (nameOf: (image: Image) => string): Puller["proof"] =>
    async (_at, image) => ({ hello: await bed.engine.read(nameOf(image), "/hello.txt") });

  describe("pull", () => {
    pullScenarios(bed, {
      pull: (at, image) => at.run([python, "-c", pullScript, image.reference]),
      proof: readFrom((image) => image.reference),
      showsReason: true,
    });
  });

  describe("build", () => {
    pullScenarios(bed, { pull: build, proof: readFrom(tagOf), showsReason: true, asksEveryHelper: true });
  });

  test("build with credsStore finds the registry through list", async () => {
    const account = await newAccount(bed.registry);
    const secrets = { [bed.registry.host]: account.value };
    const at = await openWorkplace({ helped: [], secrets, dockerHost: bed.engine.host });
    writeFileSync(at.dockerConfig, JSON.stringify({ credsStore: "ona" }));
    const image = await bed.registry.publish();
    const outcome = await build(at, image);
    expect(outcome, outcome.said).toMatchObject({ code: 0 });
    expect(await bed.engine.read(tagOf(image), "/hello.txt")).toBe(image.hello);
  });
});
