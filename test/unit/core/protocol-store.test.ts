// The payload of `store` as bytes: every shape that is read, every shape that is refused, and that nothing is echoed.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidInput } from "../../../src/core/failures.ts";
import { credentialAnswer, readStoreRequest } from "../../../src/core/protocol.ts";

const numRuns = Number(process.env.ONA_TEST_RUNS ?? 10_000);
const host = "registry.example.test";
const canary = "c4nary-s3cret";
const bytes = (text: string): Uint8Array => Buffer.from(text, "utf8");
const store = (payload: unknown): ReturnType<typeof readStoreRequest> =>
  readStoreRequest(bytes(typeof payload === "string" ? payload : JSON.stringify(payload)));

/** The refusal's line; anything else that is thrown, or nothing, fails the test. */
function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    expect(error.message).toMatch(/^[ -~]+$/);
    expect(error.message).not.toContain(canary);
    return error.message;
  }
  throw new Error("nothing was refused");
}

describe("the payload of store", () => {
  const good = { ServerURL: host, Username: "demo", Secret: canary };

  it.each<[string, string]>([
    ["Docker's own form", JSON.stringify(good)],
    ["a newline after it", `${JSON.stringify(good)}\n`],
    ["white space around it", ` \r\n\t${JSON.stringify(good, undefined, 2)}\n\n `],
    ["a byte-order mark", `\ufeff${JSON.stringify(good)}`],
    ["lower-case keys", JSON.stringify({ serverurl: host, username: "demo", secret: canary })],
    ["upper-case keys", JSON.stringify({ SERVERURL: host, USERNAME: "demo", SECRET: canary })],
    ["keys in camel case", JSON.stringify({ serverURL: host, userName: "demo", sECRET: canary })],
    ["unknown keys", JSON.stringify({ ...good, Version: 2, nested: { ServerURL: "attacker.example" } })],
    [
      "unknown keys of the object's own prototype",
      `{"__proto__":1,"constructor":2,${JSON.stringify(good).slice(1)}`,
    ],
    ["escapes", JSON.stringify(good).replace("demo", "\\u0064emo")],
  ])("%s is read", (_, payload) => {
    const request = store(payload);
    expect(request.serverUrl).toBe(host);
    expect(request.credential.username).toBe("demo");
    expect(request.credential.secret.expose()).toBe(canary);
  });

  it.each(["\u0085", "\u009b", "\u202e", "\u2066", "\u200e", "\u061c", "\u2028"])(
    "%j in the user name is refused: it would not look like what it is",
    (character) => {
      const payload = JSON.stringify({ ...good, Username: `de${character}mo` });
      expect(refusal(() => store(payload))).toBe(
        "docker-credential-ona: the user name contains a control character",
      );
    },
  );

  it.each([
    ["no secret", { ServerURL: host, Username: "demo" }],
    ["an empty secret", { ServerURL: host, Username: "demo", Secret: "" }],
    ["null for a secret", { ServerURL: host, Username: "demo", Secret: null }],
  ])("%s is an empty secret", (_, payload) => {
    expect(store(payload).credential.secret.expose()).toBe("");
  });

  it.each([
    ["no server", { Username: "demo", Secret: canary }],
    ["an empty server", { ...good, ServerURL: "" }],
    ["a blank server", { ...good, ServerURL: " \t\r\n" }],
    ["null for a server", { ...good, ServerURL: null }],
    ["an empty object", {}],
  ])("%s: no credentials server URL", (_, payload) => {
    expect(refusal(() => store(payload))).toBe("no credentials server URL");
  });

  it.each([
    ["no user name", { ServerURL: host, Secret: canary }],
    ["an empty user name", { ...good, Username: "" }],
    ["null for a user name", { ...good, Username: null }],
  ])("%s: no credentials username", (_, payload) => {
    expect(refusal(() => store(payload))).toBe("no credentials username");
  });

  it.each<[string, string]>([
    ["nothing", ""],
    ["blanks", " \n"],
    ["no JSON", canary],
    ["JSON cut short", JSON.stringify(good).slice(0, -2)],
    ["two objects", JSON.stringify(good) + JSON.stringify(good)],
    ["text after the object", `${JSON.stringify(good)} ${canary}`],
    ["a list", JSON.stringify([good])],
    ["a string", JSON.stringify(canary)],
    ["a number", "42"],
    ["null", "null"],
    ["true", "true"],
    ["two byte-order marks", `\ufeff\ufeff${JSON.stringify(good)}`],
    ["a trailing comma", JSON.stringify(good).replace("}", ",}")],
    ["single quotes", `{'ServerURL':'${host}'}`],
    ["a comment", `/* ${canary} */${JSON.stringify(good)}`],
    ["a server that is a number", JSON.stringify({ ...good, ServerURL: 5 })],
    ["a server that is a list", JSON.stringify({ ...good, ServerURL: [host] })],
    ["a user name that is an object", JSON.stringify({ ...good, Username: { name: canary } })],
    ["a user name that is false", JSON.stringify({ ...good, Username: false })],
    ["a secret that is a number", JSON.stringify({ ...good, Secret: 12345 })],
    ["a secret that is a list", JSON.stringify({ ...good, Secret: [canary] })],
  ])("%s is refused without an echo", (_, payload) => {
    const line = refusal(() => store(payload));
    expect(line).not.toMatch(/^no credentials/);
    expect(line).not.toContain(host);
  });

  it.each(["\n", "\r", "\0", "\t", "\x01", "\x1b", "\x7f"])(
    "%j inside the server or the user name is refused",
    (control) => {
      refusal(() => store({ ...good, ServerURL: `regi${control}stry.example.test` }));
      refusal(() => store({ ...good, Username: `de${control}mo` }));
      refusal(() => store({ ...good, Username: `${control}demo` }));
    },
  );

  it("a lone surrogate in the server or the user name is refused", () => {
    refusal(() => store(`{"ServerURL":"${host}\\ud800","Username":"demo","Secret":""}`));
    refusal(() => store(`{"ServerURL":"${host}","Username":"d\\udc00emo","Secret":""}`));
  });

  it("64 KiB of server or user name are read, more is refused", () => {
    expect(store({ ...good, Username: "u".repeat(64 * 1024) }).credential.username).toHaveLength(64 * 1024);
    refusal(() => store({ ...good, Username: "u".repeat(64 * 1024 + 1) }));
    refusal(() => store({ ...good, ServerURL: `${host}/`.padEnd(64 * 1024 + 1, "a") }));
  });

  it("the 64 KiB are bytes", () => {
    refusal(() => store({ ...good, Username: "é".repeat(40_000) }));
  });

  it("1 MiB in all is read, one byte more is refused", () => {
    const frame = JSON.stringify({ ...good, Secret: "" }).length;
    const secret = "s".repeat(1024 * 1024 - frame);
    expect(store({ ...good, Secret: secret }).credential.secret.expose()).toBe(secret);
    refusal(() => store({ ...good, Secret: `${secret}s` }));
    refusal(() => readStoreRequest(Buffer.alloc(1024 * 1024 + 1, " ")));
  });

  it("invalid UTF-8 anywhere is refused", () => {
    refusal(() => readStoreRequest(Buffer.from(JSON.stringify({ ...good, Secret: "\xe9" }), "latin1")));
    refusal(() => readStoreRequest(Buffer.from(JSON.stringify({ ...good, Username: "\xe9" }), "latin1")));
  });

  it("any Unicode in the secret comes back as it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (secret) => {
        const request = store({ ...good, Secret: secret });
        const answer: unknown = JSON.parse(credentialAnswer(host, request.credential));
        expect(answer).toEqual({ ServerURL: host, Username: "demo", Secret: secret });
      }),
      { numRuns: numRuns / 5 },
    );
  });

  it("never throws anything but a refusal", () => {
    const word = fc.constantFrom(
      "ServerURL",
      "serverurl",
      "Username",
      "USERNAME",
      "Secret",
      "__proto__",
      "toString",
    );
    const payload = fc.dictionary(word, fc.jsonValue()).map((value) => bytes(JSON.stringify(value)));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(bytes), payload), (stdin) => {
        try {
          const { serverUrl, credential } = readStoreRequest(stdin);
          expect(serverUrl).toMatch(/^[^\x00-\x1f\x7f]+$/);
          expect(credential.username).toMatch(/^[^\x00-\x1f\x7f]+$/);
        } catch (error) {
          if (!(error instanceof InvalidInput)) throw error;
        }
      }),
      { numRuns },
    );
  });
});
