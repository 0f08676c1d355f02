// What a registry says in an error, as text that may be shown: printable, short, and without the credential, which a
// careless registry could repeat. And the token that it gives in a token flow.

import { isRecord, isText } from "../core/entry.ts";
import { parseForeignJson } from "../core/foreign-json.ts";
import type { Credential } from "../core/secret.ts";

const MAX_CHARS = 240;
/** Shorter texts stand in many words by chance, and are no secret. */
const LEAST_SECRET_CHARS = 4;

/** The message in an error body, or its first words. */
export function registryText(body: Uint8Array | string, credential: Credential | undefined): string {
  const text = typeof body === "string" ? body : new TextDecoder().decode(body.subarray(0, 64 * 1024));
  const shown = withoutSecrets(messageIn(text) ?? (/^\s*</.test(text) ? "an HTML page" : text), credential);
  const line = shown
    .replace(/[^\x20-\x7e]+/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  return line.length > MAX_CHARS ? `${line.slice(0, MAX_CHARS)} ...` : line;
}

/** Only what may stand in a header. */
export function tokenIn(body: Uint8Array): string | undefined {
  const json = parse(new TextDecoder().decode(body));
  const token = isRecord(json) ? json.token || json.access_token : undefined;
  return isText(token) && /^[\x21-\x7e]+$/.test(token) ? token : undefined;
}

/** `errors[0]` of the distribution specification; `details`, `message` and `error_description` of token servers. */
function messageIn(text: string): string | undefined {
  const json = parse(text);
  if (!isRecord(json)) return undefined;
  const [first] = Array.isArray(json.errors) ? json.errors : [];
  const source = isRecord(first) ? first : json;
  const parts = [source.code, source.message ?? source.details ?? source.error_description ?? source.error];
  const said = parts.filter(isText).filter((part) => part !== "");
  return said.length === 0 ? undefined : said.join(": ");
}

function withoutSecrets(text: string, credential: Credential | undefined): string {
  if (credential === undefined) return text;
  const secret = credential.secret.expose();
  const basic = Buffer.from(`${credential.username}:${secret}`, "utf8").toString("base64");
  const forms = [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    basic,
    basic.replace(/=+$/, ""),
  ];
  let shown = text;
  for (const form of forms)
    if (form.length >= LEAST_SECRET_CHARS) shown = shown.replaceAll(form, "[redacted]");
  return shown;
}

function parse(text: string): unknown {
  try {
    return parseForeignJson(text);
  } catch {
    return undefined;
  }
}
