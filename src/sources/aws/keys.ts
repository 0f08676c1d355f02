// AWS keys: the parsing of the one JSON form in which metadata servers, container endpoints and credential processes
// hand them out, and the check of those that a user has set. What is set by halves is a failure, never an absence.

import { isRecord, isText } from "../../core/entry.ts";
import { Failure } from "../../core/failures.ts";

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

/** What a user has set, each with the name under which it was found; undefined: not set. */
export interface SetKeys {
  readonly id: readonly [name: string, value: string | undefined];
  readonly secret: readonly [name: string, value: string | undefined];
  readonly session: readonly [name: string, value: string | undefined];
}

/** Undefined when nothing of them is set. Throws a Failure that names what is missing or of no use; `where` as in ` of the AWS profile dev`. */
export function checkKeys({ id, secret, session }: SetKeys, where: string): AwsKeys | undefined {
  const set = [id, secret, session].filter(([, value]) => value !== undefined);
  if (set.length === 0) return undefined;
  const missing = [id, secret].find(([, value]) => value === undefined);
  if (missing !== undefined) {
    throw unusable(`${set.map(([name]) => name).join(" and ")}${where} is set, but not ${missing[0]}`);
  }
  for (const [name, value = ""] of set) {
    const isGood = name === id[0] ? /^\w+$/.test(value) : isPlain(value) && !/[<>{}"'`]/.test(value);
    if (!isGood) throw unusable(`${name}${where} holds no key of AWS's: ${whatIsWrong(value)}`);
  }
  return keysOf(id[1], secret[1], session[1]);
}

/** Says nothing of the value itself. */
function whatIsWrong(value: string): string {
  if (value === "") return "it is empty";
  if (/^[<{$[]/.test(value)) return "it looks like a placeholder";
  if (/\s/.test(value)) return "it has white space inside";
  return "it has a character that no key has";
}

const unusable = (message: string): Failure =>
  new Failure("aws-no-credentials", message, { hint: "correct it, or take it away" });

/** A name of the user's, for messages. */
export const shown = (name: string): string => name.slice(0, 60);
