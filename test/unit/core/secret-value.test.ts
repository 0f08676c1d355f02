// What the value of a registry secret means: the vectors of the wire reference, every form in every format, and that
// nothing which is refused ever shows itself.

import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ValueFormat } from "../../../src/core/config.ts";
import { parseSecretValue } from "../../../src/core/secret-value.ts";
import { anyText, numRuns } from "./runs.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const base64url = (text: string): string => Buffer.from(text).toString("base64url");

/** `user|password`, `native`, or `bad`. */
function meaning(value: string, format: ValueFormat = "auto"): string {
  const result = parseSecretValue(value, format);
  if (result.kind !== "credential") return result.kind;
  return `${result.credential.username}|${result.credential.secret.expose()}`;
}

describe("auto", () => {
  it.each<[string, string, string]>([
    ["plain", "demo-user:demo:pass", "demo-user|demo:pass"],
    ["base64", "ZGVtby11c2VyOmRlbW86cGFzcw==", "demo-user|demo:pass"],
    ["base64 without padding", "ZGVtby11c2VyOmRlbW86cGFzcw", "demo-user|demo:pass"],
    ["base64 with a line end at its end", "ZGVtby11c2VyOmRlbW86cGFzcw==\n", "demo-user|demo:pass"],
    [
      "base64 in lines of 76",
      base64(`u:${"p".repeat(300)}`).replace(/.{76}/g, "$&\n"),
      `u|${"p".repeat(300)}`,
    ],
    ["base64 with CRLF", base64(`u:${"p".repeat(99)}`).replace(/.{76}/g, "$&\r\n"), `u|${"p".repeat(99)}`],
    ["base64 of text with a line end (echo | base64)", base64("demo:pass\n"), "demo|pass"],
    ["base64 of text with CRLF", base64("demo:pass\r\n"), "demo|pass"],
    ["base64url", base64url("demo:pa>ss?~~"), "demo|pa>ss?~~"],
    ["base64 with + and /", base64("demo:~~~???>>>"), "demo|~~~???>>>"],
    ["base64 of Unicode", base64("dëmo:päss"), "dëmo|päss"],
    ["plain Unicode", "dëmo:päss🔑", "dëmo|päss🔑"],
    ["one trailing line end is dropped", "demo:pass\n", "demo|pass"],
    ["one CRLF is dropped", "demo:pass\r\n", "demo|pass"],
    ["only one", "demo:pass\n\n", "demo|pass\n"],
    ["spaces are the password's", "demo: pass ", "demo| pass "],
    ["an empty password", "demo:", "demo|"],
    ["base64 of an empty password", base64("demo:"), "demo|"],
    ["an identity token", "<token>:eyJ.a.b", "<token>|eyJ.a.b"],
    ["a password that is base64", "demo:ZGVtbw==", "demo|ZGVtbw=="],
    [
      "a password that is JSON",
      'demo:{"username":"x","password":"y"}',
      'demo|{"username":"x","password":"y"}',
    ],
    ["10 240 characters", `u:${"x".repeat(10_238)}`, `u|${"x".repeat(10_238)}`],
    ["JSON", '{"username":"demo","password":"p:q"}', "demo|p:q"],
    ["JSON with space and more keys", ' { "password": "p",\n "username": "demo", "x": 1 }\n', "demo|p"],
    ["base64 of JSON", base64('{"username":"demo","password":"p"}'), "demo|p"],
    ["a byte-order mark in front", "\ufeffdemo:pass", "demo|pass"],
    ["a byte-order mark inside base64", base64("\ufeffdemo:pass"), "demo|pass"],
    ["a byte-order mark in front of base64", `\ufeff${base64("demo:pass")}`, "demo|pass"],
    ["a byte-order mark in front of JSON", '\ufeff{"username":"demo","password":"p"}', "demo|p"],
    [
      "white space and a byte-order mark in front of JSON",
      '\n\ufeff{"username":"demo","password":"p"}',
      "demo|p",
    ],
    ["a byte-order mark in front of native", "\ufeffrunner-native", "native"],
    ["quotes and braces inside", `de'm"o{[:p"a's{s`, `de'm"o{[|p"a's{s`],
    [
      "white space and a byte-order mark in front of JSON, several lines",
      '\n \r\n\ufeff{"username":"demo","password":"p"}',
      "demo|p",
    ],
    ["a byte-order mark within JSON", '{"username":"demo","password":" \ufeffp"}', "demo| \ufeffp"],
    ["a password that begins with braces", "demo:{{b}} c", "demo|{{b}} c"],
    ["a password that ends with braces", "demo:a {{b}}", "demo|a {{b}}"],
    ["a password that ends with braces and a colon", "demo:a {{b:c}}", "demo|a {{b:c}}"],
    ["braces in a password", "demo:a{{b}}c", "demo|a{{b}}c"],
    ["a password that names itself", "demo:password: x", "demo|password: x"],
    ["a password of two lines", "demo:one\ntwo:three", "demo|one\ntwo:three"],
    ["JSON with an empty password", '{"username":"demo","password":""}', "demo|"],
    ["native", "runner-native", "native"],
    ["native with a line end", "runner-native\n", "native"],
    ["native, both halves", "runner-native:runner-native", "native"],
    ["native pair in base64", "cnVubmVyLW5hdGl2ZTpydW5uZXItbmF0aXZl", "native"],
    ["the same, broken over lines", "cnVubmVyLW5hdGl2ZTpy\ndW5uZXItbmF0aXZl", "native"],
    ["native alone in base64", base64("runner-native"), "native"],
    ["native alone in base64 with a line end", base64("runner-native\n"), "native"],
    ["native in JSON", '{"username":"runner-native","password":"runner-native"}', "native"],
    ["half native is no native", "runner-native:x", "runner-native|x"],
    ["the other half", "x:runner-native", "x|runner-native"],
    [
      "native in capitals is a user without password",
      "RUNNER-NATIVE:RUNNER-NATIVE",
      "RUNNER-NATIVE|RUNNER-NATIVE",
    ],
  ])("%s", (_, value, expected) => {
    expect(meaning(value)).toBe(expected);
  });
});

describe("bad", () => {
  it.each<[string, string]>([
    ["empty", ""],
    ["a line end", "\n"],
    ["spaces", "   "],
    ["a colon", ":"],
    ["no user", ":c4nary"],
    ["base64 of no user", base64(":c4nary")],
    ["no colon", "c4nary!"],
    ["no colon, all of base64's alphabet", "c4naryc4nary"],
    ["base64 of no colon", base64("c4nary-without-colon")],
    ["base64 of base64", base64(base64("demo:c4nary"))],
    ["base64 that is no UTF-8", Buffer.from([0x61, 0x3a, 0xff, 0xfe, 0x63]).toString("base64")],
    ["base64 one short", "ZGVtbzpjNG5hcnk=".slice(0, 13)],
    ["too much padding", `${base64("demo:c4nary1")}===`],
    ["padding inside", "ZGVtbzo=c4nary=="],
    ["spaces inside base64", "ZGVt bzpjNG5hcnk"],
    ["native in capitals", "RUNNER-NATIVE"],
    ["native with spaces", " runner-native"],
    ["JSON without a password", '{"username":"c4nary"}'],
    ["JSON with a number", '{"username":"demo","password":4711}'],
    ["JSON with other names", '{"user":"demo","pass":"c4nary"}'],
    ["JSON with names in capitals", '{"Username":"demo","Password":"c4nary"}'],
    ["JSON without user", '{"username":"","password":"c4nary"}'],
    ["an empty object", "{}"],
    ["a list without a colon", '["demo","c4nary"]'],
    ["a list", '["demo:c4nary"]'],
    ["a list of pairs", '[{"username":"demo","password":"c4nary"}]'],
    ["JSON with a comma too many", '{"username":"demo","password":"c4nary",}'],
    ["the same in base64", base64('{"username":"demo","password":"c4nary",}')],
    ["JSON without its end", '{"username":"demo","password":"c4nary"'],
    ["JSON with single quotes", "{'username':'demo','password':'c4nary'}"],
    ["JSON after white space and a byte-order mark", '\ufeff \n{"username":"demo" "password":"c4nary"}'],
    ["JSON that is nested too deeply", `{"a":${"[".repeat(5000)}`],
    ["a brace that opens no JSON", "{demo:c4nary"],
    ["a bracket", "[demo:c4nary"],
    ["a quoted string", '"demo:c4nary"'],
    ["a quoted string after white space", '\t"demo:c4nary"'],
    ["single quotes", "'demo:c4nary'"],
    ["a list with a map of two lines", "- username: demo\n  password: c4nary"],
    ["a login and a password", "login: demo\npassword: c4nary"],
    ["a user and a token", "username: demo\ntoken: c4nary"],
    ["two lines of prefixed keys", "DOCKER_USERNAME: demo\nDOCKER_PASSWORD: c4nary"],
    ["two lines for a shell", "export REGISTRY_USER=demo\nexport REGISTRY_PASSWORD=a:c4nary"],
    ["JSON of another shape after white space and a byte-order mark", ' \ufeff{"demo":"c4nary"}'],
    ["a template", "{{ .demo }}:{{ .c4nary }}"],
    ["a template as the password", "demo:{{ .c4nary }}"],
    ["a template in the user", "x-{{demo}}:c4nary"],
    ["a template alone", "{{ demo | c4nary }}"],
    ["a template with a colon inside", "{{ demo:c4nary }}"],
    ["the same with white space around it", " \n{{ demo:\nc4nary }}  "],
    ["a template as the password, with white space around it", "demo:  {{ c4nary }}  "],
    ["JSON with a number for a user", '{"username":4711,"password":"c4nary"}'],
    ["a template in base64", base64("demo:{{ .c4nary }}")],
    ["YAML", "username: demo\npassword: c4nary"],
    ["YAML with quotes, in the other order", "---\n'password': \"c4nary\"\n'username': demo\n"],
    ["YAML in base64", base64("user: demo\npassword: c4nary\n")],
    ["lines of a shell", "USERNAME=demo:x\nPASSWORD=c4nary"],
    ["a C1 control character in the user", "de\u0085mo:c4nary"],
    ["a change of direction in the user", "de\u202emo:c4nary"],
    ["a line separator in the user", "de\u2028mo:c4nary"],
    ["a control character in the user", "de\x01mo:c4nary"],
    ["a line end in the user", "de\nmo:c4nary"],
    ["DEL in the user", "demo\x7f:c4nary"],
    ["NUL in the user, in base64", base64("de\0mo:c4nary")],
    ["a line end in JSON's user", '{"username":"de\\nmo","password":"c4nary"}'],
  ])("%s: said without showing any of it", (_, value) => {
    const result = parseSecretValue(value, "auto");
    expect(result.kind).toBe("bad");
    expect(inspect(result)).not.toMatch(/c4nary|4711|demo/);
  });
});

it.each([
  ['{"username":"demo","password":"pw",}', "line 1, column 36"],
  ['{\n "username" "demo"}', "line 2, column 13"],
  ['\n\n\ufeff{"username" "demo"}', "line 3, column 13"],
])("%s: says where", (value, where) => {
  expect(parseSecretValue(value, "auto")).toEqual({
    kind: "bad",
    reason: `looks like JSON but is not (${where})`,
  });
});

it.each<[string, ValueFormat, RegExp]>([
  ["{{ .user }}:pw", "auto", /template/],
  ['"demo:pw"', "auto", /without the quotes/],
  ["username: demo\npassword: pw", "auto", /two lines/],
  ['["demo","pw"]', "auto", /array/],
  ['{"username":"demo"}', "auto", /without the strings username and password/],
  [":pw", "auto", /empty user name/],
  ["de\x01mo:pw", "auto", /control character/],
  ["pw!", "auto", /user:password/],
  ["pw!", "plain", /user:password/],
  ["pw!", "json", /as valueFormat demands/],
  ["pw!", "base64", /as valueFormat demands/],
])("%j as %s: says what is wrong", (value, format, reason) => {
  expect(parseSecretValue(value, format)).toMatchObject({
    kind: "bad",
    reason: expect.stringMatching(reason),
  });
});

it.each([
  ['{"username":"demo","password":"pw",}', '{"username"|"demo","password":"pw",}'],
  ["username: demo\npassword: pw", "username| demo\npassword: pw"],
  ['"demo:pw"', '"demo|pw"'],
  ["{{ user }}:{{ password }}", "{{ user }}|{{ password }}"],
  ["\ufeffdemo:pw", "demo|pw"],
])("valueFormat plain takes %j as it is", (value, expected) => {
  expect(meaning(value, "plain")).toBe(expected);
});

describe("forced", () => {
  const plain = "demo:pass";
  const json = '{"username":"demo","password":"pass"}';
  it.each<[string, ValueFormat, string, string]>([
    ["plain", "plain", plain, "demo|pass"],
    ["plain, a value that looks like JSON", "plain", json, '{"username"|"demo","password":"pass"}'],
    ["plain, base64", "plain", base64(plain), "bad"],
    ["plain, native", "plain", "runner-native", "native"],
    ["plain, both halves native", "plain", "runner-native:runner-native", "native"],
    ["json", "json", json, "demo|pass"],
    ["json, plain", "json", plain, "bad"],
    ["json, base64 of JSON", "json", base64(json), "bad"],
    ["json, a list", "json", '[{"username":"demo","password":"pass"}]', "bad"],
    ["json, native", "json", "runner-native", "native"],
    ["json, native in both", "json", '{"username":"runner-native","password":"runner-native"}', "native"],
    ["base64", "base64", base64(plain), "demo|pass"],
    ["base64url", "base64", base64url("demo:~~~???"), "demo|~~~???"],
    ["base64 of JSON", "base64", base64(json), "demo|pass"],
    ["base64, plain", "base64", plain, "bad"],
    ["base64, JSON", "base64", json, "bad"],
    ["base64, native", "base64", base64("runner-native:runner-native"), "native"],
    ["base64, native as it is", "base64", "runner-native", "native"],
  ])("%s", (_, format, value, expected) => {
    expect(meaning(value, format)).toBe(expected);
  });
});

describe("any user and password", () => {
  /** A user name: not empty, no colon, no control character, well formed; `{` would open JSON. */
  const user = anyText(12).map(
    (text) =>
      `u${text.replace(/[:\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, "_").toWellFormed()}`,
  );
  const password = anyText(40).map((text) => `${text.toWellFormed()}.`);
  const forms: Record<string, (user: string, password: string) => string> = {
    plain: (u, p) => `${u}:${p}`,
    "plain and a line end": (u, p) => `${u}:${p}\n`,
    base64: (u, p) => base64(`${u}:${p}`),
    "base64 without padding": (u, p) => base64(`${u}:${p}`).replace(/=+$/, ""),
    "base64 in short lines": (u, p) => base64(`${u}:${p}`).replace(/.{5}/g, "$&\n"),
    base64url: (u, p) => base64url(`${u}:${p}`),
    JSON: (u, p) => JSON.stringify({ username: u, password: p }),
    "base64 of JSON": (u, p) => base64(JSON.stringify({ password: p, username: u })),
  };

  it.each(Object.entries(forms))("round-trips through %s", (_, write) => {
    fc.assert(
      fc.property(user, password, (u, p) => meaning(write(u, p)) === `${u}|${p}`),
      { numRuns: numRuns(500) },
    );
  });

  it("whatever the value and the format: no exception, and no part of a bad one shown", () => {
    const value = fc.oneof(anyText(60), anyText(60).map(base64), fc.json());
    fc.assert(
      fc.property(value, fc.constantFrom<ValueFormat>("auto", "plain", "base64", "json"), (text, format) => {
        const result = parseSecretValue(text, format);
        return result.kind !== "bad" || /^[a-z][ -~]+$/.test(result.reason);
      }),
      { numRuns: numRuns(2000) },
    );
  });
});
