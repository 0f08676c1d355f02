// The end that a token tells of itself.

import { expect, it } from "vitest";
import { jwtEndMs } from "../../../src/core/jwt.ts";

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwt = (claims: unknown): string => `${part({ alg: "none" })}.${part(claims)}.sig`;

/** A token whose middle part has `length` characters. */
const long = (length: number): string => {
  const claims = JSON.stringify({ exp: 1_700_000_000, pad: "" });
  return jwt({ exp: 1_700_000_000, pad: "x".repeat(Math.floor((length * 3) / 4) - claims.length) });
};

it.each([
  ["both signs of base64url", jwt({ exp: 1_700_000_000, note: ">>>>>?????" })],
  ["20 000 characters", long(20_000)],
])("a JSON Web Token tells its end in seconds: %s", (_, token) => {
  expect(jwtEndMs(token)).toBe(1_700_000_000_000);
});

it.each([
  ["an opaque token", "ona_abcdef"],
  ["one part", part({ exp: 1_700_000_000 })],
  ["two parts", `a.${part({ exp: 1_700_000_000 })}`],
  ["four parts", `${jwt({ exp: 1_700_000_000 })}.d`],
  ["more than 20 000 characters", long(20_002)],
  ["an end without end", `a.${Buffer.from('{"exp":1e999}').toString("base64url")}.c`],
  ["no end", jwt({ sub: "x" })],
  ["an end that is text", jwt({ exp: "1700000000" })],
  ["a list", jwt([1])],
  ["no base64", "a.%%%.c"],
  ["no JSON", `a.${Buffer.from("x").toString("base64url")}.c`],
  ["nothing", ""],
])("%s tells none", (_, token) => {
  expect(jwtEndMs(token)).toBeUndefined();
});
