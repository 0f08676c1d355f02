// The kubelet's CredentialProvider protocol, v1: its request, its response, and what is said when something else comes in.
// Nothing of a request is repeated in a message but its apiVersion and kind.
// Source: kubelet.config.k8s.io, "Kubelet CredentialProvider (v1)"; kubernetes, pkg/credentialprovider/plugin.

import { isRecord } from "./entry.ts";
import { InvalidInput } from "./failures.ts";
import { parseForeignJson } from "./foreign-json.ts";
import { parseRegistry } from "./registry.ts";
import type { Credential } from "./secret.ts";

export const KUBELET_API_VERSION = "credentialprovider.kubelet.k8s.io/v1";
const REQUEST_KIND = "CredentialProviderRequest";
const RESPONSE_KIND = "CredentialProviderResponse";
const EXPECTED = `expected a ${REQUEST_KIND} of ${KUBELET_API_VERSION} as JSON on stdin`;
const MAX_BYTES = 1024 * 1024;

/** The image that the kubelet asks for. Throws an InvalidInput. */
export function readKubeletRequest(stdin: Uint8Array): string {
  if (stdin.length > MAX_BYTES) throw new InvalidInput("the request is larger than 1 MiB");
  const text = decoded(stdin).trim();
  if (text === "") throw new InvalidInput(`stdin is empty; ${EXPECTED}`);
  const request = parsed(text);
  if (request.ServerURL !== undefined) throw notKubelet("what Docker hands to store", "store");
  checkKind(request);
  const { image, serviceAccountToken, serviceAccountAnnotations } = request;
  if (typeof image !== "string" || image === "") throw new InvalidInput("the request names no image");
  // They name who pulls; we hand out the machine's credentials and have no use for them, but a wrong type is no request.
  if (serviceAccountToken !== undefined && typeof serviceAccountToken !== "string") {
    throw new InvalidInput("serviceAccountToken of the request is not a string");
  }
  if (serviceAccountAnnotations !== undefined && !isTextMap(serviceAccountAnnotations)) {
    throw new InvalidInput("serviceAccountAnnotations of the request is not a map of strings");
  }
  return image;
}

/**
 * The response, one line. `pattern`: what the kubelet compares images with; undefined credential: nobody has one.
 * `cacheMs`: how long the kubelet may keep it.
 */
export function kubeletResponse(
  pattern: string,
  credential: Credential | undefined,
  cacheMs: number,
): string {
  const auth =
    credential === undefined
      ? {}
      : { [pattern]: { username: credential.username, password: credential.secret.expose() } };
  const response = {
    apiVersion: KUBELET_API_VERSION,
    kind: RESPONSE_KIND,
    cacheKeyType: "Registry",
    cacheDuration: `${Math.max(0, Math.floor(cacheMs / 1000))}s`,
    auth,
  };
  return `${JSON.stringify(response)}\n`;
}

/** True for a kubelet's request where something else was expected. It costs nothing for a server's name. */
export function isKubeletRequest(bytes: Uint8Array): boolean {
  let start = 0;
  while (bytes[start] === 0x20 || bytes[start] === 0x0a || bytes[start] === 0x0d || bytes[start] === 0x09) {
    start += 1;
  }
  // `{`
  if (bytes[start] !== 0x7b) return false;
  const text = new TextDecoder().decode(bytes.subarray(start, start + MAX_BYTES));
  return text.includes("credentialprovider.kubelet.k8s.io/") || text.includes(REQUEST_KIND);
}

function decoded(stdin: Uint8Array): string {
  try {
    // The decoder drops a byte-order mark.
    return new TextDecoder("utf-8", { fatal: true }).decode(stdin);
  } catch {
    throw new InvalidInput("the request is not valid UTF-8");
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = parseForeignJson(text);
  } catch {
    if (!/\s/.test(text) && parseRegistry(text) !== undefined) {
      throw notKubelet("a server's name, as Docker writes it", "get");
    }
    throw new InvalidInput(`stdin is not JSON; ${EXPECTED}`);
  }
  if (!isRecord(value)) throw new InvalidInput(`stdin is not one JSON object; ${EXPECTED}`);
  return withoutNulls(value);
}

/** The kubelet is written in Go, where null stands for a field that is not there. */
const withoutNulls = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));

function checkKind({ apiVersion, kind }: Readonly<Record<string, unknown>>): void {
  if (apiVersion !== KUBELET_API_VERSION) {
    throw new InvalidInput(
      `apiVersion is ${shown(apiVersion)}, and only ${KUBELET_API_VERSION} is spoken here; set apiVersion in the CredentialProviderConfig`,
    );
  }
  if (kind !== REQUEST_KIND) throw new InvalidInput(`kind is ${shown(kind)}, not ${REQUEST_KIND}`);
}

function notKubelet(what: string, verb: string): InvalidInput {
  return new InvalidInput(`stdin is ${what}: that is for docker-credential-ona ${verb}; ${EXPECTED}`);
}

function isTextMap(value: unknown): boolean {
  return isRecord(value) && Object.values(withoutNulls(value)).every((text) => typeof text === "string");
}

const shown = (value: unknown): string =>
  typeof value === "string"
    ? `"${value.replace(/[^\x20-\x7e]+/g, "?").slice(0, 100)}"`
    : value === undefined
      ? "missing"
      : "not a string";
