// One plain request to the stand-in, for its own tests. Follows nothing, retries nothing, hides nothing.

import type { JsonObject } from "./connect.ts";
import type { Platform } from "./stand-in.ts";

export interface Asked {
  status: number;
  headers: Headers;
  text: string;
  /** `{}` when the body is no JSON object. */
  json: JsonObject;
}

export interface AskOptions {
  /** Default `env-token`; `null` sends no Authorization. */
  token?: string | null;
  headers?: Record<string, string>;
  httpMethod?: string;
  /** Sent as it is, in place of the JSON body. */
  rawBody?: string;
  query?: string;
}

export const services = {
  ListSecrets: "gitpod.v1.SecretService/ListSecrets",
  GetSecretValue: "gitpod.v1.SecretService/GetSecretValue",
  GetEnvironment: "gitpod.v1.EnvironmentService/GetEnvironment",
  GetAuthenticatedIdentity: "gitpod.v1.IdentityService/GetAuthenticatedIdentity",
  GetIDToken: "gitpod.v1.IdentityService/GetIDToken",
  GetRunner: "gitpod.v1.RunnerService/GetRunner",
} as const;

export async function ask(
  platform: Platform,
  method: keyof typeof services,
  body: unknown = {},
  { token = "env-token", headers = {}, httpMethod = "POST", rawBody, query = "" }: AskOptions = {},
): Promise<Asked> {
  const response = await fetch(`${platform.baseUrl}/${services[method]}${query}`, {
    method: httpMethod,
    redirect: "manual",
    headers: {
      "content-type": "application/json",
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(httpMethod === "GET" ? {} : { body: rawBody ?? JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: objectOrEmpty(text) };
}

function objectOrEmpty(text: string): JsonObject {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null && !Array.isArray(json) ? (json as JsonObject) : {};
  } catch {
    return {};
  }
}
