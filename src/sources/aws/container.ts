// The identity of a container or a pod: the credentials endpoint of ECS and EKS, and the web identity variables.
// What the variables name is used or is a failure: an endpoint that refuses, is silent or is not there is no absence.

import { type Endpoint, isSafeEndpoint, parseEndpoint } from "../../core/endpoint.ts";
import { Failure } from "../../core/failures.ts";
import { parseForeignJson } from "../../core/foreign-json.ts";
import { Secret } from "../../core/secret.ts";
import { within } from "../../edge/clock.ts";
import type { HttpResponse } from "../../edge/http.ts";
import { sendWithRetries } from "../../edge/retry.ts";
import { TransportError } from "../../edge/transport-error.ts";
import type { MintContext } from "../cloud/context.ts";
import { readNamedFile } from "../cloud/named-file.ts";
import { variable } from "../cloud/variable.ts";
import { type AwsEndpointParameters, checkRolePartition } from "./endpoint.ts";
import { type Found, found, none } from "./found.ts";
import { parseKeys } from "./keys.ts";

const LIMIT_MS = 1500;
const CONNECT_LIMIT_MS = 500;
const RELATIVE = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
const FULL = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
const TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN";
/** ECS, and EKS over IPv4 and IPv6: plain http, but on the machine's own link. */
const LINK_HOSTS: ReadonlySet<string> = new Set(["169.254.170.2", "169.254.170.23", "fd00:ec2::23"]);

/** Throws a Failure when the endpoint refuses, answers with nonsense or may not be used. */
export async function containerKeys(context: MintContext): Promise<Found> {
  const target = containerTarget(context.env);
  if (target === undefined) return none();
  const { clock, http } = context;
  const authorization = authorizationHeader(context.env);
  const deadline = within(clock, context.deadline, LIMIT_MS);
  const ask = (): Promise<HttpResponse> =>
    http.send({
      method: "GET",
      endpoint: target.endpoint,
      path: target.path,
      headers: {
        accept: "application/json",
        ...(authorization === undefined ? {} : { authorization: authorization.expose() }),
      },
      timeoutMs: deadline.remainingMs(),
      connectTimeoutMs: CONNECT_LIMIT_MS,
    });
  try {
    const answer = await sendWithRetries({ clock, deadline }, ask);
    if (answer.status !== 200) throw refused(answer.status, target.name);
    const keys = parseKeys(parseJson(answer.body), "Token");
    if (keys === undefined) throw nonsense(target.name);
    return found(keys);
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    throw unreachable(error, target);
  }
}

/** A role through an ID token that EKS put into a file. Throws a Failure for half of it, and when STS refuses. */
export async function webIdentityKeys(
  parameters: AwsEndpointParameters,
  context: MintContext,
): Promise<Found> {
  const { env } = context;
  const file = variable(env, "AWS_WEB_IDENTITY_TOKEN_FILE");
  const roleArn = variable(env, "AWS_ROLE_ARN");
  if (file === undefined && roleArn === undefined) return none();
  if (file === undefined || roleArn === undefined) throw half(file === undefined);
  checkRolePartition(roleArn, parameters, "AWS_ROLE_ARN");
  const token = readWebIdentityToken(file, "AWS_WEB_IDENTITY_TOKEN_FILE");
  const name = variable(env, "AWS_ROLE_SESSION_NAME");
  const { assumeRoleWithWebIdentity } = await import("./sts.ts");
  const role = { roleArn, ...(name === undefined ? {} : { sessionName: name }) };
  return found(await assumeRoleWithWebIdentity(new Secret(token), role, parameters, context));
}

/** `name`: of the setting that names the file. Throws a Failure. */
export function readWebIdentityToken(path: string, name: string): string {
  const file = readNamedFile(path);
  const token = file.kind === "text" ? file.text.replace(/^\ufeff/, "").trim() : "";
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  const why =
    file.kind === "absent" ? "is not there" : file.kind === "unusable" ? file.why : "holds no ID token";
  throw new Failure("aws-no-credentials", `the file that ${name} names ${why}`, {
    hint: "check the setting and the file",
  });
}

function half(isRole: boolean): Failure {
  const names = ["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"];
  const [set, missing] = isRole ? names : names.reverse();
  return new Failure("aws-no-credentials", `${set} is set, but not ${missing}`, {
    hint: "set both, or none of them",
  });
}

interface Target {
  /** The variable that names it. */
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly path: string;
}

function containerTarget(env: MintContext["env"]): Target | undefined {
  const relative = variable(env, RELATIVE);
  const full = variable(env, FULL);
  if (relative === undefined && full === undefined) return undefined;
  const name = relative === undefined ? FULL : RELATIVE;
  const text = relative === undefined ? (full ?? "") : `http://169.254.170.2${relative}`;
  // Strict for the host; a query is ours to cut off, since an endpoint has none.
  const [base = "", query] = text.split("?", 2);
  const endpoint = relative?.startsWith("/") === false ? undefined : parseEndpoint(base);
  const isAllowed = endpoint !== undefined && (isSafeEndpoint(endpoint) || LINK_HOSTS.has(endpoint.host));
  if (!isAllowed || /[^\x21-\x7e]/.test(query ?? "")) {
    throw new Failure("config-invalid", `${name} names no endpoint of a container's credentials`, {
      hint: "correct the variable or unset it",
    });
  }
  const path = /^https?:\/\/[^/]*(\/.*)?$/i.exec(base)?.[1] ?? "/";
  return { name, endpoint, path: query === undefined ? path : `${path}?${query}` };
}

function authorizationHeader(env: MintContext["env"]): Secret | undefined {
  const path = variable(env, `${TOKEN}_FILE`);
  const file = path === undefined ? undefined : readNamedFile(path);
  if (file !== undefined && file.kind !== "text") {
    const why = file.kind === "absent" ? "is not there" : file.why;
    throw badToken(`the file that ${TOKEN}_FILE names ${why}`);
  }
  const header = file === undefined ? variable(env, TOKEN) : file.text.replace(/^\ufeff/, "").trim();
  if (header === undefined) return undefined;
  if (!/^[\x20-\x7e]+$/.test(header)) {
    throw badToken(
      `${file === undefined ? TOKEN : `the file that ${TOKEN}_FILE names`} holds no single line`,
    );
  }
  return new Secret(header);
}

const badToken = (message: string): Failure =>
  new Failure("config-invalid", message, { hint: "correct the variable or unset it" });

function parseJson(body: Buffer): unknown {
  try {
    return parseForeignJson(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function refused(status: number, name: string): Failure {
  if (status >= 500 || status === 429) {
    return new Failure("aws-unreachable", `the endpoint that ${name} names answered with HTTP ${status}`, {
      hint: "try again",
    });
  }
  return new Failure("aws-denied", `the endpoint that ${name} names refused (HTTP ${status})`, {
    hint: "check the task role, or the pod identity association and its authorization token",
  });
}

function unreachable(error: TransportError, { name, endpoint }: Target): Failure {
  const where = `the endpoint that ${name} names (${endpoint.host} port ${endpoint.port})`;
  if (error.kind === "connect") {
    return new Failure("aws-unreachable", `${where} cannot be reached (${error.systemCode})`, {
      hint: `unset ${name} if this is no container of ECS or EKS`,
    });
  }
  return new Failure("aws-unreachable", `${where} did not answer`, {
    hint: "check the task's agent or the pod identity agent",
  });
}

function nonsense(name: string): Failure {
  return new Failure("aws-bad-answer", `the endpoint that ${name} names did not answer with AWS keys`, {
    hint: `check ${name}`,
  });
}
