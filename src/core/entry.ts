// The form of a file in the cache and of a local login: one JSON object with a version and its own key. Whatever
// does not fit exactly is absent.

const VERSION = 1;

/** An entry's fields as read, already known to belong to its key. */
export type DecodedEntry = { readonly atMs: number } & Record<string, unknown>;

export function encodeEntry(key: string, fields: { readonly atMs: number }): string {
  return JSON.stringify({ v: VERSION, key, ...fields });
}

/** The entry in `text`, or undefined when it is damaged, of another version or of another key. */
export function decodeEntry(text: string, key: string): DecodedEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value.v !== VERSION || value.key !== key) return undefined;
  return isTime(value.atMs) ? (value as DecodedEntry) : undefined;
}

/** The key of a whole entry, whatever it is; undefined for any other text. */
export function entryKey(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const key = isRecord(value) && isText(value.key) ? value.key : undefined;
    return key === undefined || decodeEntry(text, key) === undefined ? undefined : key;
  } catch {
    return undefined;
  }
}

/** True of an entry that was cut off anywhere, the empty text included. */
export function beginsLikeEntry(text: string): boolean {
  const start = `{"v":${VERSION},"key":"`;
  return text.length < start.length ? start.startsWith(text) : text.startsWith(start);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export const isText = (value: unknown): value is string => typeof value === "string";
export const isTime = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value);
