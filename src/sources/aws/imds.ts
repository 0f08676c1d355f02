// The EC2 metadata server, version 2 only: a session token, the role's name, its keys. It never takes a proxy, it
// gets little time, and its silence is told apart from its absence: a hop limit of 1 looks like silence.

import { type Endpoint, isLoopback, parseEndpoint } from "../../core/endpoint.ts";
import { isRecord } from "../../core/entry.ts";
import { Failure } from "../../core/failures.ts";
import { parseForeignJson } from "../../core/foreign-json.ts";
import { within } from "../../edge/clock.ts";
import type { HttpResponse } from "../../edge/http.ts";
import { sendWithRetries } from "../../edge/retry.ts";
import { TransportError } from "../../edge/transport-error.ts";
import type { MintContext } from "../cloud/context.ts";
import { variable } from "../cloud/variable.ts";
import { type Found, found, none } from "./found.ts";
import { parseKeys } from "./keys.ts";

/**
 * For each of the three requests. A run that finds the server silent must still end within 2 s; where a hundred
 * processes start at once, one answer takes most of a second, and a server that answers is not silent.
 */
const LIMIT_MS = 1400;
const CONNECT_LIMIT_MS = 500;
const PROBE_LIMIT_MS = 250;
const TOKEN_PATH = "/latest/api/token";
const REGION_PATH = "/latest/meta-data/placement/region";
const ROLES_PATH = "/latest/meta-data/iam/security-credentials/";
const USUAL_HOSTS: ReadonlySet<string> = new Set(["169.254.169.254", "fd00:ec2::254"]);

/** The keys of the instance's role, asked at `named` or where the variables say. Throws a Failure for nonsense. */
export async function instanceKeys(context: MintContext, named?: Endpoint): Promise<Found> {
  if (isDisabled(context.env)) return none();
  const server = imdsServer(context, LIMIT_MS, named);
  try {
    const session = await server.session();
    if (session instanceof Failure) return none(session, session.code === "wrong-cloud");
    const role = await server.get(ROLES_PATH, session);
    const name = role.body.toString("utf8").trim().split("\n")[0]?.trim() ?? "";
    if (isBusy(role)) return none(busy(role.status));
    if (role.status === 404 || (role.status === 200 && name === "")) return noRole();
    if (role.status !== 200 || !/^[\w+=,.@-]{1,200}$/.test(name)) throw nonsense();
    const answer = await server.get(ROLES_PATH + name, session);
    if (isBusy(answer)) return none(busy(answer.status));
    if (answer.status !== 200) return noRole();
    return keysIn(answer.body);
  } catch (error) {
    if (error instanceof TransportError) return none(unreachable(error), error.kind === "timeout");
    throw error;
  }
}

/** The region that the instance is in; undefined when the server does not say. */
export async function instanceRegion(context: MintContext, named: Endpoint): Promise<string | undefined> {
  try {
    const server = imdsServer(context, LIMIT_MS, named);
    const session = await server.session();
    if (session instanceof Failure) return undefined;
    const answer = await server.get(REGION_PATH, session);
    const region = answer.body.toString("utf8").trim();
    return answer.status === 200 && /^[a-z0-9-]{1,40}$/.test(region) ? region : undefined;
  } catch {
    return undefined;
  }
}

/** True for an address at which an EC2 metadata server may be asked. */
export function isInstanceEndpoint(endpoint: Endpoint): boolean {
  return isLoopback(endpoint.host) || USUAL_HOSTS.has(endpoint.host);
}

/** True when an EC2 metadata server answers, asked shortly. For the message of a failure, never for more. */
export async function isOnAws(context: MintContext): Promise<boolean> {
  if (isDisabled(context.env)) return false;
  try {
    const server = imdsServer(context, PROBE_LIMIT_MS);
    return typeof (await server.session()) === "string";
  } catch {
    return false;
  }
}

function imdsServer({ env, http, clock, deadline: ofRun }: MintContext, limitMs: number, named?: Endpoint) {
  const endpoint = named ?? imdsEndpoint(env);
  const ask = (method: string, path: string, headers: Record<string, string>): Promise<HttpResponse> => {
    const deadline = within(clock, ofRun, limitMs);
    return sendWithRetries({ clock, deadline }, () =>
      http.send({
        method,
        endpoint,
        path: endpoint.path + path,
        headers,
        timeoutMs: deadline.remainingMs(),
        connectTimeoutMs: CONNECT_LIMIT_MS,
      }),
    );
  };
  return {
    async session(): Promise<string | Failure> {
      const answer = await ask("PUT", TOKEN_PATH, {
        "x-aws-ec2-metadata-token-ttl-seconds": "300",
        "content-length": "0",
      });
      const session = answer.body.toString("utf8").trim();
      if (answer.status !== 200) return notImds(answer);
      if (!/^[\x21-\x7e]{1,1024}$/.test(session)) throw nonsense();
      return session;
    },
    get: (path: string, session: string) => ask("GET", path, { "x-aws-ec2-metadata-token": session }),
  };
}

/** Throws a Failure: a metadata server lies on the machine's own link, or on loopback in a test. */
function imdsEndpoint(env: MintContext["env"]): Endpoint {
  const mode = variable(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")?.toLowerCase() ?? "ipv4";
  if (mode !== "ipv4" && mode !== "ipv6") {
    throw new Failure("config-invalid", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is neither IPv4 nor IPv6", {
      hint: "correct the variable or unset it",
    });
  }
  const usual = mode === "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
  const endpoint = parseEndpoint(variable(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? usual);
  if (endpoint !== undefined && isInstanceEndpoint(endpoint)) return endpoint;
  throw new Failure(
    "config-invalid",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT is neither EC2's address nor loopback",
    { hint: "unset the variable" },
  );
}

function keysIn(body: Buffer): Found {
  let value: unknown;
  try {
    value = parseForeignJson(body.toString("utf8"));
  } catch {
    throw nonsense();
  }
  if (!isRecord(value)) throw nonsense();
  const { Code: code = "Success" } = value;
  if (code !== "Success") return noRole();
  const keys = parseKeys(value, "Token");
  if (keys === undefined) throw nonsense();
  return found(keys);
}

const isDisabled = (env: MintContext["env"]): boolean =>
  variable(env, "AWS_EC2_METADATA_DISABLED")?.toLowerCase() === "true";

function unreachable(error: TransportError): Failure {
  if (error.kind === "connect") {
    return new Failure(
      "aws-no-credentials",
      "no EC2 metadata server can be reached, and there are no other AWS keys",
      {
        hint: "run on EC2 with an instance profile, or configure identity.oidc or identity.profile",
      },
    );
  }
  if (error.kind !== "timeout") return nonsense();
  return new Failure("imds-no-answer", "the EC2 metadata server did not answer", {
    hint: "a hop limit of 1 keeps containers out: raise it with aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2, or use identity.oidc",
  });
}

function notImds(answer: HttpResponse): Failure {
  if (answer.headers["metadata-flavor"] === "Google") return onOtherCloud("Google Cloud");
  if (isBusy(answer)) return busy(answer.status);
  return new Failure(
    "aws-no-credentials",
    `the EC2 metadata server gives no session token (HTTP ${answer.status})`,
    { hint: "switch its endpoint on, or configure identity.oidc" },
  );
}

const isBusy = ({ status }: HttpResponse): boolean => status === 429 || status >= 500;

function busy(status: number): Failure {
  return new Failure("aws-unreachable", `the EC2 metadata server answered with HTTP ${status}`, {
    hint: "try again",
  });
}

/** EC2's own word: no other cloud need be asked. */
function noRole(): Found {
  const failure = new Failure("aws-no-credentials", "this EC2 instance has no role that gives keys", {
    hint: "attach an instance profile, or configure identity.oidc",
  });
  return none(failure, true);
}

function nonsense(): Failure {
  return new Failure("aws-bad-answer", "the EC2 metadata server did not answer as EC2's does", {
    hint: "check AWS_EC2_METADATA_SERVICE_ENDPOINT",
  });
}

/** An ECR registry asked for on a machine of another cloud. */
export function onOtherCloud(name: string): Failure {
  return new Failure(
    "wrong-cloud",
    `this machine is on ${name} and has no AWS identity for an ECR registry`,
    {
      hint: "use identity.oidc with a role, or another secret for this registry",
    },
  );
}
