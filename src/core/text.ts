// Characters that text from outside may carry unseen.

/** Control characters (C0, DEL, C1), line and paragraph separators, and those that turn the direction of writing. */
const control = (flags = ""): RegExp =>
  new RegExp("[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]", flags);

/** True when `text` would not look like what it is. */
export const hasControl = (text: string): boolean => control().test(text);

export const withoutByteOrderMark = (text: string): string =>
  text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;

/** JSON in which every such character is escaped, so that it can be printed. */
export const printableJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    control("g"),
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
