// Which credential an entry of `auths` holds: Docker's and Podman's forms, and what cannot be compared.

import { describe, expect, it } from "vitest";
import { type StoredLogin, storedLogin } from "../../../src/core/stored-login.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
type Fields = Readonly<Record<string, string>>;
const loginIn = (key: string, fields: Fields): readonly StoredLogin[] =>
  storedLogin(key, (name) => fields[name] ?? "");
/** `user:secret`, or undefined for a login that cannot be compared. */
function read(fields: Fields, key = "registry.test"): string | undefined {
  const [login] = loginIn(key, fields);
  expect(login?.key).toBe(key);
  const credential = login?.credential;
  return credential && `${credential.username}:${credential.secret.expose()}`;
}

describe("a login", () => {
  it.each([
    ["auth", { auth: base64("user:secret") }, "user:secret"],
    ["auth with blanks around it", { auth: ` ${base64("user:secret")}\n` }, "user:secret"],
    ["a secret with colons", { auth: base64("user:a:b:") }, "user:a:b:"],
    [
      "NUL bytes around the secret, as Docker drops them",
      { auth: base64("user:\0\0se\0cret\0\0") },
      "user:se\0cret",
    ],
    ["no user", { auth: base64(":secret") }, ":secret"],
    ["username and password", { username: "user", password: "secret" }, "user:secret"],
    ["auth and the same beside it", { auth: base64("u:s"), username: "u", password: "s" }, "u:s"],
    ["an identity token", { identitytoken: "token" }, "<token>:token"],
    [
      "an identity token beside a user name",
      { auth: base64("user:"), identitytoken: "token" },
      "<token>:token",
    ],
    ["empty fields beside it", { auth: base64("u:s"), identitytoken: "", registrytoken: "" }, "u:s"],
  ])("%s", (_, value, expected) => {
    expect(read(value)).toBe(expected);
  });
});

describe("a login that cannot be compared", () => {
  it.each([
    ["a registry token", { auth: base64("u:s"), registrytoken: "t" }],
    ["an identity token beside a password", { auth: base64("u:s"), identitytoken: "t" }],
    ["an identity token beside a plain password", { password: "s", identitytoken: "t" }],
    ["auth without a colon", { auth: base64("user") }],
    ["auth that is no base64", { auth: "%%%" }],
    ["another user beside auth", { auth: base64("u:s"), username: "v" }],
    ["another password beside auth", { auth: base64("u:s"), password: "t" }],
  ])("%s", (_, value) => {
    expect(read(value)).toBeUndefined();
  });
});

describe("no login", () => {
  it.each<[string, string, Fields]>([
    ["an empty mark", "registry.test", {}],
    ["fields that are all empty", "registry.test", { auth: "", username: "" }],
    ["fields that nobody reads", "registry.test", { email: "a@b.test" }],
    ["a key that names no registry", "not a registry", { auth: base64("u:s") }],
    ["the empty key", "", { auth: base64("u:s") }],
  ])("%s", (_, key, fields) => {
    expect(loginIn(key, fields)).toEqual([]);
  });
});

it("says which registry it is for, in its canonical form, beside the key as it stands", () => {
  expect(
    loginIn("https://Registry.test/v2/", { auth: base64("u:s") }).map(({ key, ref }) => [key, ref.key]),
  ).toEqual([["https://Registry.test/v2/", "registry.test"]]);
});
