// Which requests take a proxy: https only HTTPS_PROXY, never loopback, and never what NO_PROXY names.

import { beforeEach, describe, expect, it } from "vitest";
import { buildsUnderTest } from "../support/builds.ts";
import { HOST, type TlsMachine, tlsMachine } from "./tls-machine.ts";

for (const build of buildsUnderTest()) {
  describe(build.name, () => {
    let at: TlsMachine;

    beforeEach(async () => {
      at = await tlsMachine(build);
    });

    it.each(["HTTPS_PROXY", "https_proxy"])("%s is used for https", async (name) => {
      const base = "https://platform.example.test/api";
      await at.expectAnswer({ ONA_BASE_URL: base, [name]: at.proxy.url, NODE_EXTRA_CA_CERTS: at.ca });
      expect(at.proxy.asked[0]).toBe("CONNECT platform.example.test:443");
    });

    it("HTTP_PROXY is not used for https", async () => {
      await at.get(HOST, {
        ONA_BASE_URL: "https://platform.example.test/api",
        HTTP_PROXY: at.proxy.url,
        http_proxy: at.proxy.url,
        ALL_PROXY: at.proxy.url,
        DOCKER_CREDENTIAL_ONA_DEADLINE_MS: "700",
        NODE_EXTRA_CA_CERTS: at.ca,
      });
      expect(at.proxy.asked).toEqual([]);
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
      await at.get(HOST, {
        ONA_BASE_URL: "https://platform.example.test/api",
        HTTPS_PROXY: at.proxy.url,
        [name]: value,
        DOCKER_CREDENTIAL_ONA_DEADLINE_MS: "700",
        NODE_EXTRA_CA_CERTS: at.ca,
      });
      expect(at.proxy.asked).toEqual([]);
    });

    it.each(["xample.test", "form.example.test", "10.0.0.0/8", "platform.example.test:8443", ""])(
      "NO_PROXY=%s does not name the platform",
      async (value) => {
        const base = "https://platform.example.test/api";
        await at.expectAnswer({
          ONA_BASE_URL: base,
          HTTPS_PROXY: at.proxy.url,
          NO_PROXY: value,
          NODE_EXTRA_CA_CERTS: at.ca,
        });
      },
    );

    it("NO_PROXY takes address ranges", async () => {
      const env = {
        ONA_BASE_URL: "https://192.0.2.7/api",
        HTTPS_PROXY: at.proxy.url,
        DOCKER_CREDENTIAL_ONA_DEADLINE_MS: "1500",
      };
      await at.get(HOST, { ...env, NO_PROXY: "192.0.2.0/24" });
      expect(at.proxy.asked).toEqual([]);
      await at.get(HOST, { ...env, NO_PROXY: "192.0.3.0/24" });
      expect(at.proxy.asked[0]).toBe("CONNECT 192.0.2.7:443");
    });

    it("SOCKS is refused in one line, with nothing beside it", async () => {
      at.giveToUs([HOST]);
      const { stdout, stderr, code } = await at.get(HOST, {
        ONA_BASE_URL: "https://platform.example.test/api",
        HTTPS_PROXY: at.proxy.url.replace("http://", "socks5://"),
      });
      expect(stdout).toMatch(/: HTTPS_PROXY names an unsupported proxy[ -~]+ \[config-invalid\]\n$/);
      expect(stderr).toBe(stdout);
      expect(code).toBe(1);
      expect(at.proxy.asked).toEqual([]);
    });

    it("loopback is never proxied", async () => {
      await at.expectAnswer({
        HTTPS_PROXY: at.proxy.url,
        HTTP_PROXY: at.proxy.url,
        NODE_EXTRA_CA_CERTS: at.ca,
      });
      expect(at.proxy.asked).toEqual([]);
    });
  });
}
