// A bed with a stand-in behind TLS and a proxy that leads every name to it; the names of the real platform included.

import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { expect } from "vitest";
import { type LoopbackCertificate, makeLoopbackCertificate } from "../stand-ins/platform/certificate.ts";
import { ids } from "../stand-ins/platform/ids.ts";
import { type Platform, startPlatform } from "../stand-ins/platform/stand-in.ts";
import {
  type Bed,
  type Build,
  type HelperRun,
  isExecutable,
  makeBed,
  runHelper,
} from "../support/run-helper.ts";

export const HOST = "registry.example.test";
const ANSWER = `${JSON.stringify({ ServerURL: HOST, Username: "demo", Secret: "c4nary-password" })}\n`;
const NAMES = ["platform.example.test", "app.gitpod.io", "app.ona.com"];

export interface TlsBed {
  readonly bed: Bed;
  readonly platform: Platform;
  readonly proxy: Proxy;
  /** Path of the private CA. */
  readonly ca: string;
  readonly port: number;
  get(env: Record<string, string>): Promise<HelperRun>;
  expectAnswer(env: Record<string, string>): Promise<void>;
  /** NF, since nobody gives the registry to us: what counts is how many requests arrived at the platform. */
  expectNothing(env: Record<string, string>, requests?: number): Promise<void>;
  /** `config-invalid` in one line that begins so, for a registry that is given to us; nobody is asked. */
  expectInvalid(env: Record<string, string>, begins: string): Promise<void>;
  close(): Promise<void>;
}

let certificate: LoopbackCertificate | undefined;

export async function startTlsBed(build: Build): Promise<TlsBed> {
  certificate ??= makeLoopbackCertificate(NAMES);
  const bed = makeBed();
  const ca = join(bed.root, "ca.pem");
  writeFileSync(ca, certificate.ca);
  const secrets = [{ name: "TEAM", host: HOST, value: "demo:c4nary-password" }];
  const platform = await startPlatform({ seed: { secrets }, tls: certificate });
  const port = Number(platform.origin.replace(/^.*:/, ""));
  const proxy = await startProxy(port);
  const get = (env: Record<string, string>): Promise<HelperRun> =>
    runHelper(build, ["get"], { env: { ...standardEnv(bed, platform), ...env }, cwd: bed.cwd, stdin: HOST });
  /** A Node of the user's own reads NODE_EXTRA_CA_CERTS too, and says what it thinks of it before we begin. */
  const said = (stderr: Buffer): string =>
    isExecutable(build)
      ? stderr.toString()
      : stderr.toString().replace(/Warning: Ignoring extra certs from `[^`]*`.*\n/g, "");
  return {
    bed,
    platform,
    proxy,
    ca,
    port,
    get,
    async expectAnswer(env) {
      const { stdout, stderr, code } = await get(env);
      const told = { stdout: stdout.toString(), stderr: said(stderr), code };
      expect(told).toEqual({ stdout: ANSWER, stderr: "", code: 0 });
    },
    async expectNothing(env, requests = 0) {
      const before = platform.journal.count();
      const { stdout, code } = await get(env);
      expect(stdout.toString()).toBe("credentials not found in native keychain\n");
      expect(code).toBe(1);
      expect(platform.journal.count() - before).toBe(requests);
    },
    async expectInvalid(env, begins) {
      const before = platform.journal.count();
      const docker = join(bed.root, "given");
      mkdirSync(docker, { recursive: true });
      writeFileSync(join(docker, "config.json"), JSON.stringify({ credHelpers: { [HOST]: "ona" } }));
      const { stdout, stderr, code } = await get({ ...env, DOCKER_CONFIG: docker });
      const line = stdout.toString();
      expect(line.slice(0, HOST.length + 2 + begins.length)).toBe(`${HOST}: ${begins}`);
      expect(line).toMatch(/^[ -~]+ \[config-invalid\]\n$/);
      expect([said(stderr), code]).toEqual([line, 1]);
      expect(platform.journal.count()).toBe(before);
    },
    async close() {
      await proxy.close();
      await platform.close();
      bed.remove();
    },
  };
}

const standardEnv = (bed: Bed, platform: Platform): Record<string, string> => ({
  ...bed.env,
  DOCKER_CREDENTIAL_ONA_NO_CACHE: "1",
  DOCKER_CREDENTIAL_ONA_DEADLINE_MS: "4000",
  DOCKER_CREDENTIAL_ONA_TOKEN: "env-token",
  ONA_ENVIRONMENT_ID: ids.environment,
  ONA_BASE_URL: platform.baseUrl,
});

/** A proxy that tunnels every name to the stand-in and notes what was asked for. */
export interface Proxy {
  readonly url: string;
  readonly asked: string[];
  close(): Promise<void>;
}

async function startProxy(targetPort: number): Promise<Proxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(502).end();
  });
  server.on("connect", (request, client: Socket, head: Buffer) => {
    asked.push(`CONNECT ${request.url}`);
    const upstream = connect(targetPort, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [upstream, client]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, asked, close };
}
