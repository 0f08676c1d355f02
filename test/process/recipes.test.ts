// The recipes under examples/, each as a user copies it: the Feature's installer with its file, its download and its
// refusals; the automations by the platform's rules, their commands as they stand; the three lines of a plain machine.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { executable, repository } from "../support/builds.ts";
import { Machine, type Variables } from "../support/machine.ts";
import type { Run } from "../support/run.ts";
import { configureMachine, secret } from "./configure-machine.ts";

const SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const examples = join(repository, "examples");
const read = (name: string): string => readFileSync(join(examples, name), "utf8");
const sha256 = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

const program = executable.command[0] ?? "";
const saidBy = ({ stdout, stderr }: Run): string => stdout + stderr;

describe("the Feature", () => {
  const feature = () => {
    const at = new Machine();
    onTestFinished(() => at.close());
    const dir = at.path("feature");
    const bin = at.path("usr-local-bin");
    cpSync(join(examples, "feature"), dir, { recursive: true });
    const install = (env: Variables = {}, path = SYSTEM) =>
      at.exec(["/bin/sh", join(dir, "install.sh")], {
        env: { PATH: path, BIN: bin, ...env },
        timeoutMs: 60_000,
      });
    const installed = join(bin, "docker-credential-ona");
    const version = (): string => execFileSync(installed, ["version"], { env: {}, encoding: "utf8" });
    return { at, dir, bin, install, installed, version };
  };
  const target = "linux-x64";

  test("its description is one, and says that configure runs at every start, as the remote user", () => {
    const described = JSON.parse(read("feature/devcontainer-feature.json")) as Record<string, unknown>;
    expect(described).toMatchObject({
      id: "docker-credential-ona",
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
      options: { url: { type: "string", default: "" }, sha256: { type: "string", default: "" } },
      postStartCommand: expect.stringMatching(/^\/usr\/local\/bin\/docker-credential-ona configure\b/),
    });
    expect(statSync(join(examples, "feature", "install.sh")).mode & 0o111).toBe(0o111);
  });

  test.each([`docker-credential-ona-${target}`, "docker-credential-ona"])(
    "from a file beside it: %s",
    async (name) => {
      const { dir, install, installed, version } = feature();
      linkOrCopy(program, join(dir, name));
      expect(await install()).toMatchObject({ code: 0 });
      expect(statSync(installed).mode & 0o777).toBe(0o755);
      expect(version()).toContain("docker-credential-ona ");
      // And once more, over the one that is there.
      expect(await install()).toMatchObject({ code: 0 });
    },
  );

  test("from an address, with the hash of its target among others; a plain file and a release's archive", async () => {
    const { at, install, installed, version } = feature();
    linkOrCopy(program, at.path("docker-credential-ona"));
    execFileSync("tar", ["-czf", at.path(`ona-${target}.tar.gz`), "-C", at.root, "docker-credential-ona"]);
    const origin = await serve(at.root);
    const archive = {
      URL: `${origin}/ona-{target}.tar.gz`,
      SHA256: `linux-arm64=${"0".repeat(64)} ${target}=${sha256(at.path(`ona-${target}.tar.gz`))}`,
    };
    expect(await install(archive)).toMatchObject({ code: 0 });
    expect(version()).toContain("docker-credential-ona ");
    const plain = { URL: `${origin}/docker-credential-ona`, SHA256: sha256(program).toUpperCase() };
    expect(await install(plain)).toMatchObject({ code: 0 });
    expect(existsSync(installed)).toBe(true);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ["neither file nor address", {}, /no file docker-credential-ona-linux-x64 beside/],
    ["an address without a hash", { URL: "ORIGIN/docker-credential-ona" }, /has no hash for linux-x64/],
    [
      "a hash for another target",
      { URL: "ORIGIN/docker-credential-ona", SHA256: "linux-arm64=HASH" },
      /has no hash/,
    ],
    ["another hash", { URL: "ORIGIN/docker-credential-ona", SHA256: "0".repeat(64) }, /and not 0000/],
    ["an address that has nothing", { URL: "ORIGIN/nothing", SHA256: "HASH" }, /404/],
  ])("refused, nothing installed: %s", async (_, given, reason) => {
    const { at, bin, install } = feature();
    linkOrCopy(program, at.path("docker-credential-ona"));
    const origin = await serve(at.root);
    const fill = (text: string): string => text.replace("ORIGIN", origin).replace("HASH", sha256(program));
    const env = Object.fromEntries(Object.entries(given).map(([name, text]) => [name, fill(text)]));
    const ended = await install(env);
    expect(ended.code).not.toBe(0);
    expect(saidBy(ended)).toMatch(reason);
    expect(existsSync(join(bin, "docker-credential-ona"))).toBe(false);
  });

  test("a file of another processor is refused, and what was there stays", async () => {
    const { dir, bin, install, installed } = feature();
    mkdirSync(bin);
    writeFileSync(installed, "the old one");
    writeFileSync(join(dir, `docker-credential-ona-${target}`), "\x7fELF of another processor");
    const ended = await install();
    expect(ended.code).not.toBe(0);
    expect(saidBy(ended)).toContain("does not run here");
    expect(readFileSync(installed, "utf8")).toBe("the old one");
  });

  test("on arm64 it takes the file for arm64", async () => {
    const { at, dir, install, installed } = feature();
    writeFileSync(join(dir, "docker-credential-ona-linux-x64"), "#!/bin/sh\nexit 1\n");
    writeFileSync(join(dir, "docker-credential-ona-linux-arm64"), "#!/bin/sh\necho for arm64\n");
    mkdirSync(at.path("fake"));
    writeFileSync(at.path("fake", "uname"), "#!/bin/sh\necho aarch64\n", { mode: 0o755 });
    expect(await install({}, `${at.path("fake")}:${SYSTEM}`)).toMatchObject({ code: 0 });
    expect(readFileSync(installed, "utf8")).toContain("for arm64");
  });
});

describe("the automations", () => {
  const KEY = /^[a-zA-Z0-9_-]{1,128}$/;
  const START = ["manual", "postDevcontainerStart", "postEnvironmentStart", "postMachineStart"];
  const TRIGGERS = { task: [...START, "prebuild", "beforeSnapshot"], service: START };
  type Fields = Readonly<Record<string, unknown>>;

  /** By the rules of the vendor's page and SDK: an unknown field is an error there. */
  const faults = (file: Fields): string[] => [
    ...unknown("file", file, ["services", "tasks"]),
    ...Object.entries((file.tasks ?? {}) as Record<string, Fields>).flatMap(([key, task]) => [
      ...common("task", key, task, ["command", "dependsOn"]),
      ...(typeof task.command === "string" ? [] : [`${key}: no command`]),
      ...((task.dependsOn ?? []) as string[]).filter((other) => !(other in ((file.tasks ?? {}) as object))),
    ]),
    ...Object.entries((file.services ?? {}) as Record<string, Fields>).flatMap(([key, service]) => [
      ...common("service", key, service, ["commands"]),
      ...unknown(key, (service.commands ?? {}) as Fields, ["start", "ready", "stop"]),
      ...(typeof (service.commands as Fields | undefined)?.start === "string" ? [] : [`${key}: no start`]),
    ]),
  ];
  const common = (kind: "task" | "service", key: string, entry: Fields, own: readonly string[]): string[] => [
    ...(KEY.test(key) ? [] : [`${key}: no key`]),
    ...unknown(key, entry, ["name", "description", "runsOn", "triggeredBy", ...own]),
    ...((entry.triggeredBy ?? []) as string[]).filter((one) => !TRIGGERS[kind].includes(one)),
    ...unknown(key, (entry.runsOn ?? {}) as Fields, ["docker", "machine"]),
    ...unknown(key, ((entry.runsOn as Fields | undefined)?.machine ?? {}) as Fields, []),
  ];
  const unknown = (where: string, fields: Fields, known: readonly string[]): string[] =>
    Object.keys(fields).flatMap((name) => (known.includes(name) ? [] : [`${where}: ${name}`]));
  const parsed = (text: string): Fields =>
    JSON.parse(
      execFileSync(
        join(repository, "node_modules/bun/bin/bun.exe"),
        ["-e", "console.log(JSON.stringify(Bun.YAML.parse(await Bun.stdin.text())))"],
        {
          input: text,
          encoding: "utf8",
        },
      ),
    ) as Fields;

  test.each(["container.yaml", "machine.yaml"])("%s keeps to the rules", (name) => {
    expect(faults(parsed(read(`automations/${name}`)))).toEqual([]);
  });

  test.each<[string, string]>([
    ["an unknown field", "tasks: {a: {command: x, when: now}}"],
    ["an unknown trigger", "tasks: {a: {command: x, triggeredBy: [onStart]}}"],
    [
      "a snapshot's trigger at a service",
      "services: {a: {commands: {start: x}, triggeredBy: [beforeSnapshot]}}",
    ],
    ["a field of machine", "tasks: {a: {command: x, runsOn: {machine: {user: root}}}}"],
    ["a key with a space", "tasks: {'a b': {command: x}}"],
    ["a service that starts nothing", "services: {a: {commands: {}}}"],
  ])("the rules find %s", (_, text) => {
    expect(faults(parsed(text))).toHaveLength(1);
  });

  test("no prebuild and no snapshot runs any of it, and the machine's runs on the machine", () => {
    for (const name of ["container.yaml", "machine.yaml"])
      expect(read(`automations/${name}`)).not.toMatch(/^\s+- (?:prebuild|beforeSnapshot)/m);
    expect(parsed(read("automations/machine.yaml"))).toMatchObject({
      tasks: {
        "registries-machine": {
          runsOn: { machine: {} },
          triggeredBy: expect.arrayContaining(["postMachineStart"]),
        },
      },
    });
  });

  test("their commands, as they stand, leave the entries and nothing secret", async () => {
    for (const name of ["container.yaml", "machine.yaml"]) {
      const at = await configureMachine([secret("ghcr.io")]);
      const { tasks } = parsed(read(`automations/${name}`)) as { tasks: Record<string, { command: string }> };
      for (const { command } of Object.values(tasks)) {
        expect(await at.exec(["/bin/sh", "-c", command]), command).toMatchObject({
          code: 0,
        });
      }
      expect(at.helpers()).toEqual({ "ghcr.io": "ona" });
      expect(at.platform.journal.count("GetSecretValue")).toBe(0);
      const found = await at.exec(["/usr/bin/grep", "-rl", "demo-password", at.root]);
      expect(saidBy(found)).toBe("");
    }
  });
});

test("a plain machine: the three lines install, configure and find nothing wrong", async () => {
  const at = await configureMachine([secret("ghcr.io")]);
  const script = read("machine/set-up.sh");
  const lines = script.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  expect(lines).toHaveLength(3);
  // Its first line writes to a directory of the system, so sudo is one that leads it elsewhere.
  const bin = join(at.root, "usr-local-bin");
  mkdirSync(bin);
  at.write("bin/sudo", `#!/bin/sh\nexec "$1" "$2" "$3" "$4" "${bin}/\${5##*/}"\n`, 0o755);
  const download = join(at.root, "download");
  linkOrCopy(program, download);
  const path = `${bin}:${join(at.root, "bin")}:/usr/bin:/bin`;
  const ended = await at.exec(["/bin/sh", "-ec", lines.slice(0, 2).join("\n"), "set-up", download], {
    env: { PATH: path },
  });
  expect(ended, saidBy(ended)).toMatchObject({ code: 0 });
  expect(at.helpers()).toEqual({ "ghcr.io": "ona" });
  expect(existsSync(join(bin, "docker-credential-ona"))).toBe(true);
});

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
    chmodSync(to, 0o755);
  }
}

async function serve(root: string): Promise<string> {
  const server = createServer((request, response) => {
    const path = join(root, (request.url ?? "").slice(1));
    if (existsSync(path)) response.end(readFileSync(path));
    else response.writeHead(404).end();
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}
