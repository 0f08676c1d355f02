// A machine whose platform is behind TLS, and a proxy that leads every name to it; the names of the real platform included.

import { expect } from "vitest";
import { type LoopbackCertificate, makeLoopbackCertificate } from "../stand-ins/platform/certificate.ts";
import { type Build, isExecutable } from "../support/builds.ts";
import { answerFor, type Machine, NOT_FOUND, type Variables } from "../support/machine.ts";
import { machineForTest } from "../support/machine-for-test.ts";
import { type RecordingProxy, startRecordingProxy } from "../support/recording-proxy.ts";

export const HOST = "registry.example.test";
const NAMES = ["platform.example.test", "app.gitpod.io", "app.ona.com"];

export interface TlsMachine extends Machine {
  readonly proxy: RecordingProxy;
  /** Path of the private CA. */
  readonly ca: string;
  readonly port: number;
  expectAnswer(env: Variables): Promise<void>;
  /** NF, since nobody gives the registry to us: what counts is how many requests arrived at the platform. */
  expectNothing(env: Variables, requests?: number): Promise<void>;
  /** A failure with this code, in one line that begins so, for a registry that is given to us; nobody is asked. */
  expectInvalid(env: Variables, begins: string): Promise<void>;
}

let certificate: LoopbackCertificate | undefined;

/** Ends with the running test. */
export async function tlsMachine(build: Build): Promise<TlsMachine> {
  certificate ??= makeLoopbackCertificate(NAMES);
  const at = await machineForTest({
    build,
    secrets: [{ name: "TEAM", host: HOST, value: "demo:c4nary-password" }],
    tls: certificate,
    env: { DOCKER_CREDENTIAL_ONA_NO_CACHE: "1", DOCKER_CREDENTIAL_ONA_DEADLINE_MS: "4000" },
  });
  const { journal, origin } = at.platform;
  const port = Number(new URL(origin).port);
  const proxy = await startRecordingProxy(port);
  at.onClose(proxy.close);
  /** A Node of the user's own reads NODE_EXTRA_CA_CERTS too, and says what it thinks of it before we begin. */
  const said = (stderr: string): string =>
    isExecutable(build) ? stderr : stderr.replace(/Warning: Ignoring extra certs from `[^`]*`.*\n/g, "");
  return Object.assign(at, {
    proxy,
    ca: at.write("ca.pem", certificate.ca),
    port,
    async expectAnswer(env: Variables) {
      const { stdout, stderr, code } = await at.get(HOST, env);
      const answer = answerFor(HOST, "demo", "c4nary-password");
      expect({ stdout, stderr: said(stderr), code }).toEqual({ stdout: answer, stderr: "", code: 0 });
    },
    async expectNothing(env: Variables, requests = 0) {
      const before = journal.count();
      const { stdout, code } = await at.get(HOST, env);
      expect([stdout, code]).toEqual([NOT_FOUND, 1]);
      expect(journal.count() - before).toBe(requests);
    },
    async expectInvalid(env: Variables, begins: string) {
      const before = journal.count();
      at.giveToUs([HOST]);
      const { stdout, stderr, code } = await at.get(HOST, env);
      expect(stdout.slice(0, HOST.length + 2 + begins.length)).toBe(`${HOST}: ${begins}`);
      expect(stdout).toMatch(/^[ -~]+ \[config-invalid\]\n$/);
      expect([said(stderr), code]).toEqual([stdout, 1]);
      expect(journal.count()).toBe(before);
    },
  });
}
