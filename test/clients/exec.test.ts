// Programs that read nothing but `auths`, run by `exec`; testcontainers as a caller of the helper and under `exec`; and
// builds, whose credentials the client brings.

import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { describeClient, useBed } from "./bed.ts";
import type { Image } from "./images.ts";
import { newAccount, openWorkplace, type Workplace } from "./workplace.ts";

const { python3: python = "", skopeo = "" } = inject("programs").paths;
const helper = join(inject("helperDirectory"), "docker-credential-ona");
const node = join(import.meta.dirname, "../../node_modules/.bin/node");
const under = (command: readonly string[]): string[] => [helper, "exec", "--", ...command];

/** The same user without a helper in any file, and with files of the user's own. */
function withoutHelper(at: Workplace): Workplace {
  writeFileSync(at.dockerConfig, JSON.stringify({ auths: { "mine.example": { auth: "bTpt" } } }), {
    mode: 0o600,
  });
  return at;
}

const leftBehind = (at: Workplace): string[] => {
  const place = join(at.root, "run", "docker-credential-ona-exec");
  return readdirSync(place);
};

describeClient("exec", ["docker-py", "docker", "engine", "skopeo"], () => {
  const bed = useBed({ engine: true });

  async function openUser(): Promise<{ at: Workplace; image: Image }> {
    const account = await newAccount(bed.registry);
    const secrets = { [bed.registry.host]: account.value, [bed.registry.localHost]: account.value };
    const at = await openWorkplace({ helped: [], secrets, dockerHost: bed.engine.host });
    return { at: withoutHelper(at), image: await bed.registry.publish() };
  }

  test("docker-py pulls, and nothing is left", async () => {
    const { at, image } = await openUser();
    const [repository = "", tag = ""] = image.reference.split(/:(?=v)/);
    const script = "import docker, sys; docker.from_env().images.pull(sys.argv[1], tag=sys.argv[2])";
    const pull = [python, "-c", script, repository, tag];
    expect(await at.run(pull)).not.toMatchObject({ code: 0 });
    const outcome = await at.run(under(pull));
    expect(outcome, outcome.said).toMatchObject({ code: 0 });
    expect(await bed.engine.read(image.reference, "/hello.txt")).toBe(image.hello);
    expect(leftBehind(at)).toEqual([]);
  });

  test.each(inject("programs").dockers.map(({ version, path }) => [version, path]))(
    "docker %s pulls",
    async (_, docker) => {
      const { at, image } = await openUser();
      expect(await at.run([docker, "pull", image.reference])).not.toMatchObject({ code: 0 });
      const outcome = await at.run(under([docker, "pull", image.reference]));
      expect(outcome, outcome.said).toMatchObject({ code: 0 });
      expect(leftBehind(at)).toEqual([]);
    },
  );

  test("skopeo inspects by the auth file", async () => {
    const { at, image } = await openUser();
    const inspect = [skopeo, "inspect", "--raw", "--tls-verify=false", `docker://${image.reference}`];
    expect(await at.run(inspect)).not.toMatchObject({ code: 0 });
    const outcome = await at.run(under(inspect));
    expect(outcome, outcome.said).toMatchObject({ code: 0 });
  });

  describe.each(["testcontainers", "testcontainers-old"])("%s", (name) => {
    const script = `
import { getContainerRuntimeClient, ImageName } from ${JSON.stringify(name)};
const client = await getContainerRuntimeClient();
await client.image.pull(ImageName.fromString(process.argv.at(-1)), { force: true });
process.exit(0);
`;
    const env = { TESTCONTAINERS_RYUK_DISABLED: "true", TESTCONTAINERS_HOST_OVERRIDE: "127.0.0.1" };
    const pull = (image: string): string[] => [node, "--input-type=module", "--eval", script, image];
    const reference = (image: Image): string => image.reference.replace("127.0.0.1", "localhost");
    const run = (at: Workplace, command: readonly string[]) =>
      at.run(["/bin/sh", "-c", 'cd "$0" && exec "$@"', import.meta.dirname, ...command], { env });

    test("asks the helper", async () => {
      const { at, image } = await openUser();
      const credHelpers = { [bed.registry.localHost]: "ona" };
      writeFileSync(at.dockerConfig, JSON.stringify({ credHelpers }), { mode: 0o600 });
      const outcome = await run(at, pull(reference(image)));
      expect(outcome, outcome.said).toMatchObject({ code: 0 });
      expect(await bed.engine.has(reference(image))).toBe(true);
    });

    test("reads the variable of exec", async () => {
      const { at, image } = await openUser();
      expect(await run(at, pull(reference(image)))).not.toMatchObject({ code: 0 });
      const outcome = await run(at, under(pull(reference(image))));
      expect(outcome, outcome.said).toMatchObject({ code: 0 });
    });
  });

  for (const docker of inject("programs").dockers.filter(({ hasBuildKit }) => hasBuildKit)) {
    test(`six builds by BuildKit of docker ${docker.version} at once, cold: one request of each kind`, async () => {
      const { at, image } = await openUser();
      writeFileSync(at.dockerConfig, JSON.stringify({ credHelpers: { [bed.registry.host]: "ona" } }));
      const context = join(at.root, "context");
      mkdirSync(context);
      writeFileSync(join(context, "Dockerfile"), `FROM ${image.reference}\nARG N\nLABEL n=$N\n`);
      const build = (n: number) =>
        at.run([docker.path, "build", "--build-arg", `N=${n}`, "--tag", `bk-${n}`, context], {
          env: { DOCKER_BUILDKIT: "1" },
        });
      const outcomes = await Promise.all([1, 2, 3, 4, 5, 6].map(build));
      for (const outcome of outcomes) expect(outcome, outcome.said).toMatchObject({ code: 0 });
      expect(at.platform.journal.methods()).toEqual(["GetEnvironment", "GetSecretValue"]);
    });
  }
});
