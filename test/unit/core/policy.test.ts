// Which source answers, as a table: what is known, and what follows. A fact that a row does not give must not be looked
// at, so the table also proves what is never read; and every way through the questions comes to an end.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/core/config.ts";
import { Failure } from "../../../src/core/failures.ts";
import type { PlatformResult } from "../../../src/core/platform-result.ts";
import { type Expiring, type Facts, isQuestion, nextStep, type Step } from "../../../src/core/policy.ts";
import { parseRegistry, type RegistryRef } from "../../../src/core/registry.ts";
import { Secret } from "../../../src/core/secret.ts";
import { numRuns } from "./runs.ts";

const PLAIN = "registry.example.test";
const ECR = "111122223333.dkr.ecr.eu-west-1.amazonaws.com";
const ECR_PUBLIC = "public.ecr.aws";
const GAR = "europe-west1-docker.pkg.dev";
const HUB_TOKEN = "https://index.docker.io/v1/access-token";

const credential = (text: string) => {
  const [username = "", password = ""] = text.split(":");
  return { username, secret: new Secret(password) };
};
const failure = (code: "platform-timeout" | "secret-missing" | "config-invalid" | "aws-denied") =>
  new Failure(code, "said so");

const secret = {
  credential: { kind: "credential", credential: credential("demo:pw"), atMs: 1 },
  native: { kind: "native", atMs: 1 },
  none: { kind: "none", atMs: 1 },
  stale: { kind: "credential", credential: credential("demo:old"), atMs: 1, stale: true },
  managed: { kind: "failed", failure: failure("secret-missing"), managed: true },
  unknown: { kind: "failed", failure: failure("platform-timeout"), managed: false },
} satisfies Record<string, PlatformResult>;

const login = (text: string, compared: boolean, expiresAtMs?: number) => ({
  credential: credential(text),
  expiresAtMs,
  compared,
});
const token: Expiring = { credential: credential("AWS:token"), expiresAtMs: 7 };

/** The facts that a row gives; another one throws when it is looked at. */
type Known = Partial<Omit<Facts, "token" | "config">> & {
  readonly registries?: object;
  /** What is known of every token. */
  readonly minted?: ReturnType<Facts["token"]>;
};

function facts(known: Known): Facts {
  const given: Record<string, unknown> = { ...known, config: configOf(known) };
  if ("minted" in known) given.token = () => known.minted;
  return new Proxy({} as Facts, {
    get(_, name: string) {
      if (!(name in given)) throw new Error(`looked at ${name}`);
      return given[name];
    },
  });
}

const configOf = ({ registries }: Known) => parseConfig(JSON.stringify({ registries: registries ?? {} }));

function refOf(host: string): RegistryRef {
  const ref = parseRegistry(host);
  if (ref === undefined) throw new Error(`no registry: ${host}`);
  return ref;
}

/** `found demo:pw by platform`, `mint ecr machine`, `ask-platform`, `failed aws-denied by entry`. */
function inWords(step: Step): string {
  switch (step.kind) {
    case "found": {
      const { username, secret: password } = step.credential;
      const end = step.expiresAtMs === undefined ? "" : ` until ${step.expiresAtMs}`;
      return `found ${username}:${password.expose()}${end} by ${step.why.by}`;
    }
    case "none":
      return `none by ${step.why.by}${step.why.unknown === undefined ? "" : `, unknown ${step.why.unknown.code}`}`;
    case "failed":
    case "anonymous":
      return `${step.kind} ${step.failure.code} by ${step.why.by}`;
    case "mint":
      return `mint ${step.plan.cloud.kind} ${step.plan.identity?.kind ?? step.plan.base}`;
    default:
      return step.kind;
  }
}

const none = undefined;
/** Nothing on this machine but a platform. */
const bare = { login: none, broken: none, seesPlatform: true };
const ecr = { registries: { [ECR]: { source: "ecr" } } };
const ecrOrAnonymous = { registries: { [ECR]: { source: "ecr", onFailure: "anonymous" } } };
const exact = { registries: { [PLAIN]: {} } };
const pattern = { registries: { "*.example.test": {} } };
const anonymous = { registries: { [PLAIN]: { onFailure: "anonymous" } } };
const off = { registries: { [PLAIN]: { source: "none" } } };
const alias = { registries: { [PLAIN]: { aliasOf: ECR } } };
const profile = { registries: { [ECR]: { identity: { profile: "build" } } } };

describe("what follows", () => {
  it.each<[name: string, host: string, known: Known, step: string]>([
    // A local login comes first.
    [
      "a compared login",
      PLAIN,
      { login: login("me:pw", true), seesPlatform: true },
      "found me:pw by local-login",
    ],
    [
      "one that ends",
      ECR,
      { login: login("AWS:t", true, 9), seesPlatform: true },
      "found AWS:t until 9 by local-login",
    ],
    ["an uncompared login", PLAIN, { login: login("me:pw", false), seesPlatform: true }, "compare-login"],
    [
      "one without a platform",
      PLAIN,
      { login: login("me:pw", false), seesPlatform: false },
      "found me:pw by local-login",
    ],
    ["one under a token key", HUB_TOKEN, { login: login("me:pw", false) }, "found me:pw by local-login"],
    [
      "a compared login beside a broken file",
      PLAIN,
      { login: login("me:pw", true) },
      "found me:pw by local-login",
    ],
    [
      "an uncompared login beside a broken file",
      PLAIN,
      { login: login("a:b", false), seesPlatform: true },
      "compare-login",
    ],
    [
      "a login of a registry that is turned off",
      PLAIN,
      { login: login("a:b", true), ...off },
      "found a:b by local-login",
    ],
    [
      "a login of a registry that is minted",
      ECR,
      { login: login("a:b", true), ...ecr },
      "found a:b by local-login",
    ],
    ["a token key without a login", HUB_TOKEN, { login: none }, "none by token-key"],
    // Then the configuration: a broken file is a failure of what is given to us.
    [
      "a broken file",
      PLAIN,
      { login: none, broken: failure("config-invalid"), delegated: none },
      "is-delegated",
    ],
    [
      "a broken file, given to us",
      PLAIN,
      { login: none, broken: failure("config-invalid"), delegated: true },
      "failed config-invalid by broken-config",
    ],
    [
      "a broken file, not given to us",
      ECR,
      { login: none, broken: failure("config-invalid"), delegated: false },
      "none by broken-config, unknown config-invalid",
    ],
    ["turned off", PLAIN, { login: none, broken: none, ...off }, "none by entry"],
    ["source ecr", ECR, { login: none, broken: none, minted: none, ...ecr }, "mint ecr default-chain"],
    [
      "source ecr, minted",
      ECR,
      { login: none, broken: none, minted: token, ...ecr },
      "found AWS:token until 7 by entry",
    ],
    [
      "source ecr, refused: it never falls through",
      ECR,
      { login: none, broken: none, minted: failure("aws-denied"), ...ecr },
      "failed aws-denied by entry",
    ],
    [
      "source ecr, refused, but anonymous",
      ECR,
      { login: none, broken: none, minted: failure("aws-denied"), ...ecrOrAnonymous },
      "anonymous aws-denied by entry",
    ],
    [
      "source gar by a pattern",
      GAR,
      { login: none, broken: none, minted: none, registries: { "*.pkg.dev": { source: "gar" } } },
      "mint gar default-chain",
    ],
    [
      "source gar by impersonation",
      GAR,
      {
        login: none,
        broken: none,
        minted: none,
        registries: { [GAR]: { source: "gar", identity: { serviceAccount: "a@p.iam.gserviceaccount.com" } } },
      },
      "mint gar impersonate",
    ],
    [
      "a vanity name of ECR",
      PLAIN,
      { login: none, broken: none, minted: none, registries: { [PLAIN]: { source: "ecr", aliasOf: ECR } } },
      "mint ecr default-chain",
    ],
    // Then the platform's secret.
    [
      "no platform in sight",
      PLAIN,
      { login: none, broken: none, seesPlatform: false },
      "none by no-platform",
    ],
    [
      "no platform, an ECR host that nobody declared",
      ECR,
      { ...bare, seesPlatform: false },
      "none by no-platform",
    ],
    ["nothing known yet", PLAIN, { ...bare, secret: none }, "ask-platform"],
    ["nothing known yet of an ECR host", ECR, { ...bare, secret: none }, "ask-platform"],
    ["nothing known yet, an exact entry", PLAIN, { ...bare, secret: none, ...exact }, "ask-platform"],
    ["a credential", PLAIN, { ...bare, secret: secret.credential }, "found demo:pw by platform"],
    ["a credential at an ECR host", ECR, { ...bare, secret: secret.credential }, "found demo:pw by platform"],
    ["an older answer in an outage", PLAIN, { ...bare, secret: secret.stale }, "found demo:old by platform"],
    ["no secret", PLAIN, { ...bare, secret: secret.none }, "none by platform"],
    [
      "no secret at an ECR host: nothing is minted",
      ECR,
      { ...bare, secret: secret.none },
      "none by platform",
    ],
    [
      "no secret, though an exact entry",
      PLAIN,
      { ...bare, secret: secret.none, ...exact },
      "none by platform",
    ],
    ["runner-native at ECR", ECR, { ...bare, secret: secret.native, minted: none }, "mint ecr machine"],
    [
      "runner-native at ECR Public",
      ECR_PUBLIC,
      { ...bare, secret: secret.native, minted: none },
      "mint ecr-public machine",
    ],
    ["runner-native at Google", GAR, { ...bare, secret: secret.native, minted: none }, "mint gar machine"],
    [
      "runner-native by a profile",
      ECR,
      { ...bare, secret: secret.native, minted: none, ...profile },
      "mint ecr profile",
    ],
    [
      "runner-native of a vanity name",
      PLAIN,
      { ...bare, secret: secret.native, minted: none, ...alias },
      "mint ecr machine",
    ],
    [
      "runner-native, minted",
      ECR,
      { ...bare, secret: secret.native, minted: token },
      "found AWS:token until 7 by platform",
    ],
    [
      "runner-native, refused",
      ECR,
      { ...bare, secret: secret.native, minted: failure("aws-denied") },
      "failed aws-denied by platform",
    ],
    [
      "runner-native at a look-alike with a port",
      `${ECR}:444`,
      { ...bare, secret: secret.native },
      "failed native-unsupported by platform",
    ],
    [
      "runner-native anywhere else",
      PLAIN,
      { ...bare, secret: secret.native },
      "failed native-unsupported by platform",
    ],
    [
      "runner-native anywhere else, but anonymous",
      PLAIN,
      { ...bare, secret: secret.native, ...anonymous },
      "anonymous native-unsupported by platform",
    ],
    // And when the platform cannot tell: a failure of what is ours, NF for everything else.
    [
      "failed, a secret known",
      PLAIN,
      { ...bare, secret: secret.managed },
      "failed secret-missing by platform",
    ],
    [
      "failed, an exact entry",
      PLAIN,
      { ...bare, secret: secret.unknown, ...exact },
      "failed platform-timeout by platform",
    ],
    [
      "failed, anonymous",
      PLAIN,
      { ...bare, secret: secret.unknown, ...anonymous },
      "anonymous platform-timeout by platform",
    ],
    [
      "failed, only a pattern",
      PLAIN,
      { ...bare, secret: secret.unknown, delegated: none, ...pattern },
      "is-delegated",
    ],
    ["failed, no entry", PLAIN, { ...bare, secret: secret.unknown, delegated: none }, "is-delegated"],
    [
      "failed, given to us",
      PLAIN,
      { ...bare, secret: secret.unknown, delegated: true },
      "failed platform-timeout by platform",
    ],
    [
      "failed, not given to us",
      PLAIN,
      { ...bare, secret: secret.unknown, delegated: false },
      "none by platform, unknown platform-timeout",
    ],
  ])("%s", (_name, host, known, step) => {
    expect(inWords(nextStep(refOf(host), facts(known)))).toBe(step);
  });
});

describe("why", () => {
  it("the entry, the secret and the plan stand beside what they led to", () => {
    const step = nextStep(refOf(ECR), facts({ ...bare, secret: secret.native, minted: token, ...profile }));
    if (step.kind !== "found") throw new Error(inWords(step));
    expect([step.why.rule?.pattern, step.why.secret, step.why.plan?.identity]).toEqual([
      ECR,
      secret.native,
      { kind: "profile", profile: "build" },
    ]);
  });

  it("the secrets that lost stand beside the one that won", () => {
    const considered = [
      { id: "1", name: "A", scope: "user", outcome: "refused", reason: "no", won: false },
      { id: "2", name: "B", scope: "project", outcome: "explicit", reason: undefined, won: true },
    ] as const;
    const step = nextStep(refOf(PLAIN), facts({ ...bare, secret: { ...secret.credential, considered } }));
    expect(isQuestion(step) ? undefined : step.why.secret?.considered).toBe(considered);
  });
});

describe("for any facts", () => {
  const host = fc.constantFrom(PLAIN, ECR, GAR, HUB_TOKEN, `${ECR}:444`);
  const world = fc.record({
    login: fc.constantFrom(none, login("me:pw", true), login("me:pw", false)),
    broken: fc.constantFrom(none, none, failure("config-invalid")),
    seesPlatform: fc.boolean(),
    secret: fc.constantFrom(...Object.values(secret)),
    minted: fc.constantFrom(token, failure("aws-denied")),
    delegated: fc.boolean(),
    rules: fc.constantFrom<Known>({}, ecr, ecrOrAnonymous, exact, pattern, anonymous, off, alias, profile),
    equal: fc.boolean(),
  });

  it("each question is asked at most once, and then there is an answer", () => {
    fc.assert(
      fc.property(host, world, (name, { rules, equal, ...all }) => {
        let known: Known = { ...rules, ...all, secret: none, minted: none, delegated: none };
        const asked: string[] = [];
        for (;;) {
          const step = nextStep(refOf(name), facts(known));
          if (!isQuestion(step)) break;
          expect(asked).not.toContain(step.kind);
          asked.push(step.kind);
          if (step.kind === "compare-login") {
            known = { ...known, login: equal ? none : all.login && { ...all.login, compared: true } };
          }
          if (step.kind === "ask-platform") known = { ...known, secret: all.secret };
          if (step.kind === "mint") known = { ...known, minted: all.minted };
          if (step.kind === "is-delegated") known = { ...known, delegated: all.delegated };
        }
      }),
      { numRuns: numRuns(300) },
    );
  });

  it("nothing is asked of the platform or a cloud for what only a login or nobody can answer", () => {
    fc.assert(
      fc.property(world, fc.constantFrom(HUB_TOKEN, PLAIN), (all, name) => {
        const { rules, equal: _, ...known } = all;
        const turnedOff = name === PLAIN;
        const seen = nextStep(
          refOf(name),
          facts({ ...(turnedOff ? off : rules), ...known, broken: none, login: none, secret: none }),
        );
        expect(seen.kind).toBe("none");
      }),
      { numRuns: numRuns(100) },
    );
  });
});

it.each<[Step["kind"], boolean]>([
  ["compare-login", true],
  ["ask-platform", true],
  ["is-delegated", true],
  ["mint", true],
  ["found", false],
  ["none", false],
  ["failed", false],
  ["anonymous", false],
])("%s is a question: %s", (kind, expected) => {
  expect(isQuestion({ kind } as Step)).toBe(expected);
});
