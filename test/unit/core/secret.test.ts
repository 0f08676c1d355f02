// A secret shows itself to expose() alone.

import { inspect } from "node:util";
import { expect, it } from "vitest";
import { isSameCredential, Secret } from "../../../src/core/secret.ts";

const secret = new Secret("hunter2");

it("is given out by expose()", () => {
  expect(secret.expose()).toBe("hunter2");
});

it.each<[string, string, string]>([
  ["String()", String(secret), "[redacted]"],
  ["a template", `<${secret}>`, "<[redacted]>"],
  ["JSON", JSON.stringify({ secret }), '{"secret":"[redacted]"}'],
  ["inspection", inspect(secret), "[redacted]"],
  [
    "inspection of what holds it",
    inspect({ secret }, { depth: 9, showHidden: true }),
    "{ secret: [redacted] }",
  ],
  ["its own keys", Object.keys(secret).join(), ""],
])("%s does not show it", (_, shown, expected) => {
  expect(shown).toBe(expected);
});

it.each([
  ["the same", "u", "s", true],
  ["another user", "v", "s", false],
  ["another secret", "u", "t", false],
  ["another case", "U", "s", false],
])("%s", (_, username, text, expected) => {
  const credential = { username: "u", secret: new Secret("s") };
  expect(isSameCredential(credential, { username, secret: new Secret(text) })).toBe(expected);
});
