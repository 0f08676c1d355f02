// AWS keys and the parsing of the one JSON form in which metadata servers, container endpoints and credential
// processes hand them out.

import { isRecord, isText } from "../../core/entry.ts";

/** As the SDK's clients take them. Never printed, never written. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** `session`: the name that the source has for the session token. */
export function parseKeys(value: unknown, session: "Token" | "SessionToken"): AwsKeys | undefined {
  if (!isRecord(value)) return undefined;
  const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, [session]: sessionToken } = value;
  if (!isText(accessKeyId) || !isText(secretAccessKey)) return undefined;
  return keysOf(accessKeyId, secretAccessKey, isText(sessionToken) ? sessionToken : undefined);
}

/** Undefined for anything that cannot stand in a header or in a signature. */
export function keysOf(id: unknown, secret: unknown, session: unknown): AwsKeys | undefined {
  if (!isPlain(id) || !isPlain(secret)) return undefined;
  const keys = { accessKeyId: id, secretAccessKey: secret };
  if (session === undefined || session === "") return keys;
  return isPlain(session) ? { ...keys, sessionToken: session } : undefined;
}

const isPlain = (value: unknown): value is string => isText(value) && /^[\x21-\x7e]{1,8192}$/.test(value);
