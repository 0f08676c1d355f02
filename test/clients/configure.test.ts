// configure and the real clients: it is all that a user does before Docker, Podman, Buildah and Skopeo pull; and Docker,
// which writes the same file without a lock, never loses a login to it.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { dirname, join } from "node:path";
import { expect, inject, onTestFinished, test } from "vitest";
import { describeClient, useBed } from "./bed.ts";
import { newAccount, openWorkplace, type Workplace } from "./workplace.ts";

const { paths, dockers } = inject("programs");

interface DockerFile {
  auths?: Record<string, { auth?: string }>;
  credHelpers?: Record<string, string>;
}
const fileOf = (at: Workplace): DockerFile => JSON.parse(readFileSync(at.dockerConfig, "utf8")) as DockerFile;

/** A workplace as it is before anybody configured anything, or with a file of one's own. */
async function open(secrets: Record<string, string>, file?: object): Promise<Workplace> {
  const at = await openWorkplace({ helped: [], secrets });
  if (file === undefined) rmSync(at.dockerConfig);
  else writeFileSync(at.dockerConfig, JSON.stringify(file, undefined, "\t"));
  return at;
}
const configure = (at: Workplace, ...args: string[]) =>
  at.run([join(inject("helperDirectory"), "docker-credential-ona"), "configure", ...args]);

describeClient("configure", ["docker", "skopeo"], () => {
  const bed = useBed({});
  const inspect = (at: Workplace, image: string, env: Record<string, string> = {}) =>
    at.run([paths.skopeo ?? "", "inspect", "--tls-verify=false", `docker://${image}`], { env });

  test("skopeo reads a private image through Docker's file, and through an auth file of its own", async () => {
    const { host } = bed.registry;
    const account = await newAccount(bed.registry);
    const image = await bed.registry.publish();
    const at = await open({ [host]: account.value });
    expect(await inspect(at, image.reference)).not.toMatchObject({ code: 0 });
    expect(await configure(at)).toMatchObject({ code: 0 });
    const read = await inspect(at, image.reference);
    expect(read, read.said).toMatchObject({ code: 0 });
    const authfile = join(at.root, "containers", "auth.json");
    const env = { REGISTRY_AUTH_FILE: authfile };
    mkdirSync(dirname(authfile));
    writeFileSync(authfile, "{}");
    expect(await configure(at, "--authfile", authfile)).toMatchObject({ code: 0 });
    // Old clients fall back to Docker's file, newer ones do not.
    rmSync(at.dockerConfig);
    expect(await inspect(at, image.reference, env)).toMatchObject({ code: 0 });
    rmSync(authfile);
    expect(await inspect(at, image.reference, env)).not.toMatchObject({ code: 0 });
  });

  for (const { path: docker, version } of dockers) {
    const login = (at: Workplace, host: string, password = "any-word") =>
      at.run([docker, "login", "--username", "me", "--password-stdin", host], { stdin: password });

    test(`docker ${version}: a login of the platform's own before configure leaves the file, docker logout the other one`, async () => {
      const { host } = bed.registry;
      const account = await newAccount(bed.registry);
      const other = await newAccount(bed.registry);
      const at = await open({ [host]: account.value });
      const flags = (user: string) => ["login", "--username", user, "--password-stdin", host];
      await at.run([docker, ...flags(account.user)], { stdin: account.password });
      expect(fileOf(at).auths?.[host]?.auth).toBe(btoa(account.value));
      expect(await configure(at)).toMatchObject({ code: 0 });
      expect(fileOf(at)).toMatchObject({ auths: {}, credHelpers: { [host]: "ona" } });
      expect(readFileSync(at.dockerConfig, "utf8")).not.toContain(btoa(account.value));
      // And one that is not the platform's: named with the command that drops it.
      const two = await open({ [host]: account.value });
      await two.run([docker, ...flags(other.user)], { stdin: other.password });
      const said = await configure(two);
      expect(said.stderr.replace(/\s+/g, " ")).toContain(`docker logout ${host}`);
      expect(fileOf(two).auths?.[host]?.auth).toBe(btoa(other.value));
      await two.run([docker, "logout", host]);
      expect(fileOf(two).auths?.[host]).toBeUndefined();
      expect(fileOf(two).credHelpers?.[host]).toBe("ona");
    });

    test(`docker ${version}: logins while configure and unconfigure run without end`, async () => {
      const hosts = await registries(12);
      const at = await open(
        { "managed.test": "demo-user:demo-password" },
        { HttpHeaders: { A: "1" }, auths: {} },
      );
      let ended = false;
      const writing = (async () => {
        for (let round = 0; !ended; round += 1) {
          const verb = round % 2 === 0 ? "configure" : "unconfigure";
          const said = await at.run([join(inject("helperDirectory"), "docker-credential-ona"), verb]);
          expect(said, said.said).toMatchObject({ code: 0 });
        }
      })();
      for (const host of hosts) {
        const said = await login(at, host);
        expect(said, said.said).toMatchObject({ code: 0 });
      }
      ended = true;
      await writing;
      expect(Object.keys(fileOf(at).auths ?? {}).toSorted()).toEqual(hosts.toSorted());
      expect(await configure(at)).toMatchObject({ code: 0 });
      expect(fileOf(at)).toMatchObject({ HttpHeaders: { A: "1" }, credHelpers: { "managed.test": "ona" } });
    });
  }
});

/** Registries that take any login, on as many names of this machine. */
async function registries(count: number): Promise<string[]> {
  const servers: Server[] = [];
  onTestFinished(() => void servers.map((server) => server.close()));
  return await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const server = createServer((request, response) => {
        const isKnown = request.headers.authorization !== undefined;
        response.writeHead(isKnown ? 200 : 401, { "WWW-Authenticate": 'Basic realm="r"' }).end("{}");
      });
      servers.push(server);
      const address = `127.0.0.${index + 2}`;
      await new Promise<void>((resolve) => server.listen(0, address, resolve));
      const bound = server.address();
      return `${address}:${typeof bound === "object" ? bound?.port : 0}`;
    }),
  );
}
