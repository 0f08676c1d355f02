// What `doctor` promises whatever it finds: nothing changes, everything is asked anew, it ends within 15 s, its exit code,
// what it says of a code, the form of its JSON, and where credentials do not go.

import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import Ajv from "ajv/dist/2020.js";
import { describe, expect, it, onTestFinished } from "vitest";
import { ids } from "../stand-ins/platform/ids.ts";
import { repository } from "../support/builds.ts";
import { type DoctorMachine, doctorMachine, ECR, GAR, SECRETS, TEAM } from "./doctor-machine.ts";

const schema: object = JSON.parse(readFileSync(join(repository, "docs/doctor.schema.json"), "utf8"));
const ajv = new Ajv.default({ allErrors: true, formats: { "date-time": true }, strictTypes: false });
const validate = ajv.compile(schema);

function expectValid(json: string): void {
  expect(validate(JSON.parse(json)), JSON.stringify(validate.errors, null, 1)).toBe(true);
}

describe("nothing changes", () => {
  it("on a machine that was never used", async () => {
    const at = await doctorMachine();
    const before = at.everything();
    await at.doctor();
    await at.doctor("--json", TEAM, `${ECR}/team/app:v1`);
    expect(at.everything()).toEqual(before);
  });

  it("where there are answers, tokens, a local login and failures", async () => {
    const at = await doctorMachine();
    await at.store(TEAM, "me", "c4nary-mine");
    for (const host of ["https://index.docker.io/v1/", ECR, GAR]) expect((await at.get(host)).code).toBe(0);
    const before = at.everything();
    await at.doctor();
    await at.doctor(TEAM);
    expect(at.everything()).toEqual(before);
  });

  it("during an outage, which it does not remember for others", async () => {
    const at = await doctorMachine();
    await at.get(TEAM);
    await at.platform.apply({ do: "goDown" });
    const before = at.everything();
    const { findings } = await at.report();
    expect(findings[0]?.code).toBe("platform-unreachable");
    expect(at.everything()).toEqual(before);
  });
});

it.each<readonly [string, object]>([
  ["as it comes", {}],
  ["by the lists of the scopes", { lookup: "list" }],
  ["by the list of one scope", { lookup: "list", scopes: { projectId: ids.project } }],
])("the environment is asked for once, %s", async (_, config) => {
  const at = await doctorMachine();
  at.configure(config);
  await at.report();
  const methods = at.platform.journal.entries.map(({ method }) => method);
  expect(methods.filter((method) => method === "GetEnvironment")).toHaveLength(1);
});

describe("everything is asked anew", () => {
  it("a fresh answer, a token that is still good", async () => {
    const at = await doctorMachine();
    for (const host of [TEAM, ECR]) await at.get(host);
    await at.platform.apply({ do: "setValue", secret: "TEAM_REGISTRY", value: "demo:c4nary-new" });
    const minted = at.clouds.ecrPasswords.all.length;
    const { findings } = await at.report();
    expect(findings.map(({ code }) => code)).toEqual(["login-refused"]);
    expect(at.clouds.ecrPasswords.all.length).toBe(minted + 1);
  });

  it("a failure that is remembered", async () => {
    const at = await doctorMachine();
    await at.platform.apply({ do: "goDown" });
    expect((await at.get(TEAM)).stdout).toContain("[platform-unreachable]");
    await at.platform.apply({ do: "comeUp" });
    const { findings, registries } = await at.report();
    expect(findings).toEqual([]);
    expect(registries.find(({ registry }) => registry === TEAM)).toMatchObject({
      login: { result: "accepted" },
      rememberedFailure: "platform-unreachable",
    });
  });
});

it("it ends within 15 s where everybody is silent", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on("error", () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const at = await doctorMachine({ clouds: { ecr: {}, imds: { silent: true }, gce: {} } });
  const { port } = server.address() as { port: number };
  at.configure({ registries: { [ECR]: { source: "ecr" }, [`127.0.0.1:${port}`]: { source: "platform" } } });
  Object.assign(at.env, {
    ONA_BASE_URL: `http://127.0.0.1:${port}/api`,
    HTTPS_PROXY: `http://127.0.0.1:${port}`,
  });
  const { stdout, code, tookMs } = await at.doctor("--json", TEAM, ECR, "docker.io", `127.0.0.1:${port}`);
  expect(tookMs).toBeLessThan(15_000);
  expect(code).toBe(0);
  expectValid(stdout);
  expect(JSON.parse(stdout).findings[0].code).toBe("platform-timeout");
}, 60_000);

describe("on a terminal", () => {
  const onTerminal = async (at: DoctorMachine, latencyMs: number): Promise<string> => {
    await at.platform.apply({ do: "setLatency", latencyMs });
    const program = join(at.bin, "docker-credential-ona");
    const command = ["script", "-qec", `stty cols 80; ${program} doctor`, "/dev/null"];
    const { stdout } = await at.exec(command, { env: { TERM: "xterm" }, stdinEnd: "held" });
    return stdout;
  };

  it("it says what it waits for, and leaves nothing of it behind", async () => {
    const screen = await onTerminal(await doctorMachine(), 500);
    expect(screen).toMatch(/\r\u001b\[Kchecking the platform/);
    expect(screen).toMatch(/\r\u001b\[K\u001b\[32m\u2713 no findings\u001b\[39m\r\n/);
    // biome-ignore lint/complexity/useRegexLiterals: escapes of a terminal
    const plain = screen.replace(new RegExp("\u001b\\[[0-9;]*[mK]", "g"), "");
    const lines = plain.split("\r\n").map((line) => line.split("\r").at(-1) ?? "");
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
  });

  it("without one it says nothing on the way", async () => {
    const at = await doctorMachine();
    await at.platform.apply({ do: "setLatency", latencyMs: 500 });
    const { stdout, stderr } = await at.doctor();
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^no findings\n/);
  });
});

describe("the exit code", () => {
  it.each<[string, readonly string[], boolean, number]>([
    ["nothing found", [], true, 0],
    ["nothing found, strictly", ["--strict"], true, 0],
    ["something found", [], false, 0],
    ["something found, strictly", ["--strict"], false, 1],
    ["something found, strictly, as data", ["--strict", "--json"], false, 1],
    ["a code", ["no-token", "--strict"], false, 0],
    ["an unknown option", ["--no-such"], true, 2],
    ["what is no registry", ["a b"], true, 2],
    ["a code with a slip of the pen", ["no-tokn"], true, 2],
    ["a code that there is none of", ["[no-such-code]"], true, 2],
    ["an option with a value", ["--json=yes"], true, 2],
  ])("%s", async (_, args, isHealthy, code) => {
    const at = await doctorMachine({ secrets: [] });
    at.giveToUs([]);
    if (!isHealthy) delete at.env.DOCKER_CREDENTIAL_ONA_TOKEN;
    const said = await at.doctor(...args);
    expect(said.code, said.stdout + said.stderr).toBe(code);
    if (code === 2) expect(said.stdout).toBe("");
  });
});

describe("a code is explained", () => {
  it.each(["token-refused", "[token-refused]", "TOKEN-REFUSED"])("%s", async (text) => {
    const at = await doctorMachine({ secrets: [] });
    const requests = at.platform.journal.count();
    const { stdout } = await at.doctor(text);
    expect(stdout).toMatch(
      /^token-refused\n {2}says: the platform refused the token from <source>\n {2}why: .*\n(?: {8}.*\n)* {2}do: /,
    );
    expect(at.platform.journal.count()).toBe(requests);
    expectValid((await at.doctor("--json", text)).stdout);
  });

  it("next to a registry", async () => {
    const at = await doctorMachine();
    const { stdout } = await at.doctor("--json", "no-token", TEAM);
    expectValid(stdout);
    expect(JSON.parse(stdout)).toMatchObject({
      explained: [{ code: "no-token" }],
      findings: [],
      registries: [{ registry: TEAM }],
    });
  });
});

describe("its JSON", () => {
  it("has the documented form, with the same facts as the screen", async () => {
    const at = await doctorMachine();
    for (const host of [TEAM, ECR]) await at.get(host);
    const { stdout } = await at.doctor("--json");
    expectValid(stdout);
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      checks: {
        token: { source: "DOCKER_CREDENTIAL_ONA_TOKEN", principal: { kind: "PRINCIPAL_ENVIRONMENT" } },
        cloud: {
          aws: { from: "the instance", role: "environment" },
          google: { email: expect.stringContaining("@") },
        },
        platform: { reached: true, registrySecrets: 4 },
      },
    });
  });

  it("of a broken set-up, with losers and a local login", async () => {
    const secrets = [
      { name: "MINE", host: TEAM, value: "demo:c4nary-old", scope: "user" as const },
      ...SECRETS,
    ];
    const at = await doctorMachine({ secrets });
    await at.store(ECR, "me", "c4nary-mine");
    const { stdout } = await at.doctor("--json", `${TEAM}/team/app:v1`, ECR, "quay.example.test");
    expectValid(stdout);
    expect(JSON.parse(stdout).registries[0].secrets).toEqual([
      { name: "MINE", scope: "user", id: expect.any(String), wins: true, reason: "user and password" },
      {
        name: "TEAM_REGISTRY",
        scope: "project",
        id: expect.any(String),
        wins: false,
        reason: "the scope user goes before project",
      },
    ]);
  });

  it("is not valid when a field is missing, unknown or of another type", () => {
    const whole = {
      code: "no-token",
      severity: "error",
      subjects: ["x"],
      message: "m",
      cause: "c",
      remedy: "r",
    };
    const withFinding = (finding: object) =>
      validate({ schemaVersion: 1, version: "1", findings: [finding] });
    expect(withFinding(whole)).toBe(true);
    const { remedy: _, ...without } = whole;
    for (const bad of [
      without,
      { ...whole, more: 1 },
      { ...whole, severity: "bad" },
      { ...whole, subjects: [] },
    ])
      expect(withFinding(bad)).toBe(false);
    expect(validate({ schemaVersion: 2, version: "1" })).toBe(false);
  });
});

it("identities are named by the links that gave them", async () => {
  const roleArn = "arn:aws:iam::111122223333:role/gitpod-pull";
  const at = await doctorMachine({
    clouds: { ecr: {}, imds: {}, gce: {}, sts: { roles: [{ arn: roleArn }] } },
  });
  at.configure({ registries: { [ECR]: { identity: { roleArn } } } });
  const { checks, findings } = await at.report();
  expect(findings).toEqual([]);
  expect(checks.cloud).toMatchObject({
    aws: { from: `the instance, then the role ${roleArn}`, role: "environment" },
    google: { from: "the metadata server" },
  });
});

describe("where credentials do not go", () => {
  it("a registry that nobody declared is asked of no cloud and gets no login", async () => {
    const at = await doctorMachine({ secrets: [] });
    at.giveToUs([]);
    await at.doctor(ECR, GAR, `${TEAM}/team/app:v1`);
    expect(
      at.clouds.imds.journal.count() + at.clouds.gce.journal.count() + at.clouds.ecr.journal.count(),
    ).toBe(0);
    expect(at.team.journal.filter(({ auth }) => auth !== "none")).toEqual([]);
  });

  it("a name that is nearly a well-known one", async () => {
    const secrets = [{ name: "GHCR", host: "ghrc.io", value: "demo:c4nary-password" }];
    const at = await doctorMachine({ secrets, names: ["ghrc.io"] });
    at.giveToUs(["ghrc.io"]);
    await at.doctor();
    expect(at.team.journal).toEqual([]);
  });
});
