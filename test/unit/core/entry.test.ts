// The form of cache files and local logins: damaged in any way they are absent, never an exception, and never the
// entry of another key.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { beginsLikeEntry, decodeEntry, encodeEntry, entryKey } from "../../../src/core/entry.ts";
import { FAILURE_CODES, Failure } from "../../../src/core/failures.ts";
import {
  type AnswerEntry,
  answerFields,
  failureFields,
  parseAnswerEntry,
  parseFailureEntry,
  parseHistoryEntry,
  parseListEntry,
  toRememberedFailure,
} from "../../../src/core/platform-entries.ts";
import { Secret } from "../../../src/core/secret.ts";
import { anyText, numRuns } from "./runs.ts";

const KEY = "answer\nhttps://ona.example/api\ne1\nghcr.io";
const fields = {
  atMs: 1_800_000_000_000,
  kind: "credential",
  username: "dëmo",
  secret: 'p"a\\ss\u2028',
  ref: "r",
  outcomes: [],
};
const text = encodeEntry(KEY, fields);

it("round-trips", () => {
  expect(decodeEntry(text, KEY)).toEqual({ v: 1, key: KEY, ...fields });
});

describe("absent", () => {
  it.each<[string, string, string?]>([
    ["another key", text, `${KEY}x`],
    ["a key in another case", text, KEY.toUpperCase()],
    ["no key asked for", text, ""],
    ["another version", text.replace('"v":1', '"v":2')],
    ["no version", text.replace('"v":1,', "")],
    ["a version as text", text.replace('"v":1', '"v":"1"')],
    ["no time", text.replace('"atMs":1800000000000,', "")],
    ["a time as text", text.replace("1800000000000", '"1800000000000"')],
    ["an infinite time", text.replace("1800000000000", "1e999")],
    ["no time but null", text.replace("1800000000000", "null")],
    ["nothing", ""],
    ["a list", `[${text}]`],
    ["null", "null"],
    ["two entries", text + text],
    ["a byte-order mark", `\uFEFF${text}`],
    ["NUL bytes", "\0".repeat(text.length)],
  ])("%s", (_, content, key = KEY) => expect(decodeEntry(content, key)).toBeUndefined());

  it("cut at every offset", () => {
    for (let length = 0; length < text.length; length += 1) {
      expect(decodeEntry(text.slice(0, length), KEY), `${length}`).toBeUndefined();
      expect(decodeEntry(text.slice(length + 1), KEY), `-${length}`).toBeUndefined();
    }
  });
});

describe("the key of any whole entry", () => {
  it("is what it was written with", () => {
    expect(entryKey(text)).toBe(KEY);
  });

  it.each([
    ["a cut entry", text.slice(0, -1)],
    ["a key that is no text", text.replace(JSON.stringify(KEY), "5")],
    ["no key", `{"v":1,"atMs":5}`],
    ["no time", `{"v":1,"key":"k"}`],
    ["another version", text.replace('"v":1', '"v":2')],
    ["a list", "[]"],
    ["null", "null"],
    ["nothing", ""],
  ])("%s has none", (_, content) => {
    expect(entryKey(content)).toBeUndefined();
  });
});

it("whatever is left of an entry that was cut off begins like one", () => {
  for (let length = 0; length <= text.length; length += 1) {
    expect(beginsLikeEntry(text.slice(0, length)), `${length}`).toBe(true);
  }
});

it.each([
  ["a blank", " "],
  ["another object", '{"auths":{}}'],
  ["another version", '{"v":2,"key":"k","atMs":5}'],
  ["a key that is no text", '{"v":1,"key":5,"atMs":5}'],
  ["an entry behind a blank", ` ${text}`],
  ["one character that differs", '{"v":1,"kex'],
])("does not begin like an entry: %s", (_, content) => {
  expect(beginsLikeEntry(content)).toBe(false);
});

it("every single bit flipped: absent, or of the same key, and nothing is thrown on the way to an answer", () => {
  const bytes = Buffer.from(text);
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const damaged = Buffer.from(bytes);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const entry = decodeEntry(damaged.toString("utf8"), KEY);
    if (entry === undefined) continue;
    expect(entry.key).toBe(KEY);
    parseAnswerEntry(entry);
  }
});

it("an entry never answers for another key, whatever the two keys are", () => {
  fc.assert(
    fc.property(anyText(30), anyText(30), fc.dictionary(anyText(6), fc.jsonValue()), (one, other, more) => {
      const entry = decodeEntry(encodeEntry(one, { ...more, atMs: 1 }), other);
      const overwritten = "key" in more || "v" in more;
      return overwritten || (entry !== undefined) === (one === other);
    }),
    { numRuns: numRuns(1000) },
  );
});

describe("answers", () => {
  const credential = { username: "u", secret: new Secret("p") };
  const outcome = { ref: "r", revision: "s", outcome: "explicit", readAtMs: 1 } as const;
  const answer: AnswerEntry = {
    atMs: 5,
    kind: "credential",
    credential,
    ref: "r",
    verbatim: true,
    outcomes: [outcome],
  };
  const reread = (entry: AnswerEntry) =>
    parseAnswerEntry(decodeEntry(encodeEntry("k", answerFields(entry)), "k"));

  it.each<[string, AnswerEntry]>([
    ["a credential", answer],
    ["native", { ...answer, kind: "native", credential: undefined }],
    ["none", { ...answer, kind: "none", credential: undefined, ref: "", outcomes: [] }],
    ["erased", { ...answer, kind: "erased", credential: undefined, ref: "" }],
    ["not verbatim", { ...answer, verbatim: false }],
  ])("%s round-trips", (_, entry) => {
    const again = reread(entry);
    expect(again?.credential?.secret.expose()).toBe(entry.credential?.secret.expose());
    expect(JSON.parse(JSON.stringify(again))).toEqual(JSON.parse(JSON.stringify(entry)));
  });

  const stored = { ...JSON.parse(encodeEntry("k", answerFields(answer))) } as Record<string, unknown>;

  it.each<[string, object]>([
    ["no reference", { ref: undefined }],
    ["no outcomes", { outcomes: undefined }],
    ["outcomes of the wrong type", { outcomes: {} }],
    ["an unknown kind", { kind: "maybe" }],
    ["no kind", { kind: undefined }],
    ["no user", { username: undefined }],
    ["no secret", { secret: undefined }],
    ["a number as secret", { secret: 5 }],
    ["a time as text", { atMs: "5" }],
  ])("%s: absent", (_, change) => {
    expect(parseAnswerEntry(stored)).toBeDefined();
    expect(parseAnswerEntry({ ...stored, ...change })).toBeUndefined();
  });

  it("outcomes that do not fit are dropped, so that the value is read again", () => {
    const odd = [
      null,
      5,
      { ...outcome, outcome: "yes" },
      { ...outcome, revision: 5 },
      { ...outcome, readAtMs: "1" },
    ];
    expect(parseAnswerEntry({ ...stored, outcomes: [...odd, outcome] })?.outcomes).toEqual([outcome]);
  });

  it("verbatim is only what says so: anything else is never served stale", () => {
    for (const verbatim of [undefined, "true", 1, null]) {
      expect(parseAnswerEntry({ ...stored, verbatim })?.verbatim).toBe(false);
    }
  });
});

describe("lists, failures and histories", () => {
  const candidate = {
    id: "i",
    ref: "r",
    name: "n",
    scope: "user",
    revision: "s",
    verbatim: true,
    registry: "ghcr.io",
  };

  it.each<[string, unknown, boolean]>([
    ["a candidate", [candidate], true],
    ["one without scope", [{ ...candidate, scope: undefined }], true],
    ["none", [], true],
    ["no list", {}, false],
    ["a candidate without reference", [{ ...candidate, ref: undefined }], false],
    ["a number as registry", [{ ...candidate, registry: 5 }], false],
    ["a scope of the wrong type", [{ ...candidate, scope: 5 }], false],
    ["verbatim of the wrong type", [{ ...candidate, verbatim: "yes" }], false],
    ["null among them", [candidate, null], false],
  ])("a list with %s", (_, candidates, isRight) => {
    expect(parseListEntry({ atMs: 1, candidates, skipped: [{ name: "x" }] }) !== undefined).toBe(isRight);
  });

  it("a list with odd skipped ones is absent", () => {
    for (const skipped of [undefined, {}, [5], [{}]]) {
      expect(parseListEntry({ atMs: 1, candidates: [], skipped })).toBeUndefined();
    }
  });

  it.each(FAILURE_CODES)("the failure %s round-trips", (code) => {
    for (const options of [{}, { hint: "try again" }]) {
      const entry = parseFailureEntry(
        JSON.parse(JSON.stringify(failureFields(7, new Failure(code, "m", options), 1234))),
      );
      const failure = entry === undefined ? undefined : toRememberedFailure(entry, 7006);
      expect([failure?.code, failure?.message, failure?.hint, entry?.grantedMs]).toEqual([
        code,
        "m (remembered, asked 7 s ago)",
        options.hint,
        1234,
      ]);
    }
  });

  it("a failure with an unknown code is absent", () => {
    expect(parseFailureEntry({ atMs: 1, message: "m", code: "nonsense" })).toBeUndefined();
    expect(parseFailureEntry({ atMs: 1, code: "deadline" })).toBeUndefined();
  });

  it("a history keeps the hashes that are texts", () => {
    expect(parseHistoryEntry({ atMs: 1, hashes: ["a", 5, null, "b"] })?.hashes).toEqual(["a", "b"]);
    expect(parseHistoryEntry({ atMs: 1, hashes: "a" })).toBeUndefined();
  });

  it("random content: never an exception", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const parse of [parseAnswerEntry, parseListEntry, parseFailureEntry, parseHistoryEntry])
          parse(value);
        const inner = typeof value === "object" ? value : {};
        for (const parse of [parseAnswerEntry, parseListEntry])
          parse({ atMs: 1, ref: "", outcomes: [inner], candidates: [inner], skipped: [] });
      }),
      { numRuns: numRuns(500) },
    );
  });
});
