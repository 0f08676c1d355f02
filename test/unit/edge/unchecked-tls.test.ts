import { expect, it } from "vitest";
import { makeLoopbackCertificate } from "../../stand-ins/platform/certificate.ts";
import { builds } from "../../support/builds.ts";
import { answerFor, NOT_FOUND } from "../../support/machine.ts";
import { machineForTest } from "../../support/machine-for-test.ts";

const HOST = "registry.example.test";

it("changes no answer and prints nothing", async () => {
  const [build] = builds;
  if (build === undefined) throw new Error("no build");
  const tls = makeLoopbackCertificate();
  const at = await machineForTest({
    build,
    secrets: [{ name: "TEAM", host: HOST, value: "demo:password" }],
    tls,
    env: { NODE_TLS_REJECT_UNAUTHORIZED: "0", DOCKER_CREDENTIAL_ONA_NO_CACHE: "1" },
  });
  const get = async (more: Record<string, string>): Promise<string> => {
    const { stdout, stderr } = await at.get(HOST, more);
    return `${stdout}|${stderr}`;
  };
  expect(await get({})).toBe(`${NOT_FOUND}|`);
  expect(at.platform.journal.count()).toBe(0);
  expect(await get({ SSL_CERT_FILE: at.write("ca.pem", tls.ca) })).toBe(
    `${answerFor(HOST, "demo", "password")}|`,
  );
});
