// The end that a token tells of itself.

import { expect, it } from "vitest";
import { jwtEndMs } from "../../../src/core/jwt.ts";

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: unknown): string => `${part({ alg: "none" })}.${part(claims)}.sig`;

it("a JSON Web Token tells its end in seconds", () => {
  expect(jwtEndMs(jwt({ exp: 1_700_000_000, note: "ÿ>?" }))).toBe(1_700_000_000_000);
});

it.each([
  ["an opaque token", "ona_abcdef"],
  ["two parts", "a.b"],
  ["four parts", "a.b.c.d"],
  ["no end", jwt({ sub: "x" })],
  ["an end that is text", jwt({ exp: "1700000000" })],
  ["a list", jwt([1])],
  ["no base64", "a.%%%.c"],
  ["no JSON", `a.${Buffer.from("x").toString("base64url")}.c`],
  ["nothing", ""],
])("%s tells none", (_, token) => {
  expect(jwtEndMs(token)).toBeUndefined();
});
