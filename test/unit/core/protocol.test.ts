// Docker's protocol as bytes: what stdin may hold, which fixed phrase answers what, and that nothing is echoed.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidInput } from "../../../src/core/failures.ts";
import {
  credentialAnswer,
  extraArgument,
  NOT_FOUND,
  PROTOCOL_VERBS,
  readServerUrl,
  unknownAction,
  usage,
} from "../../../src/core/protocol.ts";
import { Secret } from "../../../src/core/secret.ts";

const numRuns = Number(process.env.ONA_TEST_RUNS ?? 10_000);
const host = "registry.example.test";
const canary = "c4nary-s3cret";
const bytes = (text: string): Uint8Array => Buffer.from(text, "utf8");

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

describe("the phrases", () => {
  it("are the ones that callers compare", () => {
    expect(NOT_FOUND).toBe("credentials not found in native keychain");
    expect([...PROTOCOL_VERBS].sort()).toEqual(["erase", "get", "list", "store", "version"]);
    expect(unknownAction("pull")).toBe("docker-credential-ona: unknown action: pull");
    for (const verb of ["get", "store", "erase", "list", "version"]) expect(usage()).toContain(verb);
    expect(extraArgument()).toMatch(/stdin/);
  });

  it("an unknown verb cannot put a second line or a control byte on stdout", () => {
    expect(unknownAction("a\nb\x1b[31m\u2028")).toMatch(/^docker-credential-ona: unknown action: [ -~]+$/);
  });
});

describe("the server of get and erase", () => {
  it.each([
    [host, host],
    [`${host}\n`, host],
    [`${host}\r\n`, host],
    [`${host}\n\n\r\n`, host],
    [`  ${host} \t `, host],
    [` ${host} \n`, host],
    ["https://index.docker.io/v1/", "https://index.docker.io/v1/"],
    [`HTTPS://${host}:443/team/app\n`, `HTTPS://${host}:443/team/app`],
  ])("%j is %j", (stdin, expected) => {
    expect(readServerUrl(bytes(stdin))).toBe(expected);
  });

  it.each(["", " ", "\n", "\t", "\r", "\r\n", " \t\r\n ", "\n".repeat(70_000)])("%j is blank", (stdin) => {
    expect(refusal(() => readServerUrl(bytes(stdin)))).toBe("no credentials server URL");
  });

  it("one byte-order mark in front is dropped", () => {
    expect(readServerUrl(bytes(`\ufeff${host}\n`))).toBe(host);
    expect(refusal(() => readServerUrl(bytes("\ufeff \n")))).toBe("no credentials server URL");
  });

  it("only space, tab, CR and LF count as blank", () => {
    for (const blank of ["\u00a0", "\u3000", "\u2028", "\u0085"]) {
      expect(readServerUrl(bytes(blank))).toBe(blank);
      expect(readServerUrl(bytes(host + blank))).toBe(host + blank);
      expect(readServerUrl(bytes(blank + host))).toBe(blank + host);
    }
    for (const control of ["\0", "\v", "\f"]) {
      expect(refusal(() => readServerUrl(bytes(control)))).not.toBe("no credentials server URL");
    }
  });

  const controls = [...Array.from({ length: 0x20 }, (_, byte) => byte), 0x7f];
  it.each(controls)("byte %i is refused inside", (byte) => {
    const control = String.fromCharCode(byte);
    const line = refusal(() => readServerUrl(bytes(`regi${control}stry.example.test`)));
    expect(line).not.toBe("no credentials server URL");
    expect(refusal(() => readServerUrl(bytes(`${host}${control}${canary}`)))).not.toContain(host);
  });

  const notTrimmed = controls.filter((byte) => ![0x09, 0x0a, 0x0d].includes(byte));
  it.each(notTrimmed)("byte %i is refused at either end", (byte) => {
    const control = String.fromCharCode(byte);
    refusal(() => readServerUrl(bytes(control + host)));
    refusal(() => readServerUrl(bytes(host + control)));
    refusal(() => readServerUrl(bytes(`${host}${control}\n`)));
  });

  it.each(["\n", "\r", "\r\n", " \n"])("a line end %j before the server is refused", (lead) => {
    refusal(() => readServerUrl(bytes(lead + host)));
  });

  it.each(["\n", "\r", "\r\n", "\r\r"])("two lines joined by %j are refused", (join) => {
    refusal(() => readServerUrl(bytes(`${host}${join}attacker.example`)));
    refusal(() => readServerUrl(bytes(`regi${join}stry.example.test\n`)));
  });

  const invalid = Array.from({ length: 0x80 }, (_, index) => 0x80 + index);
  it.each(invalid)("byte %i alone is no UTF-8", (byte) => {
    const around = (parts: (Uint8Array | string)[]): Uint8Array =>
      Buffer.concat(parts.map((p) => Buffer.from(p)));
    const one = Uint8Array.of(byte);
    refusal(() => readServerUrl(one));
    refusal(() => readServerUrl(around([one, host])));
    refusal(() => readServerUrl(around(["regi", one, "stry.example.test"])));
    refusal(() => readServerUrl(around([host, one])));
  });

  it.each([
    ["an overlong slash", [0xc0, 0xaf]],
    ["an overlong NUL", [0xc0, 0x80]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a code point past the last", [0xf4, 0x90, 0x80, 0x80]],
    ["UTF-16", [0xff, 0xfe, 0x61, 0x00]],
  ])("%s is no UTF-8", (_, sequence) => {
    refusal(() => readServerUrl(Buffer.concat([Buffer.from(host), Buffer.from(sequence)])));
  });

  it("64 KiB are read, one byte more is refused", () => {
    const longest = `${host}/`.padEnd(64 * 1024, "a");
    expect(readServerUrl(bytes(longest))).toBe(longest);
    refusal(() => readServerUrl(bytes(`${longest}a`)));
    refusal(() => readServerUrl(bytes(`${host}/${"é".repeat(33_000)}`)));
  });

  it("never throws anything but a refusal, and what it reads has no control byte and no blank end", () => {
    const near = fc.string({ unit: fc.constantFrom(...`ab.:/@ \t\r\n\0\x7f\u00a0é`) }).map(bytes);
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), near), (stdin) => {
        let server: string;
        try {
          server = readServerUrl(stdin);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidInput);
          return;
        }
        expect(server).not.toMatch(/[\x00-\x1f\x7f]|^[ \t]|[ \t]$|^$/);
        expect(Buffer.from(stdin).includes(server)).toBe(true);
      }),
      { numRuns },
    );
  });
});

describe("the answer of get", () => {
  it("has Docker's keys in Docker's order and one newline at its end", () => {
    const secret = new Secret('p:w"\n\u2028\ud83d\ude00');
    expect(credentialAnswer(` ${host}`, { username: "de\\mo", secret })).toBe(
      `{"ServerURL":" ${host}","Username":"de\\\\mo","Secret":"p:w\\"\\n\u2028\ud83d\ude00"}\n`,
    );
  });
});
