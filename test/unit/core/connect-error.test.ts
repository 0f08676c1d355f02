// Connect's error body, and the delay that google.rpc.RetryInfo encodes in it: a protobuf message in base64, with or
// without its readable form, usable or not.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseConnectError } from "../../../src/core/platform-answers.ts";
import { anyText, numRuns } from "./runs.ts";

const RETRY_INFO = "google.rpc.RetryInfo";
const delayOf = (...details: unknown[]) =>
  parseConnectError({ code: "resource_exhausted", details })?.retryDelayMs;
const fromBytes = (...bytes: number[]): string => Buffer.from(bytes).toString("base64").replace(/=+$/, "");
const retryInfo = (value: unknown, extra: object = {}): object => ({ type: RETRY_INFO, value, ...extra });

describe("the code", () => {
  it.each(["unauthenticated", "permission_denied", "not_found", "some_code_of_tomorrow"])("%s", (code) => {
    expect(parseConnectError({ code, message: "m" })).toEqual({
      code,
      retryDelayMs: undefined,
      saysExpired: false,
    });
  });

  it.each([
    ["the token has expired", true],
    ["Token EXPIRED.", true],
    ["unexpired", false],
    [5, false],
    [undefined, false],
  ])("whose text is %j: expired %s", (message, saysExpired) => {
    expect(parseConnectError({ code: "unauthenticated", message })?.saysExpired).toBe(saysExpired);
  });

  it.each<[unknown]>([
    [undefined],
    [null],
    ["unauthenticated"],
    [[]],
    [{}],
    [{ code: 16 }],
    [{ code: "" }],
    [{ code: "UNAUTHENTICATED" }],
    [{ code: "not found" }],
    [{ code: "a\nb" }],
    [{ code: `a${"_".repeat(60)}` }],
    [{ error: { code: "not_found" } }],
  ])("%j is no Connect error", (value) => expect(parseConnectError(value)).toBeUndefined());
});

describe("RetryInfo", () => {
  it.each<[string, number[], number]>([
    ["3 s", [0x0a, 2, 0x08, 3], 3000],
    ["1.5 s", [0x0a, 8, 0x08, 1, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01], 1500],
    ["250 ms", [0x0a, 5, 0x10, 0x80, 0xe5, 0x9a, 0x77], 250],
    ["300 s, a varint of two bytes", [0x0a, 3, 0x08, 0xac, 0x02], 300_000],
    ["fields that are not known", [0x12, 1, 0x61, 0x0a, 4, 0x18, 9, 0x08, 1], 1000],
  ])("%s", (_, message, delayMs) => {
    expect(delayOf(retryInfo(fromBytes(...message)))).toBe(delayMs);
    expect(delayOf(retryInfo(fromBytes(...message), { debug: { retryDelay: "9s" } }))).toBe(delayMs);
    expect(delayOf({ type: "other", value: "AA" }, retryInfo(Buffer.from(message).toString("base64")))).toBe(
      delayMs,
    );
  });

  it.each<[string, unknown]>([
    ["no value", undefined],
    ["a value of the wrong type", 5],
    ["an empty message", ""],
    ["an empty duration", fromBytes(0x0a, 0)],
    ["zero", fromBytes(0x0a, 2, 0x08, 0)],
    ["less than a millisecond", fromBytes(0x0a, 3, 0x10, 0x90, 0x4e)],
    ["no base64", "!!!!"],
    ["base64url", "--__"],
    ["cut in the length", fromBytes(0x0a)],
    ["cut in the duration", fromBytes(0x0a, 5, 0x08, 1)],
    ["a varint without end", fromBytes(0x0a, 2, 0x08, 0x80)],
    ["a varint of eleven bytes", fromBytes(0x0a, 12, 0x08, ...Array<number>(11).fill(0xff))],
    ["a length beyond everything", fromBytes(0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f)],
    ["a number in place of the duration", fromBytes(0x08, 3)],
    ["seconds as text", fromBytes(0x0a, 3, 0x0a, 1, 0x33)],
    ["fixed64, which it has not", fromBytes(0x09, 1, 2, 3, 4, 5, 6, 7, 8)],
  ])("%s is unusable: no retry, and no look at the headers", (_, value) => {
    expect(delayOf(retryInfo(value))).toBe("unusable");
    expect(delayOf(retryInfo(value, { debug: { retryDelay: "3s" } }))).toBe("unusable");
  });

  it("a negative delay is longer than any deadline, never a short one", () => {
    const minusOne = [...Array<number>(9).fill(0xff), 0x01];
    const delay = delayOf(retryInfo(fromBytes(0x0a, 11, 0x08, ...minusOne)));
    expect(delay === "unusable" || (typeof delay === "number" && delay > 1e9)).toBe(true);
  });

  it("only its own detail counts", () => {
    expect(delayOf()).toBeUndefined();
    expect(delayOf({ type: "google.rpc.ErrorInfo", value: fromBytes(0x0a, 2, 0x08, 3) })).toBeUndefined();
    expect(delayOf(null, 5, "x", [], { value: "x" })).toBeUndefined();
    expect(parseConnectError({ code: "unavailable", details: "x" })?.retryDelayMs).toBeUndefined();
  });

  it("any bytes: a positive number or unusable, never an exception", () => {
    const value = fc.oneof(
      fc.uint8Array({ maxLength: 24 }).map((bytes) => Buffer.from(bytes).toString("base64")),
      anyText(12),
    );
    fc.assert(
      fc.property(value, (text) => {
        const delay = delayOf(retryInfo(text));
        return delay === "unusable" || (typeof delay === "number" && delay > 0);
      }),
      { numRuns: numRuns(2000) },
    );
  });
});
