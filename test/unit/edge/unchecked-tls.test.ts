// NODE_TLS_REJECT_UNAUTHORIZED=0 in the program's own environment: certificates are checked all the same, and nothing
// of the runtime's warning reaches Docker's user.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { makeLoopbackCertificate } from "../../stand-ins/platform/certificate.ts";
import { ids } from "../../stand-ins/platform/ids.ts";
import { platformForTest } from "../../stand-ins/platform/worlds.ts";
import { builds, makeBed, runHelper } from "../../support/run-helper.ts";

it("changes no answer and prints nothing", async () => {
  const [source] = builds;
  if (source === undefined) throw new Error("no build");
  const bed = makeBed();
  onTestFinished(() => bed.remove());
  const tls = makeLoopbackCertificate();
  const secrets = [{ name: "TEAM", host: "registry.example.test", value: "demo:password" }];
  const platform = await platformForTest({ secrets }, { tls });
  writeFileSync(join(bed.root, "ca.pem"), tls.ca);
  const get = async (more: Record<string, string>): Promise<string> => {
    const env = {
      ...bed.env,
      ...more,
      NODE_TLS_REJECT_UNAUTHORIZED: "0",
      ONA_ENVIRONMENT_ID: ids.environment,
      ONA_BASE_URL: platform.baseUrl,
      DOCKER_CREDENTIAL_ONA_TOKEN: "env-token",
      DOCKER_CREDENTIAL_ONA_NO_CACHE: "1",
    };
    const { stdout, stderr } = await runHelper(source, ["get"], {
      env,
      cwd: bed.cwd,
      stdin: "registry.example.test",
    });
    return `${stdout}|${stderr}`;
  };
  expect(await get({})).toBe("credentials not found in native keychain\n|");
  expect(platform.journal.count()).toBe(0);
  expect(await get({ SSL_CERT_FILE: join(bed.root, "ca.pem") })).toBe(
    '{"ServerURL":"registry.example.test","Username":"demo","Secret":"password"}\n|',
  );
});
