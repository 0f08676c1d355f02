// The way to the platform: TLS with a private CA, and the redirects that are allowed. Nothing leaves loopback.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { buildsUnderTest } from "../support/builds.ts";
import { HOST, type TlsMachine, tlsMachine } from "./tls-machine.ts";

for (const build of buildsUnderTest()) {
  describe(build.name, () => {
    let at: TlsMachine;

    beforeEach(async () => {
      at = await tlsMachine(build);
    });

    it.each(["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "AWS_CA_BUNDLE"])(
      "a private CA in %s is trusted",
      async (name) => {
        await at.expectAnswer({ [name]: at.ca });
      },
    );

    it("damaged certificates in a bundle do not take the good one with them", async () => {
      const good = readFileSync(at.ca, "utf8").trim();
      const damaged = [
        good.replaceAll("\n", ""),
        good.replace("MII", "AAA"),
        good.slice(0, 300),
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nno base64 at all\n-----END CERTIFICATE-----",
      ];
      const path = at.write("bundle.pem", [...damaged.slice(0, 2), good, ...damaged.slice(2)].join("\r\n"));
      await at.expectAnswer({ SSL_CERT_FILE: path });
    });

    it("an unknown CA is not trusted, whatever NODE_TLS_REJECT_UNAUTHORIZED says", async () => {
      await at.expectNothing({});
      await at.expectNothing({ NODE_TLS_REJECT_UNAUTHORIZED: "0" });
    });

    it.each(["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "AWS_CA_BUNDLE"])(
      "%s that names no file of certificates is an error that names both",
      async (name) => {
        const empty = at.write("empty.pem", "");
        // Another variable's good file does not make up for it.
        const good = { [name === "SSL_CERT_FILE" ? "AWS_CA_BUNDLE" : "SSL_CERT_FILE"]: at.ca };
        await at.expectInvalid(
          { ...good, [name]: "/no/such.pem" },
          `${name} names /no/such.pem, which cannot be read`,
        );
        await at.expectInvalid(
          { ...good, [name]: empty },
          `${name} names ${empty}, which holds no certificate`,
        );
        await at.expectAnswer({ ...good, [name]: " \n" });
        await at.expectAnswer({ [name]: ` ${at.ca}\t` });
      },
    );

    it.each([
      "not a url",
      "http://",
      "http://[::1",
      "http://proxy:99999",
      "socks5://127.0.0.1:1",
      "ftp://127.0.0.1",
      "http://127.0.0.1:1/\u0001",
    ])("HTTPS_PROXY=%j is an error that names the variable, and no way round it is taken", async (value) => {
      const base = {
        ONA_BASE_URL: `https://platform.example.test:${at.port}/api`,
        NODE_EXTRA_CA_CERTS: at.ca,
      };
      await at.expectInvalid({ ...base, HTTPS_PROXY: value }, "HTTPS_PROXY ");
      await at.expectInvalid({ ...base, HTTPS_PROXY: at.proxy.url, https_proxy: value }, "https_proxy ");
      expect(at.proxy.asked).toEqual([]);
    });

    it("white space around a proxy is dropped, and a blank one is none", async () => {
      const base = {
        ONA_BASE_URL: `https://platform.example.test:${at.port}/api`,
        NODE_EXTRA_CA_CERTS: at.ca,
      };
      await at.expectAnswer({ ...base, HTTPS_PROXY: ` ${at.proxy.url}\r\n`, https_proxy: " " });
      expect(at.proxy.asked.length).toBeGreaterThan(0);
    });

    it("a certificate for another name is refused", async () => {
      const other = { HTTPS_PROXY: at.proxy.url, NODE_EXTRA_CA_CERTS: at.ca };
      await at.expectNothing({ ...other, ONA_BASE_URL: "https://other.example.test/api" });
    });

    it("a failure of TLS is a failure with its own code where Docker's config names us", async () => {
      at.giveToUs([HOST]);
      const { stdout, stderr, code } = await at.get(HOST);
      expect(stdout).toMatch(/^registry\.example\.test: [ -~]+ \[platform-tls\]\n$/);
      expect(stderr).toBe(stdout);
      expect(code).toBe(1);
    });

    it.each([
      ["a pipe", (path: string) => void execFileSync("mkfifo", [path])],
      ["nothing", () => undefined],
      ["a directory", (path: string) => mkdirSync(path)],
    ])("SSL_CERT_FILE that names %s holds nobody up and is named", async (_what, make) => {
      at.giveToUs([HOST]);
      const SSL_CERT_FILE = at.path("certificates");
      make(SSL_CERT_FILE);
      const { stdout, stderr, code } = await at.get(HOST, { SSL_CERT_FILE });
      expect(stdout).toMatch(/ SSL_CERT_FILE names [ -~]+ \[config-invalid\]\n$/);
      expect(stderr).toBe(stdout);
      expect(code).toBe(1);
    });

    it.each([307, 308])("one %i to the same host over https is followed", async (status) => {
      await at.platform.apply({
        do: "fault",
        fault: { method: "GetEnvironment", times: 1, kind: "redirect", to: "same", status },
      });
      await at.expectAnswer({ NODE_EXTRA_CA_CERTS: at.ca });
      expect(at.platform.journal.methods()).toEqual(["GetEnvironment", "GetEnvironment", "GetSecretValue"]);
    });

    it.each([301, 302, 303])("a %i is refused, even to the same host", async (status) => {
      await at.platform.apply({ do: "fault", fault: { kind: "redirect", to: "same", status } });
      await at.expectNothing({ NODE_EXTRA_CA_CERTS: at.ca }, 1);
    });

    it("a second redirect is refused: no loop", async () => {
      await at.platform.apply({ do: "fault", fault: { kind: "redirect", to: "same" } });
      await at.expectNothing({ NODE_EXTRA_CA_CERTS: at.ca }, 2);
    });

    it.each([
      ["another port", (port: number) => `https://127.0.0.1:${port === 65535 ? 65534 : port + 1}`],
      ["plain http", (port: number) => `http://127.0.0.1:${port}`],
      ["another name of the same machine", (port: number) => `https://localhost:${port}`],
      ["a longer host", () => "https://app.ona.com.attacker.example"],
      ["user info", (port: number) => `https://x@127.0.0.1:${port}`],
    ])("a redirect to %s is refused", async (_, target) => {
      const to = target(at.port);
      await at.platform.apply({ do: "fault", fault: { kind: "redirect", to, status: 307 } });
      await at.expectNothing({ NODE_EXTRA_CA_CERTS: at.ca }, 1);
    });

    it("a redirect to another path of the same host is refused: the path is kept", async () => {
      const to = `${at.platform.origin}/elsewhere/gitpod.v1.EnvironmentService/GetEnvironment`;
      await at.platform.apply({ do: "fault", fault: { kind: "redirect", to, status: 307 } });
      await at.expectNothing({ NODE_EXTRA_CA_CERTS: at.ca }, 1);
    });

    it.each([
      ["app.gitpod.io", "app.ona.com"],
      ["app.ona.com", "app.gitpod.io"],
    ])("a redirect from %s to %s is followed with the token", async (from, to) => {
      await at.platform.apply({
        do: "fault",
        fault: { method: "GetEnvironment", times: 1, kind: "redirect", to: `https://${to}`, status: 308 },
      });
      await at.expectAnswer({
        ONA_BASE_URL: `https://${from}/api`,
        HTTPS_PROXY: at.proxy.url,
        NODE_EXTRA_CA_CERTS: at.ca,
      });
      expect(at.proxy.asked).toContain(`CONNECT ${to}:443`);
    });

    it("a redirect from another base to app.ona.com is refused", async () => {
      await at.platform.apply({
        do: "fault",
        fault: { kind: "redirect", to: "https://app.ona.com", status: 307 },
      });
      await at.get(HOST, {
        ONA_BASE_URL: "https://platform.example.test/api",
        HTTPS_PROXY: at.proxy.url,
        NODE_EXTRA_CA_CERTS: at.ca,
      });
      expect(at.proxy.asked.filter((line) => line.includes("app.ona.com"))).toEqual([]);
    });
  });
}
