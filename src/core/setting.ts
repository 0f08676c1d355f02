// Variables of the environment and files of one line, read alike: white space around a value is dropped, and what is then
// empty counts as unset. What is set and of no use is an error that names it; it never counts as absent.

/** The value of a variable; undefined when it is unset or blank. */
export function setting(text: string | undefined): string | undefined {
  const value = text?.trim();
  return value === "" ? undefined : value;
}

/** `unusable`: `reason` says why, without any of the value. */
export type TokenSetting =
  | { readonly kind: "unset" }
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "unusable"; readonly reason: string };

/** A token, with or without `Bearer ` in front. No patterns: a warm answer comes by. */
export function tokenSetting(text: string | undefined): TokenSetting {
  let token = text?.trim() ?? "";
  if (token.slice(0, 6).toLowerCase() === "bearer" && (token.length === 6 || isSpace(token.charCodeAt(6))))
    token = token.slice(6).trim();
  if (token === "") return { kind: "unset" };
  for (let index = 0; index < token.length; index += 1) {
    const code = token.charCodeAt(index);
    if (code === 0x20) return { kind: "unusable", reason: "has a space inside" };
    if (code < 0x21 || code > 0x7e) return { kind: "unusable", reason: "has a character that no token has" };
  }
  return { kind: "token", token };
}

const isSpace = (code: number): boolean => code === 0x20 || code === 0x09;
