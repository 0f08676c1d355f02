// configure and unconfigure as processes: what they leave untouched, what two of them do at once, an outage, a mount of
// somebody else's file, the cache that a prebuild would carry away, and the line that mends a missing link.

import { execFileSync, execSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { repository } from "../support/builds.ts";
import type { Machine, Variables } from "../support/machine.ts";
import type { Run } from "../support/run.ts";
import { configureMachine, secret, traceOf } from "./configure-machine.ts";
import { ECR, GAR, mintMachine } from "./mint-machine.ts";
import { hasNamespaces } from "./namespaces.ts";

const isRoot = process.geteuid?.() === 0;
const HUB = "https://index.docker.io/v1/";
const DOCKERS = '{\n\t"auths": {},\n\t"credsStore": "desktop"\n}';
const done = (said: Run): void => expect(said, said.stderr).toMatchObject({ code: 0 });

test("a second run touches nothing, asks the platform once and reads no value", async () => {
  const at = await configureMachine([secret("ghcr.io"), secret("docker.io")]);
  at.write(at.dockerConfig, DOCKERS, 0o644);
  done(await at.run(["configure"]));
  const files = [at.dockerConfig, `${at.dockerConfig}.before-ona`];
  const before = files.map(traceOf);
  const asked = at.platform.journal.count();
  const second = await at.run(["configure"]);
  expect(second).toMatchObject({
    code: 0,
    stderr: "",
    stdout: "~/.docker/config.json: nothing to change, 2 registries\n",
  });
  expect(files.map(traceOf)).toEqual(before);
  expect(at.platform.journal.entries.slice(asked).map(({ method }) => method)).toEqual(["GetEnvironment"]);
  expect(at.read(`${at.dockerConfig}.before-ona`)).toBe(DOCKERS);
  done(await at.run(["unconfigure"]));
  expect(at.read()).toBe(DOCKERS);
  expect(existsSync(`${at.dockerConfig}.before-ona`)).toBe(false);
});

test("eight at once on one file and eight on another lose nothing of it", async () => {
  const hosts = Array.from({ length: 20 }, (_, index) => `r${index}.example.test`);
  const at = await configureMachine(hosts.map((host) => secret(host)));
  const other = join(at.home, "other");
  at.write(at.dockerConfig, DOCKERS);
  at.write(join(other, "config.json"), '{"credHelpers":{"gcr.io":"gcloud"}}');
  const all = await Promise.all(
    Array.from({ length: 16 }, (_, index) =>
      at.run(["configure", ...(index % 2 === 0 ? [] : ["--docker-config", other])]),
    ),
  );
  for (const said of all) done(said);
  expect(Object.keys(at.helpers())).toHaveLength(20);
  expect(Object.keys(at.helpers(join(other, "config.json")))).toHaveLength(21);
  expect(all.filter(({ stdout }) => stdout.includes("20 added"))).toHaveLength(2);
  for (const dir of [join(at.home, ".docker"), other]) {
    expect(readdirSync(dir).toSorted()).toEqual(["config.json", "config.json.before-ona"]);
  }
  await Promise.all([at.run(["unconfigure"]), at.run(["unconfigure"])]);
  expect(at.read()).toBe(DOCKERS);
  expect(at.read(join(other, "config.json"))).toBe('{"credHelpers":{"gcr.io":"gcloud"}}');
});

describe("while the platform cannot be asked", () => {
  test("nothing goes, it is said, and the exit code is 0", async () => {
    const at = await configureMachine([secret("ghcr.io"), secret("old.example.test")]);
    done(await at.run(["configure"]));
    await at.platform.apply({ do: "removeFromSpec", secret: "S_old_example_test" }, { do: "goDown" });
    const before = traceOf(at.dockerConfig);
    const down = await at.run(["configure"]);
    expect(down.code).toBe(0);
    expect(down.stderr.replace(/\s+/g, " ")).toMatch(
      /^warning: nothing was taken out: .* \[platform-[a-z-]+\] $/,
    );
    expect(traceOf(at.dockerConfig)).toEqual(before);
    await at.platform.apply({ do: "comeUp" });
    done(await at.run(["configure"]));
    expect(at.helpers()).toEqual({ "ghcr.io": "ona" });
  });

  test("on a new machine: no file, exit code 0; what the configuration names is added", async () => {
    const at = await configureMachine([secret("ghcr.io")]);
    await at.platform.apply({ do: "goDown" });
    expect(await at.run(["configure"])).toMatchObject({
      code: 0,
      stdout: "~/.docker/config.json: nothing to change\n",
    });
    expect(existsSync(at.dockerConfig)).toBe(false);
    at.configure({ registries: { "public.ecr.aws": { source: "ecr" } } });
    done(await at.run(["configure"]));
    expect(at.helpers()).toEqual({ "public.ecr.aws": "ona" });
  });

  test.each<[string, Record<string, string>, string]>([
    ["a token that is refused", { DOCKER_CREDENTIAL_ONA_TOKEN: "expired-token" }, "token-refused"],
    ["no token", { DOCKER_CREDENTIAL_ONA_TOKEN: "" }, "no-token"],
    ["a configuration that is broken", { DOCKER_CREDENTIAL_ONA_CONFIG: "/nonexistent" }, "config-invalid"],
  ])("%s is no outage: nothing goes, exit code 1", async (_, env, code) => {
    const at = await configureMachine([secret("ghcr.io")]);
    done(await at.run(["configure"]));
    const before = traceOf(at.dockerConfig);
    const said = await at.run(["configure"], { env });
    expect(said.code).toBe(1);
    expect(said.stderr).toContain(`[${code}]`);
    expect(traceOf(at.dockerConfig)).toEqual(before);
  });

  test("where no platform is known, nothing goes either", async () => {
    const at = await configureMachine([secret("ghcr.io")]);
    done(await at.run(["configure"]));
    const before = traceOf(at.dockerConfig);
    const env = { ONA_BASE_URL: "", ONA_ENVIRONMENT_ID: "", DOCKER_CREDENTIAL_ONA_TOKEN: "" };
    const said = await at.run(["configure"], { env });
    expect(said).toMatchObject({ code: 0 });
    expect(said.stderr).toContain("[no-platform]");
    expect(traceOf(at.dockerConfig)).toEqual(before);
  });
});

describe("which registries", () => {
  test("--registry names some; the others stay as they are", async () => {
    const at = await configureMachine([secret("a.test"), secret("b.test"), secret("docker.io")]);
    done(
      await at.run(["configure", "--registry", "A.test:443", "--registry", "https://index.docker.io/v1/"]),
    );
    expect(Object.keys(at.helpers()).toSorted()).toEqual(["a.test", "docker.io", HUB]);
    done(await at.run(["configure", "--registry", "b.test"]));
    expect(Object.keys(at.helpers()).toSorted()).toEqual(["a.test", "b.test", "docker.io", HUB]);
    await at.platform.apply(
      { do: "removeFromSpec", secret: "S_a_test" },
      { do: "removeFromSpec", secret: "S_b_test" },
    );
    const said = await at.run(["configure", "--registry", "a.test"]);
    expect(said).toMatchObject({ code: 1 });
    expect(Object.keys(at.helpers()).toSorted()).toEqual(["b.test", "docker.io", HUB]);
  });

  test("one that a pattern of the configuration mints for is added by name, and stays", async () => {
    const host = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
    const at = await configureMachine([secret("a.test")]);
    at.configure({
      registries: { "*.dkr.ecr.eu-central-1.amazonaws.com": { source: "ecr" }, "a.test": { source: "none" } },
    });
    done(await at.run(["configure", "--registry", host]));
    done(await at.run(["configure"]));
    expect(at.helpers()).toEqual({ [host]: "ona" });
  });
});

describe("which files", () => {
  test("DOCKER_CONFIG, and REGISTRY_AUTH_FILE beside it; --authfile alone", async () => {
    const at = await configureMachine([secret("ghcr.io")]);
    const docker = join(at.root, "docker", "deep");
    const env = { DOCKER_CONFIG: docker, REGISTRY_AUTH_FILE: join(at.root, "auth.json") };
    done(await at.run(["configure"], { env }));
    expect(at.helpers(join(docker, "config.json"))).toEqual({ "ghcr.io": "ona" });
    expect(at.helpers(join(at.root, "auth.json"))).toEqual({ "ghcr.io": "ona" });
    done(
      await at.run(["configure", "--authfile", join(at.root, "mine.json")], {
        env: { ...env, DOCKER_CONFIG: at.root },
      }),
    );
    expect(existsSync(join(at.root, "config.json"))).toBe(false);
    expect(existsSync(at.dockerConfig)).toBe(false);
    done(await at.run(["unconfigure", "--authfile", join(at.root, "mine.json")]));
    expect(at.helpers(join(docker, "config.json"))).toEqual({ "ghcr.io": "ona" });
    done(await at.run(["unconfigure"]));
    expect(at.read(join(docker, "config.json"))).toBe("{}");
    expect(at.read(join(at.root, "auth.json"))).toBe("{}");
  });

  test("what Podman reads first is named, and left alone", async () => {
    const at = await configureMachine([secret("ghcr.io")]);
    const first = join(at.root, "run", "containers", "auth.json");
    at.write(first, '{"auths":{"ghcr.io/team":{"auth":"bWU6bWluZQ=="}}}');
    const said = await at.run(["configure"]);
    done(said);
    expect(said.stderr).toContain(`run: docker-credential-ona configure --authfile ${first}`);
    expect(at.read(first)).toBe('{"auths":{"ghcr.io/team":{"auth":"bWU6bWluZQ=="}}}');
    done(await at.run(["configure", "--authfile", first]));
    expect((await at.run(["configure"])).stderr).not.toContain("read-first");
  });

  test("a link into a directory of dotfiles is followed, the copy lies beside the link", async () => {
    const at = await configureMachine([secret("ghcr.io")]);
    const real = join(at.home, "dotfiles", "docker.json");
    at.write(real, DOCKERS, 0o644);
    mkdirSync(join(at.home, ".docker"));
    symlinkSync("../dotfiles/docker.json", at.dockerConfig);
    done(await at.run(["configure"]));
    expect(lstatSync(at.dockerConfig).isSymbolicLink()).toBe(true);
    expect(at.helpers(real)).toEqual({ "ghcr.io": "ona" });
    expect(readdirSync(join(at.home, "dotfiles"))).toEqual(["docker.json"]);
    done(await at.run(["unconfigure"]));
    expect(at.read(real)).toBe(DOCKERS);
    expect(statSync(real).mode & 0o777).toBe(0o644);
    expect(readdirSync(join(at.home, ".docker"))).toEqual(["config.json"]);
  });

  test.runIf(isRoot)(
    "root writes into another user's home for that user; they cannot write into root's",
    async () => {
      const at = await configureMachine([secret("ghcr.io")]);
      const theirs = join(at.root, "theirs");
      mkdirSync(theirs, { mode: 0o700 });
      chownSync(theirs, 65_534, 65_534);
      done(await at.run(["configure", "--docker-config", join(theirs, ".docker")]));
      for (const path of [join(theirs, ".docker"), join(theirs, ".docker", "config.json")]) {
        expect(statSync(path), path).toMatchObject({ uid: 65_534, gid: 65_534 });
      }
      const open = join(at.root, "open");
      at.write(join(open, "config.json"), "{}", 0o666);
      execSync(`chmod 777 ${open} && chmod 711 ${at.root}`);
      const nobody = ["/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
      const said = await at.run(["configure", "--docker-config", open], {
        launcher: ["/usr/bin/env", "--chdir=/", ...nobody],
        env: { HOME: theirs, XDG_RUNTIME_DIR: "", DOCKER_CREDENTIAL_ONA_STATE_DIR: join(theirs, "state") },
      });
      expect(said).toMatchObject({ code: 1 });
      expect(said.stderr.replace(/\s+/g, " ")).toContain("belongs to another user (uid 0)");
      expect(readdirSync(open)).toEqual(["config.json"]);
      expect(filesBelow(join(theirs, "state"))).toEqual([]);
    },
  );
});

describe("a token that a cloud gives this machine", () => {
  const auth = (user: string, password: string) => ({ auth: btoa(`${user}:${password}`) });
  const configured = async (at: Machine, auths: object, env: Variables = {}) => {
    at.write(at.dockerConfig, { auths });
    done(await at.run(["configure"], { env }));
    return Object.keys((JSON.parse(at.read()) as { auths: object }).auths);
  };

  test("leaves the file, whether we minted it or another program got the same; any other stays", async () => {
    const at = await mintMachine({ clouds: { imds: {}, ecr: {}, gce: {} } });
    const aws = await at.password(ECR);
    const google = await at.password(GAR);
    const auths = { [ECR]: auth("AWS", aws), [GAR]: auth("oauth2accesstoken", google) };
    expect(await configured(at, auths)).toEqual([]);
    // With a cold cache: the metadata server gives the same token again, ECR another one.
    const cold = { DOCKER_CREDENTIAL_ONA_CACHE_DIR: at.path("cold") };
    expect(await configured(at, auths, cold)).toEqual([ECR]);
    expect(await configured(at, { [ECR]: auth("AWS", "another"), [GAR]: auth("me", google) })).toEqual([
      ECR,
      GAR,
    ]);
  });
});

describe("where the record cannot be kept", () => {
  test("it works all the same, and says that it will not be able to take anything out", async () => {
    const at = await configureMachine([secret("ghcr.io")]);
    const env = { DOCKER_CREDENTIAL_ONA_STATE_DIR: join(at.root, "state") };
    at.write(join(at.root, "state"), "a file");
    const said = await at.run(["configure"], { env });
    expect(said).toMatchObject({ code: 0 });
    expect(said.stderr).toContain("[store-failed]");
    expect(at.helpers()).toEqual({ "ghcr.io": "ona" });
    const back = await at.run(["unconfigure"], { env });
    expect(back.stderr).toContain("[not-added-by-configure]");
    expect(at.helpers()).toEqual({ "ghcr.io": "ona" });
  });
});

describe("--prefetch", () => {
  test("into a cache in memory: the first get costs no request", async () => {
    const at = await configureMachine([secret("ghcr.io"), secret("a.test", "me:mine-own")]);
    const said = await at.run(["configure", "--prefetch"]);
    expect(said).toMatchObject({ code: 0, stderr: "" });
    expect(said.stdout).toContain("2 credentials fetched into the cache");
    const asked = at.platform.journal.count();
    const got = await at.run(["get"], { stdin: "ghcr.io" });
    expect(JSON.parse(got.stdout)).toMatchObject({ Username: "demo-user", Secret: "demo-password" });
    expect(at.platform.journal.count()).toBe(asked);
  });

  test.runIf(hasNamespaces)(
    "into the one below the home directory: a warning, and no credential on disk",
    async () => {
      const at = await configureMachine([secret("ghcr.io")]);
      const script = 'mount --make-rprivate / && mount -t tmpfs -o ro none /dev/shm && exec "$@"';
      const launcher = [
        "/usr/bin/env",
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
        "unshare",
        "-m",
        "sh",
        "-c",
        script,
        "sh",
      ];
      const env = { XDG_RUNTIME_DIR: "" };
      const said = await at.run(["configure", "--prefetch"], { env, launcher });
      expect(said).toMatchObject({ code: 0 });
      expect(said.stderr).toContain("[prefetch-into-home]");
      expect(
        filesBelow(at.home).filter((path) => readFileSync(path, "utf8").includes("demo-password")),
      ).toEqual([]);
      const named = { ...env, DOCKER_CREDENTIAL_ONA_CACHE_DIR: join(at.home, "cache") };
      expect((await at.run(["configure", "--prefetch"], { env: named, launcher })).stdout).toContain(
        "1 credential fetched",
      );
    },
  );

  test("one that cannot be had is a warning", async () => {
    const at = await configureMachine([secret("ghcr.io"), secret("bad.test", "no value")]);
    const said = await at.run(["configure", "--prefetch"]);
    expect(said).toMatchObject({ code: 0 });
    expect(said.stdout).toContain("1 credential fetched");
    expect(said.stderr.replace(/\s+/g, " ")).toMatch(
      /warning: bad\.test was not fetched: .*\[value-invalid\]/,
    );
  });
});

describe("what it says", () => {
  const schema = JSON.parse(readFileSync(join(repository, "docs/configure.schema.json"), "utf8")) as object;
  const valid = new Ajv({ allErrors: true }).compile(schema);
  const data = (said: Run): Record<string, unknown> => {
    const value = JSON.parse(said.stdout) as Record<string, unknown>;
    expect(valid(value), JSON.stringify(valid.errors)).toBe(true);
    return value;
  };

  test("--json is as its schema says, with everything in it", async () => {
    const at = await configureMachine([
      secret("ghcr.io"),
      secret("quay.io"),
      secret("docker.io", "me:mine-own"),
    ]);
    const auths = { "ghcr.io": { auth: btoa("demo-user:demo-password") }, [HUB]: { auth: btoa("x:y") } };
    at.write(at.dockerConfig, JSON.stringify({ auths, credHelpers: { "quay.io": "desktop" } }));
    const dry = await at.run(["configure", "--json", "--dry-run"]);
    expect(data(dry)).toMatchObject({
      dryRun: true,
      changed: true,
      managed: ["docker.io", "ghcr.io", "quay.io"],
    });
    expect(existsSync(join(at.home, ".local"))).toBe(false);
    expect(data(await at.run(["configure", "--json", "--prefetch"]))).toMatchObject({
      schemaVersion: 1,
      verb: "configure",
      helper: { name: "ona", onPath: join(at.bin, "docker-credential-ona") },
      platform: { asked: true, failure: null },
      files: [
        {
          path: at.dockerConfig,
          backup: `${at.dockerConfig}.before-ona`,
          registries: [
            { registry: "docker.io", action: "added", keys: [HUB, "docker.io"], hiddenLogins: [HUB] },
            { registry: "ghcr.io", action: "added", removedLogins: ["ghcr.io"] },
            { registry: "quay.io", action: "kept", otherHelpers: { "quay.io": "desktop" } },
          ],
        },
      ],
      prefetched: ["docker.io", "ghcr.io", "quay.io"],
      warnings: [{ code: "other-helper" }, { code: "login-hidden" }],
    });
    at.write(join(at.home, "broken", "config.json"), "{");
    const broken = await at.run(["configure", "--json", "--docker-config", join(at.home, "broken")]);
    expect(data(broken)).toMatchObject({ files: [{ error: { code: "docker-file-broken" } }] });
    expect(data(await at.run(["unconfigure", "--json"]))).toMatchObject({
      verb: "unconfigure",
      changed: true,
    });
  });

  test("text stays within 80 columns and has no colour where nobody looks", async () => {
    const ecr = "123456789012.dkr.ecr.ap-southeast-1.amazonaws.com";
    const long = `${"registry-of-a-team-".repeat(3)}.example.test:5000`;
    const at = await configureMachine([ecr, long, "ghcr.io"].map((host) => secret(host)));
    const auths = Object.fromEntries([ecr, long].map((host) => [host, { auth: btoa("x:y") }]));
    at.write(
      at.dockerConfig,
      JSON.stringify({ auths, credHelpers: { "ghcr.io": "a-helper-of-a-rather-long-name-indeed" } }),
    );
    const said = await at.run(["configure"], { env: { PATH: "/nowhere" } });
    const lines = `${said.stdout}${said.stderr}`.split("\n").filter((line) => !/^ {2}run: /.test(line));
    for (const line of lines) expect(line.replaceAll(at.root, "~"), line).toMatch(/^[ -~]{0,80}$/);
    expect(said.stderr).toContain("[no-client]");
    expect(said.stderr).toContain("[helper-not-on-path]");
  });

  test("the line that mends a program that is not on PATH mends it", async () => {
    const at = await configureMachine([secret("ghcr.io")]);
    rmSync(join(at.bin, "docker-credential-ona"));
    const said = await at.run(["configure"]);
    const line = /^ {2}run: (?:sudo )?(.*)$/m.exec(said.stderr)?.[1] ?? "false";
    execFileSync("/bin/sh", ["-c", line], { env: { PATH: "/usr/bin:/bin" } });
    expect(await at.run(["configure"])).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("--watch", () => {
  const WATCH = ["configure", "--watch"];

  test("follows the platform and the file until SIGTERM", async () => {
    const at = await configureMachine([secret("ghcr.io")]);
    const child = at.run(WATCH);
    await until(() => at.helpers()["ghcr.io"] === "ona");
    await at.platform.apply({ do: "addSecret", secret: secret("new.test") });
    await until(() => at.helpers()["new.test"] === "ona");
    rmSync(at.dockerConfig);
    child.kill("SIGHUP");
    await until(() => Object.keys(at.helpers()).length === 2);
    child.kill("SIGTERM");
    expect((await child).code).toBe(0);
    expect(child.said().match(/added\n/g)?.length).toBeGreaterThanOrEqual(3);
  });

  test("starts during an outage and gets there when that is over", async () => {
    const at = await configureMachine([secret("ghcr.io")]);
    await at.platform.apply({ do: "goDown" });
    const child = at.run(WATCH, { env: { DOCKER_CREDENTIAL_ONA_DEADLINE_MS: "2000" } });
    await until(() => child.said().includes("nothing was taken out"));
    await at.platform.apply({ do: "comeUp" });
    child.kill("SIGHUP");
    await until(() => at.helpers()["ghcr.io"] === "ona");
    child.kill("SIGTERM");
    expect((await child).code).toBe(0);
  });
});

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (holds()) return;
    await wait(50);
  }
  throw new Error("it did not come about within 30 s");
}

const filesBelow = (dir: string): readonly string[] =>
  readdirSync(dir, { recursive: true, encoding: "utf8" })
    .map((name) => join(dir, name))
    .filter((path) => lstatSync(path).isFile());
