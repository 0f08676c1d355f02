// The GCE metadata server, asked directly: the token of the machine's service account. It never takes a proxy and
// gets little time; an answer counts only with Google's own header on it.

import { type Endpoint, isLoopback, parseEndpoint } from "../../core/endpoint.ts";
import { isRecord, isText } from "../../core/entry.ts";
import { Failure } from "../../core/failures.ts";
import { parseForeignJson } from "../../core/foreign-json.ts";
import { within } from "../../edge/clock.ts";
import type { HttpResponse } from "../../edge/http.ts";
import { sendWithRetries } from "../../edge/retry.ts";
import { TransportError } from "../../edge/transport-error.ts";
import type { MintContext } from "../cloud/context.ts";
import { readSeconds } from "../cloud/lifetime.ts";
import { variable } from "../cloud/variable.ts";

/** A run that finds the server silent must still end within 2 s; a busy machine takes most of a second to answer. */
const LIMIT_MS = 1400;
const CONNECT_LIMIT_MS = 500;
const PROBE_LIMIT_MS = 250;
const BASE_PATH = "/computeMetadata/v1/instance/";
const USUAL_HOSTS: ReadonlySet<string> = new Set([
  "169.254.169.254",
  "fd20:ce::254",
  "metadata.google.internal",
  "metadata",
]);

/** The scope that every machine's token is asked for; then the server gives all the scopes of the machine. */
export const CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform";

export interface GoogleToken {
  readonly token: string;
  /** As Google says it, to be believed up to `longestMs`; NaN when it cannot be read. */
  readonly expiresAtMs: number;
  /** Only where the configured identity is known to give longer lives than Google's usual one. */
  readonly longestMs?: number;
}

export type MetadataAnswer =
  | { readonly kind: "token"; readonly token: GoogleToken }
  /** `conclusive`: it was Google's server that said so, or it kept silent. */
  | { readonly kind: "none"; readonly reason?: Failure; readonly conclusive?: boolean };

/** Throws a Failure when the server answers with nonsense or refuses. */
export async function metadataToken(
  scopes: readonly string[],
  context: MintContext,
): Promise<MetadataAnswer> {
  if (variable(context.env, "METADATA_SERVER_DETECTION")?.toLowerCase() === "none") return { kind: "none" };
  // Without the parameter a machine that was made with fewer scopes still gives what it has: enough to pull.
  const wanted = scopes.filter((scope) => scope !== CLOUD_PLATFORM);
  const query = wanted.length === 0 ? "" : `?scopes=${encodeURIComponent(scopes.join(","))}`;
  const deadline = within(context.clock, context.deadline, LIMIT_MS);
  const path = `service-accounts/default/token${query}`;
  try {
    const answer = await sendWithRetries({ clock: context.clock, deadline }, () =>
      askMetadata(path, context, deadline.remainingMs()),
    );
    return read(answer, context);
  } catch (error) {
    if (error instanceof TransportError) {
      return { kind: "none", reason: unreachable(error), conclusive: error.kind === "timeout" };
    }
    throw error;
  }
}

/** True when Google's metadata server answers, asked shortly. For the message of a failure, never for more. */
export async function isOnGoogle(context: MintContext): Promise<boolean> {
  if (variable(context.env, "METADATA_SERVER_DETECTION")?.toLowerCase() === "none") return false;
  try {
    const limitMs = within(context.clock, context.deadline, PROBE_LIMIT_MS).remainingMs();
    return isGoogles(await askMetadata("", context, limitMs));
  } catch {
    return false;
  }
}

/** One question below the instance. Throws a TransportError, or a Failure for an address of no use. */
export function askMetadata(
  path: string,
  { env, http }: Pick<MintContext, "env" | "http">,
  timeoutMs: number,
): Promise<HttpResponse> {
  return http.send({
    method: "GET",
    endpoint: metadataEndpoint(env),
    path: BASE_PATH + path,
    headers: { "metadata-flavor": "Google" },
    timeoutMs,
    connectTimeoutMs: CONNECT_LIMIT_MS,
  });
}

/** Throws a Failure: a metadata server lies on the machine's own link, or on loopback in a test. */
function metadataEndpoint(env: MintContext["env"]): Endpoint {
  const variables = ["GCE_METADATA_HOST", "GCE_METADATA_IP"];
  const name = variables.find((it) => variable(env, it) !== undefined) ?? "";
  const named = (variable(env, name) ?? "169.254.169.254").replace(/^http:\/\//i, "");
  // An IPv6 address without brackets can only be one without a port.
  const endpoint = parseEndpoint(`http://${/^[0-9a-f]*:[0-9a-f:]*:/i.test(named) ? `[${named}]` : named}`);
  if (endpoint !== undefined && (isLoopback(endpoint.host) || USUAL_HOSTS.has(endpoint.host)))
    return endpoint;
  throw new Failure("config-invalid", `${name} is neither Google's address nor loopback`, {
    hint: "unset the variable",
  });
}

const isGoogles = (answer: HttpResponse): boolean => answer.headers["metadata-flavor"] === "Google";

function read(answer: HttpResponse, { clock }: MintContext): MetadataAnswer {
  if (answer.status === 429 || answer.status >= 500) throw busy(answer.status);
  // Another cloud's server, or a proxy that catches everything.
  if (!isGoogles(answer)) return { kind: "none" };
  if (answer.status === 404) return { kind: "none", reason: noAccount(), conclusive: true };
  if (answer.status === 403) throw forbidden();
  const token = answer.status === 200 ? parseToken(answer.body, clock.nowMs()) : undefined;
  if (token === undefined) throw nonsense();
  return { kind: "token", token };
}

function parseToken(body: Buffer, nowMs: number): GoogleToken | undefined {
  let value: unknown;
  try {
    value = parseForeignJson(body.toString("utf8"));
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { access_token: token } = value;
  if (!isText(token) || !/^[\x21-\x7e]+$/.test(token)) return undefined;
  const seconds = readSeconds(value.expires_in) ?? Number.NaN;
  return { token, expiresAtMs: nowMs + seconds * 1000 };
}

function unreachable(error: TransportError): Failure {
  const how = error.kind === "timeout" ? "did not answer" : "cannot be reached";
  return new Failure("google-unreachable", `the GCE metadata server ${how}`, {
    hint: "run on GCE, sign in with gcloud auth application-default login, or configure identity.oidc",
  });
}

function busy(status: number): Failure {
  return status === 429
    ? new Failure("google-throttled", "the GCE metadata server is rate-limiting (HTTP 429)", {
        hint: "try again in a minute",
      })
    : new Failure("google-unreachable", `the GCE metadata server answered with HTTP ${status}`, {
        hint: "try again",
      });
}

function noAccount(): Failure {
  return new Failure("google-no-credentials", "this machine has no Google service account", {
    hint: "attach a service account to the VM, or configure identity.oidc",
  });
}

function forbidden(): Failure {
  return new Failure("google-denied", "the GCE metadata server refuses a token of the machine's account", {
    hint: "check the access scopes of the VM and google.scopes",
  });
}

function nonsense(): Failure {
  return new Failure("google-bad-answer", "the GCE metadata server did not answer as Google's does", {
    hint: "check GCE_METADATA_HOST",
  });
}
