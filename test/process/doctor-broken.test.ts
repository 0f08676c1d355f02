// Set-ups that are broken in one place each, as people break them: the first finding names the cause and the step that
// mends it, and no other finding of that weight stands beside it.

import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ids } from "../stand-ins/platform/ids.ts";
import type { SecretSeed } from "../stand-ins/platform/seed.ts";
import {
  type DoctorMachine,
  type DoctorOptions,
  doctorMachine,
  ECR,
  GAR,
  LOGIN,
  SECRETS,
  TEAM,
} from "./doctor-machine.ts";

interface Row {
  readonly name: string;
  readonly machine?: DoctorOptions;
  readonly breakIt?: (at: DoctorMachine) => unknown;
  readonly args?: readonly string[];
  readonly code: string;
  readonly says: RegExp;
  readonly remedy: RegExp;
  readonly why?: RegExp;
  /** Codes that may stand behind it. */
  readonly also?: readonly string[];
}

const withTeam = (value: string): readonly SecretSeed[] => [
  { name: "TEAM_REGISTRY", host: TEAM, value },
  ...SECRETS.slice(1),
];
const withHost = (host: string): readonly SecretSeed[] => [
  { name: "TEAM_REGISTRY", host, value: LOGIN },
  ...SECRETS.slice(1),
];
const login = (at: DoctorMachine, Secret: string, ServerURL = TEAM) =>
  at.store(ServerURL, "somebody", Secret);

/** A proxy that wants a password, or gives another status. */
async function refusingProxy(at: DoctorMachine, status: string): Promise<void> {
  const server = createServer();
  server.on("connect", (_, socket) =>
    socket.end(`HTTP/1.1 ${status}\r\nproxy-authenticate: Basic realm="p"\r\n\r\n`),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  at.env.HTTPS_PROXY = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  at.env.ONA_BASE_URL = "https://platform.example.test/api";
}

/** A server that says the same to everybody; the address of an API there. */
async function startPage(text: string): Promise<string> {
  const server = createServer((_, response) => response.end(text));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
}

/** The platform behind a front that changes the headers of its answers. */
async function throughFront(at: DoctorMachine, change: (headers: object) => object): Promise<void> {
  const behind = at.platform.origin;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const { authorization = "", "content-type": type = "" } = request.headers;
    const headers = { authorization, "content-type": type };
    const answer = await fetch(behind + request.url, {
      method: "POST",
      headers,
      body: Buffer.concat(chunks),
    });
    response.writeHead(
      answer.status,
      change({ "content-type": answer.headers.get("content-type") ?? "" }) as never,
    );
    response.end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  at.env.ONA_BASE_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
}

const thirteen: readonly Row[] = [
  {
    name: "wrong password",
    machine: { secrets: withTeam("demo:c4nary-old") },
    code: "login-refused",
    says: /^registry\.example\.test refuses the login with the secret TEAM_REGISTRY \(project\): HTTP 401, UNAUTHORIZED/,
    remedy: /^set the value of the secret TEAM_REGISTRY/,
  },
  {
    name: "platform down",
    breakIt: (at) => at.platform.apply({ do: "goDown" }),
    code: "platform-unreachable",
    says: /^the platform at 127\.0\.0\.1\S* cannot be reached .*ECONNREFUSED/,
    remedy: /network.*ONA_BASE_URL/,
  },
  {
    name: "hop limit",
    machine: { clouds: { ecr: {}, imds: { silent: true }, gce: {} } },
    code: "imds-no-answer",
    says: /^the EC2 metadata server/,
    remedy: /http-put-response-hop-limit 2/,
  },
  {
    name: "missing IAM permission on the repository",
    machine: { ecr: { allows: () => false } },
    args: [`${ECR}/team/app:v1`],
    code: "image-denied",
    says: /^the login works, but \S+ does not let it read team\/app: HTTP 403, DENIED/,
    remedy: /ecr:BatchGetImage.* on arn:aws:ecr:eu-central-1:111122223333:repository\/team\/app/,
  },
  {
    name: "wrong host spelling",
    machine: { secrets: withHost("registry.exampel.test") },
    code: "near-miss",
    says: /^there is no secret for registry\.example\.test, but TEAM_REGISTRY is for registry\.exampel\.test: one letter differs$/,
    remedy: /create the secret again with the host registry\.example\.test/,
  },
  {
    name: "expired API token",
    breakIt: (at) => at.platform.apply({ do: "revokeToken", label: "environment" }),
    code: "token-refused",
    says: /^the platform refused the token from DOCKER_CREDENTIAL_ONA_TOKEN/,
    remedy: /token/,
  },
  {
    name: "config writable by others",
    breakIt: (at) => chmodSync(at.configure({ freshSeconds: 30 }), 0o666),
    code: "config-unsafe",
    says: /config\.json can be written by others$/,
    remedy: /^run chmod go-w .*config\.json$/,
  },
  {
    name: "a proxy that asks for a password",
    breakIt: (at) => refusingProxy(at, "407 Proxy Authentication Required"),
    code: "platform-unreachable",
    says: /^the proxy 127\.0\.0\.1:\d+ of HTTPS_PROXY refused the connection to platform\.example\.test:443 with HTTP 407$/,
    remedy: /^put a user name and password that the proxy accepts into HTTPS_PROXY/,
    also: ["registry-unreachable", "aws-unreachable"],
  },
  {
    name: "a local login in the way",
    breakIt: (at) => login(at, "c4nary-mine"),
    code: "local-login-wins",
    says: /^registry\.example\.test refuses the login with the local login of somebody, made \d+ s ago: HTTP 401.*it hides the platform's credential$/,
    remedy: /^docker logout registry\.example\.test$/,
  },
  {
    name: "cache directory of somebody else",
    breakIt: (at) => {
      const path = at.cacheDir;
      mkdirSync(path, { mode: 0o700 });
      chownSync(path, 12345, 12345);
    },
    code: "cache-not-used",
    says: /docker-credential-ona is not used: it belongs to user 12345, not to user \d+; \/dev\/shm\/\S+ is used in its place$/,
    remedy: /^sudo rm -r \S+run\/docker-credential-ona/,
  },
  {
    name: "credHelpers entry missing for one registry",
    breakIt: (at) => at.giveToUs(["https://index.docker.io/v1/", "docker.io", ECR, GAR]),
    code: "registry-not-configured",
    says: /^Docker does not ask this program for it: \S+config\.json has no credHelpers entry for it$/,
    remedy: /^run docker-credential-ona configure$/,
  },
  {
    name: "helper not on PATH",
    breakIt: (at) => {
      at.env.PATH = "/usr/bin:/bin";
    },
    code: "helper-not-on-path",
    says: /^docker-credential-ona is not on PATH/,
    remedy: /^sudo ln -s \S+docker-credential-ona \/usr\/local\/bin\/docker-credential-ona$/,
  },
  {
    name: "two secrets of which the wrong one wins",
    machine: { secrets: [{ name: "MINE", host: TEAM, value: "demo:c4nary-old", scope: "user" }, ...SECRETS] },
    code: "wrong-secret-wins",
    says: /^of two secrets for registry\.example\.test the wrong one wins: MINE \(user\) is refused, TEAM_REGISTRY \(project\) would be accepted/,
    remedy: /^delete or correct the secret MINE, or put project first in precedence/,
  },
];

const more: readonly Row[] = [
  {
    name: "no token",
    breakIt: (at) => delete at.env.DOCKER_CREDENTIAL_ONA_TOKEN,
    code: "no-token",
    says: /^no platform token was found/,
    remedy: /DOCKER_CREDENTIAL_ONA_TOKEN/,
  },
  {
    name: "an empty value",
    machine: { secrets: withTeam("") },
    code: "value-invalid",
    says: /^the value of the secret TEAM_REGISTRY/,
    remedy: /user:password/,
  },
  {
    name: "a value with a template",
    machine: { secrets: withTeam("{{user}}:{{password}}") },
    code: "value-invalid",
    says: /^the value of the secret TEAM_REGISTRY/,
    remedy: /./,
  },
  {
    name: "runner-native for a registry of nobody's cloud",
    machine: { secrets: withTeam("runner-native") },
    code: "native-unsupported",
    says: /runner-native/,
    remedy: /user:password|aliasOf/,
  },
  {
    name: "a bad aliasOf",
    breakIt: (at) => at.configure({ registries: { [TEAM]: { source: "ecr", aliasOf: "ghcr.io" } } }),
    code: "config-invalid",
    says: /aliasOf/,
    remedy: /./,
  },
  {
    name: "a configuration that is no JSON",
    breakIt: (at) => at.configure("{"),
    code: "config-invalid",
    says: /config\.json.*line 1/,
    remedy: /./,
  },
  {
    name: "an unknown key",
    breakIt: (at) => at.configure({ freshSecond: 3 }),
    code: "config-invalid",
    says: /freshSecond/,
    remedy: /./,
  },
  {
    name: "a personal token, which may not read values",
    breakIt: (at) => {
      at.env.DOCKER_CREDENTIAL_ONA_TOKEN = "c4nary-user";
      return at.platform.apply({
        do: "addToken",
        token: { label: "mine", token: "c4nary-user", principal: "user" },
      });
    },
    code: "permission-denied",
    says: /\(user 0199a000/,
    remedy: /environment's own token/,
  },
  {
    name: "the id of another environment",
    breakIt: (at) => {
      at.env.ONA_ENVIRONMENT_ID = "0199a000-0000-7000-8000-0000000000ff";
    },
    code: "environment-mismatch",
    says: new RegExp(
      `^the token belongs to the environment ${ids.environment}, but ONA_ENVIRONMENT_ID says 0199a000`,
    ),
    remedy: /ONA_ENVIRONMENT_ID/,
    also: ["lookup-refused"],
  },
  {
    name: "a token file that is not there",
    breakIt: (at) => {
      delete at.env.DOCKER_CREDENTIAL_ONA_TOKEN;
      at.configure({ token: { file: "/nowhere/token" } });
    },
    code: "no-token",
    says: /\/nowhere\/token/,
    remedy: /./,
  },
  {
    name: "a token command that fails",
    breakIt: (at) => {
      delete at.env.DOCKER_CREDENTIAL_ONA_TOKEN;
      at.configure({ token: { command: ["/bin/false"] } });
    },
    code: "no-token",
    says: /\/bin\/false/,
    remedy: /./,
  },
  {
    name: "a slip of the pen in the name of a well-known registry",
    machine: { secrets: [...SECRETS, { name: "GHCR", host: "ghrc.io", value: LOGIN }] },
    code: "near-miss",
    says: /^the secret GHCR is for ghrc\.io, ghcr\.io was meant\?$/,
    remedy: /with the host ghcr\.io/,
  },
  {
    name: "a registry that nobody knows",
    machine: { secrets: [...SECRETS, { name: "GONE", host: "registry.gone.test", value: LOGIN }] },
    breakIt: (at) =>
      at.giveToUs([TEAM, "https://index.docker.io/v1/", "docker.io", ECR, GAR, "registry.gone.test"]),
    code: "registry-unreachable",
    says: /^the (?:registry at registry\.gone\.test:443 cannot be reached|proxy \S+ of HTTPS_PROXY refused the connection to registry\.gone\.test:443)/,
    remedy: /proxy|spelling/,
  },
  {
    name: "a registry that is down",
    breakIt: (at) => at.team.close(),
    code: "registry-unreachable",
    says: /^the registry at registry\.example\.test:443 cannot be reached/,
    remedy: /network/,
  },
  {
    name: "a private CA that is not named",
    breakIt: (at) => delete at.env.NODE_EXTRA_CA_CERTS,
    args: [TEAM],
    code: "registry-tls",
    says: /^the certificate of the registry at registry\.example\.test:443 is not trusted.*issued by "stand-in authority/,
    remedy: /SSL_CERT_FILE.*certs\.d/,
  },
  {
    name: "a CA file that is not there",
    breakIt: (at) => {
      at.env.NODE_EXTRA_CA_CERTS = "/nowhere/ca.pem";
    },
    args: [TEAM],
    code: "ca-file-unusable",
    says: /^NODE_EXTRA_CA_CERTS names \/nowhere\/ca\.pem, which cannot be read/,
    remedy: /./,
  },
  {
    name: "a proxy that is no URL",
    breakIt: (at) => {
      at.env.HTTPS_PROXY = "not a url";
    },
    args: [TEAM],
    code: "config-invalid",
    says: /^HTTPS_PROXY is not the URL of a proxy$/,
    remedy: /^correct HTTPS_PROXY, or unset it$/,
  },
  {
    name: "a registry that sends its login elsewhere",
    machine: { gar: { realm: "https://auth.docker.io/token" } },
    code: "realm-refused",
    says: /^europe-docker\.pkg\.dev sends its login to https:\/\/auth\.docker\.io\/token/,
    remedy: /./,
  },
  {
    name: "an image that is not there",
    args: [`${TEAM}/team/app:v9`],
    code: "image-missing",
    says: /has no team\/app:v9/,
    remedy: /spelling/,
  },
  {
    name: "an image that may not be read",
    machine: { team: { allows: () => false } },
    args: [`${TEAM}/team/app:v1`],
    code: "image-denied",
    says: /does not let it read team\/app/,
    remedy: /grant .* pull on team\/app/,
  },
  {
    name: "a path in the host of a secret",
    machine: { secrets: withHost(`https://${TEAM}/acme`) },
    code: "secret-host-spelling",
    says: /is https:\/\/registry\.example\.test\/acme; \/acme does not count/,
    remedy: /with the host registry\.example\.test/,
  },
  {
    name: "http:// in the host of a secret",
    machine: { secrets: withHost(`http://${TEAM}`) },
    code: "secret-host-spelling",
    says: /http:\/\/ does not count/,
    remedy: /with the host registry\.example\.test/,
  },
  {
    name: "a secret for what is no registry",
    machine: { secrets: [...SECRETS, { name: "ODD", host: "user@ghcr.io", value: LOGIN }] },
    code: "secret-skipped",
    says: /^the secret ODD is not used: its host, user@ghcr\.io, is no registry$/,
    remedy: /./,
  },
  {
    name: "two secrets of one registry with two paths",
    machine: { secrets: [{ name: "OTHER", host: `${TEAM}/a`, value: LOGIN }, ...withHost(`${TEAM}/b`)] },
    code: "secrets-compete",
    says: /^2 secrets are for registry\.example\.test.*OTHER \(\/a\), TEAM_REGISTRY \(\/b\)$/,
    remedy: /one secret/,
    also: ["secret-host-spelling"],
  },
  {
    name: "a secret for a spelling of Docker Hub that nobody asks for",
    machine: {
      secrets: [
        SECRETS[0],
        { name: "HUB", host: "hub.docker.com", value: LOGIN },
        ...SECRETS.slice(2),
      ].filter((it) => it !== undefined),
    },
    code: "near-miss",
    says: /^there is no secret for docker\.io, but HUB is for hub\.docker\.com/,
    remedy: /with the host https:\/\/index\.docker\.io\/v1\//,
  },
  {
    name: "DOCKER_CONFIG leads elsewhere",
    breakIt: (at) => {
      at.env.DOCKER_CONFIG = at.path("elsewhere");
    },
    code: "registry-not-configured",
    says: /elsewhere\/config\.json \(from DOCKER_CONFIG\) does not exist/,
    remedy: /configure/,
  },
  {
    name: "a credsStore of another helper, and no entry of ours",
    breakIt: (at) => at.giveToUs([], { credsStore: "desktop" }),
    code: "other-helper",
    says: /gives all registries to another helper, desktop$/,
    remedy: /configure/,
  },
  {
    name: "an entry of another helper",
    breakIt: (at) =>
      at.giveToUs([], { credHelpers: {} }) &&
      writeFileSync(
        at.dockerConfig,
        JSON.stringify({
          credHelpers: {
            [TEAM]: "pass",
            "https://index.docker.io/v1/": "ona",
            "docker.io": "ona",
            [ECR]: "ona",
            [GAR]: "ona",
          },
        }),
      ),
    code: "other-helper",
    says: /gives it to another helper, pass$/,
    remedy: /credHelpers of registry\.example\.test to ona/,
  },
  {
    name: "a login in Docker's own file",
    breakIt: (at) =>
      at.giveToUs(["https://index.docker.io/v1/", "docker.io", ECR, GAR], {
        auths: { [TEAM]: { auth: "YTpi" } },
      }),
    code: "login-in-docker-file",
    says: /a login of its own in auths/,
    remedy: /^docker logout registry\.example\.test, then docker-credential-ona configure$/,
  },
  {
    name: "Docker's file is no JSON",
    breakIt: (at) => writeFileSync(at.dockerConfig, "{,}"),
    code: "docker-file-broken",
    says: /config\.json cannot be used: line 1, column 2: .*, so Docker asks no helper$/,
    remedy: /jq/,
  },
  {
    name: "Docker's file begins with a byte-order mark",
    breakIt: (at) => {
      const path = at.dockerConfig;
      writeFileSync(path, `\ufeff${readFileSync(path, "utf8")}`);
    },
    code: "docker-file-broken",
    says: /config\.json cannot be used: it begins with a byte-order mark, .*, so Docker asks no helper$/,
    remedy: /^correct /,
  },
  {
    name: "a directory in the place of Docker's file, as a mount of what was not there makes it",
    breakIt: (at) => {
      rmSync(at.dockerConfig);
      mkdirSync(at.dockerConfig);
    },
    code: "docker-file-broken",
    says: /config\.json is a directory, so Docker asks no helper$/,
    remedy: /^remove it$/,
  },
  {
    name: "another program of this name comes first",
    breakIt: (at) => {
      const other = at.path("other");
      mkdirSync(other);
      writeFileSync(join(other, "docker-credential-ona"), "#!/bin/sh\n", { mode: 0o755 });
      at.env.PATH = `${other}:${at.env.PATH}`;
    },
    code: "helper-other-on-path",
    says: /other\/docker-credential-ona/,
    remedy: /./,
  },
  {
    name: "the role may not ask for a token",
    breakIt: (at) => at.clouds.ecr.faults.always({ kind: "denied" }),
    code: "aws-denied",
    says: /GetAuthorizationToken/,
    remedy: /policy of (?:its|the) role/,
  },
  {
    name: "no role on the instance",
    machine: { clouds: { ecr: {}, imds: { role: null }, gce: {} } },
    code: "aws-no-credentials",
    says: /no role/,
    remedy: /instance profile/,
  },
  {
    name: "the VM lacks a scope",
    machine: {
      clouds: { ecr: {}, imds: {}, gce: { scopes: ["https://www.googleapis.com/auth/logging.write"] } },
    },
    code: "google-scope-missing",
    says: /do not include cloud-platform.*logging\.write/,
    remedy: /set-service-account VM --scopes cloud-platform/,
  },
  {
    name: "a state directory that others may enter",
    breakIt: (at) => mkdirSync(at.stateDir, { recursive: true, mode: 0o755 }),
    code: "state-not-used",
    says: /others may enter it \(mode 0755\)/,
    remedy: /^chmod 700 /,
  },
  {
    name: "a cache directory that is a link",
    breakIt: (at) => symlinkSync(at.home, at.cacheDir),
    code: "cache-not-used",
    says: /is not used: it is a link/,
    remedy: /^rm /,
  },
  {
    name: "a named cache directory that is no path",
    breakIt: (at) => {
      at.env.DOCKER_CREDENTIAL_ONA_CACHE_DIR = "cache";
    },
    code: "cache-not-used",
    says: /no absolute path/,
    remedy: /DOCKER_CREDENTIAL_ONA_CACHE_DIR/,
  },
  {
    name: "a named cache directory below /proc, where nobody can make one",
    breakIt: (at) => {
      at.env.DOCKER_CREDENTIAL_ONA_CACHE_DIR = "/proc/nope";
    },
    code: "cache-not-used",
    says: /^the cache directory \/proc\/nope is not used: it is not there, and \/proc (?:is the kernel's own and holds no files|cannot be written)/,
    remedy: /^(?:make it writable, or )?correct DOCKER_CREDENTIAL_ONA_CACHE_DIR$/,
  },
  {
    name: "a named state directory below /sys",
    breakIt: (at) => {
      at.env.DOCKER_CREDENTIAL_ONA_STATE_DIR = "/sys/kernel/nope";
    },
    code: "state-not-used",
    says: /\/sys\/kernel (?:is the kernel's own and holds no files|cannot be written)/,
    remedy: /name another in DOCKER_CREDENTIAL_ONA_STATE_DIR$/,
  },
  {
    name: "a registry without any secret",
    args: ["quay.example.test"],
    code: "no-credential",
    says: /^nothing has a credential for quay\.example\.test$/,
    remedy: /registry secret/,
  },
  {
    name: "precedence leaves the secret's scope out",
    breakIt: (at) => at.configure({ precedence: ["user"] }),
    args: [TEAM],
    code: "no-credential",
    says: /^nothing has a credential for registry\.example\.test: precedence leaves out the scope of TEAM_REGISTRY \(project\)$/,
    remedy: /precedence/,
  },
  {
    name: "a registry that is asked for by http",
    args: [`http://${TEAM}`],
    code: "not-a-registry",
    says: /never answers for http/,
    remedy: /use registry\.example\.test/,
  },
  {
    name: "the secret was deleted, the environment still lists it",
    breakIt: (at) => at.platform.apply({ do: "deleteSecret", secret: "TEAM_REGISTRY", keepInSpec: true }),
    code: "secret-missing",
    says: /^the platform does not have the value of the secret TEAM_REGISTRY/,
    remedy: /[Cc]reate the secret again/,
  },
  {
    name: "a new value is on its way",
    breakIt: (at) =>
      at.platform.apply({ do: "setValue", secret: "TEAM_REGISTRY", value: LOGIN, propagationMs: 60_000 }),
    code: "secret-propagating",
    says: /^a new value of the secret TEAM_REGISTRY is on its way/,
    remedy: /two minutes/,
  },
  {
    name: "the platform is down, and answers of before go on",
    breakIt: async (at) => {
      await at.get(TEAM);
      await at.platform.apply({ do: "goDown" });
    },
    code: "platform-unreachable",
    says: /cannot be reached/,
    why: /served from what was known \d+ s ago, for another 23 h 59 min\.$/,
    remedy: /network/,
  },
  {
    name: "this machine's clock is behind",
    breakIt: (at) =>
      throughFront(at, (headers) => ({ ...headers, date: new Date(Date.now() + 600_000).toUTCString() })),
    code: "clock-off",
    says: /^this machine's clock is (?:9 min 59 s|10 min|10 min 1 s) behind the platform's$/,
    remedy: /NTP/,
  },
  {
    name: "a login page in place of the platform",
    breakIt: async (at) => {
      at.env.ONA_BASE_URL = await startPage("<html>log in</html>");
    },
    code: "platform-bad-answer",
    says: /did not answer as the platform does/,
    remedy: /ONA_BASE_URL/,
  },
  {
    name: "the API's address without /api",
    breakIt: (at) => {
      at.env.ONA_BASE_URL = at.platform.origin;
    },
    code: "platform-unreachable",
    says: /HTTP 404/,
    remedy: /ONA_BASE_URL/,
  },
  {
    name: "an API address that is none",
    breakIt: (at) => {
      at.env.ONA_BASE_URL = "app.gitpod.io/api";
    },
    code: "config-invalid",
    says: /ONA_BASE_URL/,
    remedy: /./,
  },
  {
    name: "too many requests",
    breakIt: (at) => at.platform.apply({ do: "fault", fault: { kind: "rateLimit" } }),
    code: "platform-rate-limited",
    says: /rate-limiting/,
    remedy: /minute/,
  },
  {
    name: "an ECR password in the secret, over by now",
    machine: {
      secrets: [
        ...SECRETS.filter(({ host }) => host !== ECR),
        { name: "ECR", host: ECR, value: "AWS:c4nary-old" },
      ],
    },
    code: "login-refused",
    says: /refuses the login with the secret ECR \(project\): HTTP 401/,
    remedy: /to runner-native/,
  },
  {
    name: "a registry without TLS",
    breakIt: async (at) => {
      const port = (await startPage("{}")).replace(/^.*:([0-9]+)\/.*$/, "$1");
      const host = `registry.plain.test:${port}`;
      await at.platform.apply({ do: "addSecret", secret: { name: "PLAIN", host, value: LOGIN } });
      at.giveToUs([TEAM, "https://index.docker.io/v1/", "docker.io", ECR, GAR, host]);
    },
    code: "registry-unreachable",
    says: /registry\.plain\.test/,
    remedy: /./,
  },
  {
    name: "the service account may not read the repository",
    machine: { gar: { allows: () => false } },
    args: [`${GAR}/team/app:v1`],
    code: "image-denied",
    says: /does not let it read team\/app/,
    remedy: /roles\/artifactregistry\.reader/,
  },
  {
    name: "a configuration that is named and not there",
    breakIt: (at) => {
      at.env.DOCKER_CREDENTIAL_ONA_CONFIG = "/nowhere/config.json";
    },
    code: "config-invalid",
    says: /\/nowhere\/config\.json.*DOCKER_CREDENTIAL_ONA_CONFIG/,
    remedy: /./,
  },
  {
    name: "a program that may not be run",
    breakIt: (at) => {
      const other = at.path("other");
      mkdirSync(other);
      writeFileSync(join(other, "docker-credential-ona"), "", { mode: 0o644 });
      at.env.PATH = `${other}:/usr/bin:/bin`;
    },
    code: "helper-not-on-path",
    says: /other\/docker-credential-ona is on PATH, but may not be run$/,
    remedy: /^chmod 755 \S+other\/docker-credential-ona$/,
  },
  {
    name: "a token with a line end inside",
    breakIt: (at) => {
      at.env.DOCKER_CREDENTIAL_ONA_TOKEN = "c4nary\nx";
    },
    code: "config-invalid",
    says: /DOCKER_CREDENTIAL_ONA_TOKEN/,
    remedy: /./,
  },
  {
    name: "a limit that nothing can keep",
    breakIt: (at) => at.configure({ deadlineMs: 50 }),
    code: "deadline",
    says: /^deadlineMs is 50/,
    remedy: /raise deadlineMs/,
  },
  {
    name: "a login of an earlier day at ECR, and nothing else",
    machine: { secrets: SECRETS.filter(({ host }) => host !== ECR) },
    breakIt: async (at) => {
      const Secret = Buffer.from(
        JSON.stringify({ payload: "c4nary", expiration: Math.floor(Date.now() / 1000) + 2 }),
      ).toString("base64");
      await at.store(ECR, "AWS", Secret);
      await new Promise((resolve) => setTimeout(resolve, 2500));
    },
    args: [ECR],
    code: "no-credential",
    says: /^nothing has a credential for \S+; a local login for it is over$/,
    remedy: /log in again/,
  },
  {
    name: "a login that cannot be looked for",
    breakIt: async (at) => {
      await login(at, "c4nary-mine");
      const dir = join(at.home, ".local/state/docker-credential-ona/logins");
      rmSync(dir, { recursive: true });
      writeFileSync(dir, "");
    },
    code: "state-not-used",
    says: /logins cannot be used: it is no directory; docker login fails/,
    remedy: /^rm \S+logins/,
  },
  {
    name: "a local login that may log in and not read the image",
    machine: {
      team: {
        users: { demo: "c4nary-password", somebody: "c4nary-mine" },
        allows: (user) => user === "demo",
      },
    },
    breakIt: (at) => login(at, "c4nary-mine"),
    args: [`${TEAM}/team/app:v1`],
    code: "local-login-wins",
    says: /^the local login of somebody, made \d+ s ago, may not read team\/app, and hides what the platform gives: HTTP 403/,
    remedy: /^docker logout registry\.example\.test$/,
  },
  {
    name: "a secret that may log in and not read the image, before one that may",
    machine: {
      team: { users: { demo: "c4nary-password", reader: "c4nary-mine" }, allows: (user) => user === "demo" },
      secrets: [{ name: "MINE", host: TEAM, value: "reader:c4nary-mine", scope: "user" }, ...SECRETS],
    },
    args: [`${TEAM}/team/app:v1`],
    code: "wrong-secret-wins",
    says: /^of two secrets for \S+ the wrong one wins: MINE \(user\) may not read team\/app, TEAM_REGISTRY \(project\) would be accepted/,
    remedy: /MINE/,
  },
];

describe.each([
  ["the thirteen of every day", thirteen],
  ["and others", more],
] as const)("%s", (_, rows) => {
  it.each(rows.map((row) => [row.name, row] as const))("%s", async (_name, row) => {
    const at = await doctorMachine(row.machine);
    await row.breakIt?.(at);
    const { findings } = await at.report(...(row.args ?? []));
    const [first] = findings;
    expect(first, JSON.stringify(findings, null, 1)).toMatchObject({ code: row.code });
    expect(first?.message).toMatch(row.says);
    expect(first?.remedy).toMatch(row.remedy);
    expect(first?.cause).toMatch(row.why ?? /./);
    const others = findings.slice(1).filter(({ code }) => code !== row.code && !row.also?.includes(code));
    expect(others).toEqual([]);
  });
});
