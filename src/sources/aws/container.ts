// The identity of a container or a pod: the credentials endpoint of ECS and EKS, and the web identity variables.
// What the variables name is used when it is there: a refusal or silence is final, only a closed door is an absence.

import { type Endpoint, isSafeEndpoint, parseEndpoint } from "../../core/endpoint.ts";
import { Failure } from "../../core/failures.ts";
import { Secret } from "../../core/secret.ts";
import { within } from "../../edge/clock.ts";
import type { HttpResponse } from "../../edge/http.ts";
import { readTokenFile } from "../../edge/token-file.ts";
import { TransportError } from "../../edge/transport-error.ts";
import { sendPatiently } from "../cloud/retry.ts";
import type { MintContext } from "../mint/mint.ts";
import { type AwsPlace, checkRolePartition } from "./endpoint.ts";
import { type Found, found, none } from "./found.ts";
import { parseKeys } from "./keys.ts";

const LIMIT_MS = 1500;
const CONNECT_LIMIT_MS = 500;
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
    const answer = await sendPatiently({ clock, deadline }, ask);
    if (answer.status !== 200) throw refused(answer.status);
    const keys = parseKeys(parseJson(answer.body), "Token");
    if (keys === undefined) throw nonsense();
    return found(keys);
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    if (error.trouble === "connect") return none(notThere());
    throw silent();
  }
}

/** A role through an ID token that EKS put into a file. Throws a Failure when STS refuses. */
export async function webIdentityKeys(place: AwsPlace, context: MintContext): Promise<Found> {
  const {
    AWS_WEB_IDENTITY_TOKEN_FILE: file,
    AWS_ROLE_ARN: roleArn,
    AWS_ROLE_SESSION_NAME: name,
  } = context.env;
  if (!file || !roleArn) return none();
  const token = readTokenFile(file)?.trim();
  if (!token) {
    const message = "the file that AWS_WEB_IDENTITY_TOKEN_FILE names cannot be read";
    return none(new Failure("aws-no-credentials", message, { hint: "check the variable and the file" }));
  }
  checkRolePartition(roleArn, place, "AWS_ROLE_ARN");
  const { assumeRoleWithWebIdentity } = await import("./sts.ts");
  const role = { roleArn, ...(name ? { sessionName: name } : {}) };
  return found(await assumeRoleWithWebIdentity(new Secret(token), role, place, context));
}

function containerTarget(env: MintContext["env"]): { endpoint: Endpoint; path: string } | undefined {
  const relative = env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI;
  const full = env.AWS_CONTAINER_CREDENTIALS_FULL_URI;
  if (!relative && !full) return undefined;
  const name = `AWS_CONTAINER_CREDENTIALS_${relative ? "RELATIVE" : "FULL"}_URI`;
  const text = relative ? `http://169.254.170.2${relative}` : (full ?? "");
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
  return { endpoint, path: query === undefined ? path : `${path}?${query}` };
}

function authorizationHeader(env: MintContext["env"]): Secret | undefined {
  const file = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
  const text = file ? readTokenFile(file) : env.AWS_CONTAINER_AUTHORIZATION_TOKEN || undefined;
  if (file && text === undefined) throw badToken("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read");
  const header = text?.replace(/\r?\n$/, "");
  if (header === undefined) return undefined;
  if (!/^[\x20-\x7e]+$/.test(header)) throw badToken("AWS_CONTAINER_AUTHORIZATION_TOKEN is not one line");
  return new Secret(header);
}

const badToken = (message: string): Failure =>
  new Failure("config-invalid", message, { hint: "correct the variable or unset it" });

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

function refused(status: number): Failure {
  if (status >= 500 || status === 429) {
    return new Failure(
      "aws-unreachable",
      `the container's credentials endpoint answered with HTTP ${status}`,
      {
        hint: "try again",
      },
    );
  }
  return new Failure("aws-denied", `the container's credentials endpoint refused (HTTP ${status})`, {
    hint: "check the task role or the pod identity association",
  });
}

function notThere(): Failure {
  return new Failure("aws-no-credentials", "the container's credentials endpoint cannot be reached", {
    hint: "unset AWS_CONTAINER_CREDENTIALS_FULL_URI if this is no container of ECS or EKS",
  });
}

function silent(): Failure {
  return new Failure("aws-unreachable", "the container's credentials endpoint did not answer", {
    hint: "check the task's agent or the pod identity agent",
  });
}

function nonsense(): Failure {
  return new Failure("aws-bad-answer", "the container's credentials endpoint did not answer with AWS keys", {
    hint: "check AWS_CONTAINER_CREDENTIALS_FULL_URI",
  });
}
