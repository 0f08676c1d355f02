// The way to the platform: TLS with a private CA, redirects that are allowed, proxies and their exceptions. Names of
// the real platform lead to the stand-in through a proxy of the test; nothing leaves loopback.

import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type LoopbackCertificate, makeLoopbackCertificate } from "../platform/certificate.ts";
import { ids } from "../platform/ids.ts";
import { type Platform, startPlatform } from "../platform/stand-in.ts";
import { type Bed, buildsUnderTest, type HelperRun, makeBed, runHelper } from "../support/run-helper.ts";

const HOST = "registry.example.test";
const ANSWER = `${JSON.stringify({ ServerURL: HOST, Username: "demo", Secret: "c4nary-password" })}\n`;
const NAMES = ["platform.example.test", "app.gitpod.io", "app.ona.com"];

/** A proxy that tunnels every name to the stand-in and notes what was asked for. */
interface Proxy {
  readonly url: string;
  readonly asked: string[];
  close(): Promise<void>;
}

async function startProxy(targetPort: () => number): Promise<Proxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(502).end();
  });
  server.on("connect", (request, client: Socket, head: Buffer) => {
    asked.push(`CONNECT ${request.url}`);
    const upstream = connect(targetPort(), "127.0.0.1", () => {
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

for (const build of buildsUnderTest()) {
  describe(build.name, () => {
    let certificate: LoopbackCertificate;
    let platform: Platform;
    let proxy: Proxy;
    let bed: Bed;
    const portOf = (): number => Number(new URL(platform.origin).port);

    beforeAll(() => {
      certificate = makeLoopbackCertificate(NAMES);
    });

    beforeEach(async () => {
      bed = makeBed();
      writeFileSync(join(bed.root, "ca.pem"), certificate.ca);
      const secrets = [{ name: "TEAM", host: HOST, value: "demo:c4nary-password" }];
      platform = await startPlatform({ seed: { secrets }, tls: certificate });
      proxy = await startProxy(portOf);
    });

    afterEach(async () => {
      await proxy.close();
      await platform.close();
      bed.remove();
    });

    const get = (env: Record<string, string>): Promise<HelperRun> =>
      runHelper(build, ["get"], {
        env: {
          ...bed.env,
          DOCKER_CREDENTIAL_ONA_NO_CACHE: "1",
          DOCKER_CREDENTIAL_ONA_DEADLINE_MS: "4000",
          DOCKER_CREDENTIAL_ONA_TOKEN: "env-token",
          ONA_ENVIRONMENT_ID: ids.environment,
          ONA_BASE_URL: platform.baseUrl,
          ...env,
        },
        cwd: bed.cwd,
        stdin: HOST,
      });

    const expectAnswer = async (env: Record<string, string>): Promise<void> => {
      const { stdout, stderr, code } = await get(env);
      expect({ stdout: stdout.toString(), stderr: stderr.toString(), code }).toEqual({
        stdout: ANSWER,
        stderr: "",
        code: 0,
      });
    };

    /** NF, since nobody gives the registry to us: what counts is that no token arrived anywhere. */
    const expectNothing = async (env: Record<string, string>): Promise<void> => {
      const before = platform.journal.count();
      const { stdout, code } = await get(env);
      expect(stdout.toString()).toBe("credentials not found in native keychain\n");
      expect(code).toBe(1);
      expect(platform.journal.count()).toBe(before);
    };

    const ca = (): string => join(bed.root, "ca.pem");

    it.each(["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "AWS_CA_BUNDLE"])(
      "a private CA in %s is trusted",
      async (name) => {
        await expectAnswer({ [name]: ca() });
      },
    );

    it("an unknown CA is not trusted, whatever NODE_TLS_REJECT_UNAUTHORIZED says", async () => {
      await expectNothing({});
      await expectNothing({ NODE_TLS_REJECT_UNAUTHORIZED: "0" });
      await expectNothing({ NODE_EXTRA_CA_CERTS: join(bed.root, "no-such-file.pem") });
    });

    it("a certificate for another name is refused", async () => {
      const other = { HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: ca() };
      await expectNothing({ ...other, ONA_BASE_URL: "https://other.example.test/api" });
    });

    it("a failure of TLS is a failure with its own code where Docker's config names us", async () => {
      writeFileSync(join(bed.root, "config.json"), JSON.stringify({ credHelpers: { [HOST]: "ona" } }));
      const { stdout, stderr, code } = await get({ DOCKER_CONFIG: bed.root });
      expect(stdout.toString()).toMatch(/^registry\.example\.test: [ -~]+ \[platform-tls\]\n$/);
      expect(stderr.toString()).toBe(stdout.toString());
      expect(code).toBe(1);
    });

    it.each([307, 308])("one %i to the same host over https is followed", async (status) => {
      await platform.apply({
        do: "fault",
        fault: { method: "GetEnvironment", times: 1, kind: "redirect", to: "same", status },
      });
      await expectAnswer({ NODE_EXTRA_CA_CERTS: ca() });
      expect(platform.journal.methods()).toEqual(["GetEnvironment", "GetEnvironment", "GetSecretValue"]);
    });

    it.each([301, 302, 303])("a %i is refused, even to the same host", async (status) => {
      await platform.apply({ do: "fault", fault: { kind: "redirect", to: "same", status } });
      const { stdout } = await get({ NODE_EXTRA_CA_CERTS: ca() });
      expect(stdout.toString()).toBe("credentials not found in native keychain\n");
      expect(platform.journal.count()).toBe(1);
    });

    it("a second redirect is refused: no loop", async () => {
      await platform.apply({ do: "fault", fault: { kind: "redirect", to: "same" } });
      const { stdout } = await get({ NODE_EXTRA_CA_CERTS: ca() });
      expect(stdout.toString()).toBe("credentials not found in native keychain\n");
      expect(platform.journal.count()).toBe(2);
    });

    it.each([
      ["another port", (port: number) => `https://127.0.0.1:${port === 65535 ? 65534 : port + 1}`],
      ["plain http", (port: number) => `http://127.0.0.1:${port}`],
      ["another name of the same machine", (port: number) => `https://localhost:${port}`],
      ["a longer host", () => "https://app.ona.com.attacker.example"],
      ["user info", (port: number) => `https://x@127.0.0.1:${port}`],
    ])("a redirect to %s is refused", async (_, target) => {
      const to = target(portOf());
      await platform.apply({ do: "fault", fault: { kind: "redirect", to, status: 307 } });
      const { stdout } = await get({ NODE_EXTRA_CA_CERTS: ca() });
      expect(stdout.toString()).toBe("credentials not found in native keychain\n");
      expect(platform.journal.count()).toBe(1);
    });

    it("a redirect to another path of the same host is refused: the path is kept", async () => {
      const to = `${platform.origin}/elsewhere/gitpod.v1.EnvironmentService/GetEnvironment`;
      await platform.apply({ do: "fault", fault: { kind: "redirect", to, status: 307 } });
      const { stdout } = await get({ NODE_EXTRA_CA_CERTS: ca() });
      expect(stdout.toString()).toBe("credentials not found in native keychain\n");
      expect(platform.journal.count()).toBe(1);
    });

    it.each([
      ["app.gitpod.io", "app.ona.com"],
      ["app.ona.com", "app.gitpod.io"],
    ])("a redirect from %s to %s is followed with the token", async (from, to) => {
      await platform.apply({
        do: "fault",
        fault: { method: "GetEnvironment", times: 1, kind: "redirect", to: `https://${to}`, status: 308 },
      });
      await expectAnswer({
        ONA_BASE_URL: `https://${from}/api`,
        HTTPS_PROXY: proxy.url,
        NODE_EXTRA_CA_CERTS: ca(),
      });
      expect(proxy.asked).toContain(`CONNECT ${to}:443`);
    });

    it("a redirect from another base to app.ona.com is refused", async () => {
      await platform.apply({
        do: "fault",
        fault: { kind: "redirect", to: "https://app.ona.com", status: 307 },
      });
      await get({
        ONA_BASE_URL: "https://platform.example.test/api",
        HTTPS_PROXY: proxy.url,
        NODE_EXTRA_CA_CERTS: ca(),
      });
      expect(proxy.asked.filter((line) => line.includes("app.ona.com"))).toEqual([]);
    });

    it.each(["HTTPS_PROXY", "https_proxy"])("%s is used for https", async (name) => {
      const base = "https://platform.example.test/api";
      await expectAnswer({ ONA_BASE_URL: base, [name]: proxy.url, NODE_EXTRA_CA_CERTS: ca() });
      expect(proxy.asked[0]).toBe("CONNECT platform.example.test:443");
    });

    it("HTTP_PROXY is not used for https", async () => {
      await get({
        ONA_BASE_URL: "https://platform.example.test/api",
        HTTP_PROXY: proxy.url,
        http_proxy: proxy.url,
        ALL_PROXY: proxy.url,
        NODE_EXTRA_CA_CERTS: ca(),
      });
      expect(proxy.asked).toEqual([]);
    });

    it.each([
      ["NO_PROXY", "platform.example.test"],
      ["no_proxy", "platform.example.test"],
      ["NO_PROXY", ".example.test"],
      ["NO_PROXY", "example.test"],
      ["NO_PROXY", "other.test, .example.test"],
      ["NO_PROXY", "platform.example.test:443"],
      ["NO_PROXY", "*"],
    ])("%s=%s leaves the proxy out", async (name, value) => {
      await get({
        ONA_BASE_URL: "https://platform.example.test/api",
        HTTPS_PROXY: proxy.url,
        [name]: value,
        NODE_EXTRA_CA_CERTS: ca(),
      });
      expect(proxy.asked).toEqual([]);
    });

    it.each([
      "xample.test",
      "form.example.test",
      ".platform.example.test",
      "10.0.0.0/8",
      "platform.example.test:8443",
      "",
    ])("NO_PROXY=%s does not name the platform", async (value) => {
      const base = "https://platform.example.test/api";
      await expectAnswer({
        ONA_BASE_URL: base,
        HTTPS_PROXY: proxy.url,
        NO_PROXY: value,
        NODE_EXTRA_CA_CERTS: ca(),
      });
    });

    it("NO_PROXY takes address ranges", async () => {
      const env = {
        ONA_BASE_URL: "https://192.0.2.7/api",
        HTTPS_PROXY: proxy.url,
        DOCKER_CREDENTIAL_ONA_DEADLINE_MS: "600",
      };
      await get({ ...env, NO_PROXY: "192.0.2.0/24" });
      expect(proxy.asked).toEqual([]);
      await get({ ...env, NO_PROXY: "192.0.3.0/24" });
      expect(proxy.asked[0]).toBe("CONNECT 192.0.2.7:443");
    });

    it("loopback is never proxied", async () => {
      await expectAnswer({ HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: ca() });
      expect(proxy.asked).toEqual([]);
    });
  });
}
