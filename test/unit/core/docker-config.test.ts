// What becomes of a Docker or containers auth file when registries are given to us or taken back.

import { describe, expect, it } from "vitest";
import {
  type Change,
  changeDockerFile,
  NOTHING_OWNED,
  type Owned,
  type Wish,
  withoutLogins,
} from "../../../src/core/docker-config.ts";
import { readDockerFile } from "../../../src/core/docker-file.ts";
import { parseRegistry, type RegistryRef } from "../../../src/core/registry.ts";

const ref = (text: string): RegistryRef => {
  const parsed = parseRegistry(text);
  if (parsed === undefined) throw new Error(`no registry: ${text}`);
  return parsed;
};
const auth = (pair: string): string => Buffer.from(pair).toString("base64");
const HUB = "https://index.docker.io/v1/";
const PLATFORM = "demo-user:demo-password";

interface Case {
  readonly wanted?: readonly string[];
  readonly owned?: Owned;
  readonly keep?: boolean;
  readonly helper?: string;
}

function change(
  text: string,
  { wanted = [], owned = NOTHING_OWNED, keep = false, helper = "ona" }: Case,
): Change {
  const wish: Wish = {
    registries: wanted.map(ref),
    isGone: () => !keep,
    isPlatforms: ({ credential }) =>
      !keep && `${credential?.username}:${credential?.secret.expose()}` === PLATFORM,
    helper,
    helperNames: [...new Set(["ona", helper])],
    owned,
  };
  return changeDockerFile(text, wish);
}

const owns = (keys: readonly string[], madeHelpers = false): Owned => ({
  keys: Object.fromEntries(keys.map((key) => [key, "ona"])),
  madeHelpers,
});
const docker = (fields: object): string => JSON.stringify(fields, undefined, "\t");

describe("adding", () => {
  it("an empty file, and one of white space, become what Docker would write", () => {
    for (const text of ["", " \n", "{}"]) {
      const { text: after, owned } = change(text, { wanted: ["ghcr.io"] });
      expect(after).toBe('{\n\t"credHelpers": {\n\t\t"ghcr.io": "ona"\n\t}\n}');
      expect(owned).toEqual(owns(["ghcr.io"], true));
    }
  });

  it("Docker Hub stands under the keys of Docker and of Podman; a port is part of a key", () => {
    const { text, owned } = change("{}", {
      wanted: ["registry-1.docker.io", "localhost:5000", "[::1]:5000"],
    });
    const keys = ["[::1]:5000", "docker.io", HUB, "localhost:5000"];
    expect(Object.keys(JSON.parse(text).credHelpers)).toEqual(keys);
    expect(Object.keys(owned.keys).toSorted()).toEqual(keys.toSorted());
  });

  it("what is not ours survives byte for byte", () => {
    const rest =
      '"n": 12345678901234567890123, "e":1e999,  "z": "\\u00e9\\/",\n\n "HttpHeaders": {"X": [1,2 ]}';
    const text = `{ ${rest}, "credHelpers": { "gcr.io": "gcloud" }\n}\n\n`;
    expect(change(text, { wanted: ["ghcr.io"] }).text).toBe(
      `{ ${rest}, "credHelpers": { "gcr.io": "gcloud", "ghcr.io": "ona" }\n}\n\n`,
    );
  });

  it("a credHelpers of null is none", () => {
    const { text, owned } = change('{"credHelpers":null,"a":1}', { wanted: ["ghcr.io"] });
    expect(text).toBe('{"credHelpers":{"ghcr.io":"ona"},"a":1}');
    expect(owned).toEqual(owns(["ghcr.io"]));
  });

  it("an entry that is there already is nobody's addition", () => {
    const text = docker({ credHelpers: { "ghcr.io": "ona" } });
    const result = change(text, { wanted: ["ghcr.io"] });
    expect(result).toMatchObject({ text, owned: NOTHING_OWNED });
    expect(result.registries).toMatchObject([{ registry: "ghcr.io", action: "unchanged" }]);
  });

  it("a key of another spelling is another key: Docker compares them letter by letter", () => {
    const text = docker({
      credHelpers: { "GHCR.io": "ona", "https://ghcr.io": "other", "ghcr.io:443": "other" },
    });
    const result = change(text, { wanted: ["ghcr.io"] });
    expect(JSON.parse(result.text).credHelpers).toMatchObject({
      "ghcr.io": "ona",
      "https://ghcr.io": "other",
    });
  });

  it("a second time there is nothing to do, and the text is the very same", () => {
    const first = change('{"auths":{}}', { wanted: ["ghcr.io", "docker.io"] });
    const second = change(first.text, { wanted: ["ghcr.io", "docker.io"], owned: first.owned });
    expect(second.text).toBe(first.text);
    expect(second.owned).toEqual(first.owned);
    expect(second.registries.map(({ action }) => action)).toEqual(["unchanged", "unchanged"]);
  });

  it("an entry that Docker or somebody dropped comes again", () => {
    const { text } = change("{}", { wanted: ["ghcr.io"], owned: owns(["ghcr.io"], true) });
    expect(JSON.parse(text)).toEqual({ credHelpers: { "ghcr.io": "ona" } });
  });

  it("under another name of this program our entries follow, and others' stay", () => {
    const text = docker({ credHelpers: { "a.test": "ona", "b.test": "ona" } });
    const result = change(text, { wanted: ["a.test", "b.test"], owned: owns(["a.test"]), helper: "ona-dev" });
    expect(JSON.parse(result.text).credHelpers).toEqual({ "a.test": "ona-dev", "b.test": "ona" });
    expect(result.owned.keys).toEqual({ "a.test": "ona-dev" });
    const back = change(result.text, { wanted: ["a.test"], owned: result.owned });
    expect(JSON.parse(back.text).credHelpers).toEqual({ "a.test": "ona", "b.test": "ona" });
  });
});

describe("another helper's entry", () => {
  it("is kept and named, and its registry is not given to us", () => {
    const text = docker({ credHelpers: { "ghcr.io": "desktop" } });
    const result = change(text, { wanted: ["ghcr.io"] });
    expect(result).toMatchObject({ text, owned: NOTHING_OWNED });
    expect(result.registries).toMatchObject([{ action: "kept", otherHelpers: { "ghcr.io": "desktop" } }]);
  });

  it("at one of two spellings of Docker Hub: the other one is added, the login beside them stays", () => {
    const text = docker({
      credHelpers: { "docker.io": "desktop" },
      auths: { [HUB]: { auth: auth(PLATFORM) } },
    });
    const result = change(text, { wanted: ["docker.io"] });
    expect(JSON.parse(result.text)).toEqual({
      credHelpers: { "docker.io": "desktop", [HUB]: "ona" },
      auths: { [HUB]: { auth: auth(PLATFORM) } },
    });
    expect(result.registries).toMatchObject([
      { action: "added", otherHelpers: { "docker.io": "desktop" }, removedLogins: [], hiddenLogins: [HUB] },
    ]);
  });

  it("put in the place of ours is not ours any more", () => {
    const text = docker({ credHelpers: { "ghcr.io": "pass" } });
    expect(change(text, { wanted: ["ghcr.io"], owned: owns(["ghcr.io"]) })).toMatchObject({
      text,
      owned: NOTHING_OWNED,
    });
    expect(change(text, { owned: owns(["ghcr.io"]) })).toMatchObject({ text, owned: NOTHING_OWNED });
  });

  it("that is no text counts as another's too", () => {
    const text = docker({ credHelpers: { "ghcr.io": null, "b.test": ["ona"] } });
    expect(change(text, { wanted: ["ghcr.io", "b.test"] }).text).toBe(text);
  });
});

describe("removing", () => {
  const text = docker({ a: 1, credHelpers: { "ghcr.io": "ona", "own.test": "ona", "gcr.io": "gcloud" } });

  it("entries of ours that are gone go, whoever else's stay", () => {
    const result = change(text, { wanted: [], owned: owns(["ghcr.io"]) });
    expect(JSON.parse(result.text).credHelpers).toEqual({ "own.test": "ona", "gcr.io": "gcloud" });
    expect(result.registries).toMatchObject([{ registry: "ghcr.io", action: "removed", keys: ["ghcr.io"] }]);
    expect(result.owned).toEqual(NOTHING_OWNED);
  });

  it("nothing goes while nobody knows", () => {
    const result = change(text, { wanted: ["own.test"], owned: owns(["ghcr.io"]), keep: true });
    expect(result).toMatchObject({ text, owned: owns(["ghcr.io"]) });
  });

  it("both keys of Docker Hub go in one row", () => {
    const hub = docker({ credHelpers: { "docker.io": "ona", [HUB]: "ona" } });
    const result = change(hub, { owned: owns(["docker.io", HUB]) });
    expect(result.registries).toMatchObject([
      { registry: "docker.io", action: "removed", keys: ["docker.io", HUB] },
    ]);
  });

  it.each<[string, string]>([
    ["Docker's layout", docker({ auths: { "x.test": {} }, credsStore: "desktop" })],
    ["one line", '{"a":1}'],
    ["an empty credHelpers", '{\n  "credHelpers": {},\n  "a": 1\n}'],
    ["credHelpers of others", '{"credHelpers": {"gcr.io": "gcloud"}}'],
    ["nothing in it", "{}"],
  ])("added and taken out again, every byte is as before: %s", (_, before) => {
    const there = change(before, { wanted: ["ghcr.io", "docker.io"] });
    expect(there.text).not.toBe(before);
    const back = change(there.text, { owned: there.owned });
    expect(back).toMatchObject({ text: before, owned: NOTHING_OWNED });
  });

  it("a credHelpers that we made and somebody else uses by now stays", () => {
    const there = change("{}", { wanted: ["ghcr.io"] });
    const shared = there.text.replace('"ona"', '"ona",\n"gcr.io": "gcloud"');
    const back = change(shared, { owned: there.owned });
    expect(JSON.parse(back.text)).toEqual({ credHelpers: { "gcr.io": "gcloud" } });
  });

  it("one goes while another comes", () => {
    const there = change("{}", { wanted: ["a.test"] });
    const next = change(there.text, { wanted: ["b.test"], owned: there.owned });
    expect(JSON.parse(next.text)).toEqual({ credHelpers: { "b.test": "ona" } });
    expect(next.owned).toEqual(owns(["b.test"], true));
  });
});

describe("logins in auths", () => {
  const logins = (auths: object, more: Case = {}): Change =>
    change(docker({ auths }), { wanted: ["ghcr.io", "docker.io"], ...more });
  const own = { auth: auth(PLATFORM) };

  it.each<[string, object]>([
    ["as Docker writes it", { auth: auth(PLATFORM) }],
    ["with an address of mail", { auth: auth(PLATFORM), email: "a@b.test" }],
    ["in two fields", { username: "demo-user", password: "demo-password" }],
    ["in three", { auth: auth(PLATFORM), username: "demo-user", password: "demo-password" }],
    ["with NUL bytes at its end, as old Docker wrote", { auth: auth(`${PLATFORM}\0\0`) }],
    ["with empty tokens", { auth: auth(PLATFORM), identitytoken: "", registrytoken: "" }],
  ])("the platform's own goes: %s", (_, entry) => {
    const result = logins({ "ghcr.io": entry, "x.test": entry });
    expect(JSON.parse(result.text).auths).toEqual({ "x.test": entry });
    expect(result.registries.find(({ registry }) => registry === "ghcr.io")).toMatchObject({
      removedLogins: ["ghcr.io"],
      hiddenLogins: [],
    });
  });

  it.each<[string, object]>([
    ["another password", { auth: auth("demo-user:other") }],
    ["another user", { auth: auth("me:demo-password") }],
    ["no base64", { auth: "demo-user:demo-password" }],
    ["no colon", { auth: auth("demo-user") }],
    ["no UTF-8", { auth: Buffer.from([0xff, 0x3a, 0x61]).toString("base64") }],
    ["an identity token", { auth: auth("demo-user:"), identitytoken: "demo-password" }],
    ["an identity token beside the password", { ...own, identitytoken: "t" }],
    ["a registry token", { ...own, registrytoken: "t" }],
    ["two passwords", { ...own, password: "other" }],
    ["two users", { ...own, username: "me" }],
  ])("anything else is kept and named: %s", (_, entry) => {
    const before = { "ghcr.io": entry };
    const result = logins(before);
    expect(JSON.parse(result.text).auths).toEqual(before);
    expect(result.registries.find(({ registry }) => registry === "ghcr.io")).toMatchObject({
      removedLogins: [],
      hiddenLogins: ["ghcr.io"],
    });
  });

  it.each<[string, unknown]>([
    ["Docker's mark for a login that a helper keeps", {}],
    ["only an address of mail", { auth: "", email: "a@b.test" }],
    ["null", null],
    ["a text", "x"],
  ])("what holds no login is neither: %s", (_, entry) => {
    const result = logins({ "ghcr.io": entry });
    expect(JSON.parse(result.text).auths).toEqual({ "ghcr.io": entry });
    expect(result.registries.every(({ hiddenLogins }) => hiddenLogins.length === 0)).toBe(true);
  });

  it.each([
    "ghcr.io",
    "https://ghcr.io",
    "https://ghcr.io/v2/",
    "GHCR.io",
    "ghcr.io:443",
    "http://ghcr.io",
    "ghcr.io/team",
  ])("it is found under the spelling %s", (key) => {
    expect(JSON.parse(logins({ [key]: own }).text).auths).toEqual({});
  });

  it.each([
    `${HUB}access-token`,
    `${HUB}refresh-token`,
    "ghcr.io.evil.test",
    "evil-ghcr.io",
    "user@ghcr.io",
    "ghcr.io:8443",
  ])("%s is another registry's or nobody's", (key) => {
    const result = logins({ [key]: own });
    expect(JSON.parse(result.text).auths).toEqual({ [key]: own });
    expect(result.registries.every(({ hiddenLogins }) => hiddenLogins.length === 0)).toBe(true);
  });

  it("of registries that are not ours, of another helper's, and while nobody knows: it stays", () => {
    const auths = { "ghcr.io": own };
    expect(JSON.parse(change(docker({ auths }), {}).text).auths).toEqual(auths);
    const kept = change(docker({ auths, credHelpers: { "ghcr.io": "pass" } }), { wanted: ["ghcr.io"] });
    expect(JSON.parse(kept.text).auths).toEqual(auths);
    expect(kept.registries).toMatchObject([{ removedLogins: [], hiddenLogins: [] }]);
    expect(JSON.parse(logins(auths, { keep: true }).text).auths).toEqual(auths);
  });

  it("a file where nothing else changes loses the login all the same", () => {
    const text = docker({ auths: { "ghcr.io": own }, credHelpers: { "ghcr.io": "ona" } });
    const result = change(text, { wanted: ["ghcr.io"] });
    expect(JSON.parse(result.text)).toEqual({ auths: {}, credHelpers: { "ghcr.io": "ona" } });
  });

  it("auths that is no object is left alone", () => {
    expect(readDockerFile('{"auths":null}').logins).toEqual([]);
  });

  it("taking logins out of another text, as of a backup, touches nothing else", () => {
    expect(withoutLogins('{"auths":{"a":{},"b":{}},"n":1e999}', (key) => key === "a")).toBe(
      '{"auths":{"b":{}},"n":1e999}',
    );
    expect(withoutLogins("", () => true)).toBe("");
  });
});

describe("a field by another spelling, or there twice, is the field that Docker reads", () => {
  it.each<[string, string, string]>([
    [
      "ours go where every reader looks",
      '{"CREDHELPERS":{"a.test":"x"}}',
      '{"CREDHELPERS":{"a.test":"x"},"credHelpers":{"ghcr.io":"ona"}}',
    ],
    [
      "also beside one by the name itself",
      '{"credHelpers":{"a.test":"x"},"CredHelpers":{"b.test":"y"}}',
      '{"credHelpers":{"a.test":"x","ghcr.io":"ona"},"CredHelpers":{"b.test":"y"}}',
    ],
    [
      "into the later of two",
      '{"credHelpers":{"a.test":"x"},"credHelpers":{}}',
      '{"credHelpers":{"a.test":"x"},"credHelpers":{"ghcr.io":"ona"}}',
    ],
    [
      "behind a null that takes everything away",
      '{"credHelpers":{"a.test":"x"},"credhelpers":null}',
      '{"credHelpers":{"a.test":"x"},"credhelpers":null,"credHelpers":{"ghcr.io":"ona"}}',
    ],
    [
      "in the place of a null by the name itself",
      '{"credHelpers":null,"credhelpers":{"a.test":"x"}}',
      '{"credHelpers":{"ghcr.io":"ona"},"credhelpers":{"a.test":"x"}}',
    ],
    [
      "behind a null by the name itself, where it takes others away",
      '{"CREDHELPERS":{"a.test":"x"},"credHelpers":null}',
      '{"CREDHELPERS":{"a.test":"x"},"credHelpers":null,"credHelpers":{"ghcr.io":"ona"}}',
    ],
    [
      "also where it takes away its own name's",
      '{"credHelpers":{"a.test":"x"},"credHelpers":null}',
      '{"credHelpers":{"a.test":"x"},"credHelpers":null,"credHelpers":{"ghcr.io":"ona"}}',
    ],
  ])("%s, and go again", (_, text, expected) => {
    const done = change(text, { wanted: ["ghcr.io"] });
    expect(done.text).toBe(expected);
    expect(readDockerFile(done.text).helpers).toEqual(
      new Map([...readDockerFile(text).helpers, ["ghcr.io", "ona"]]),
    );
    const released = change(done.text, { owned: done.owned }).text;
    expect(released).toBe(text.replace('{"credHelpers":null', '{"credHelpers":{}'));
    expect(readDockerFile(released).helpers).toEqual(readDockerFile(text).helpers);
  });

  it.each<[string, string]>([
    ["in capitals", '{"CREDHELPERS":{"ghcr.io":"desktop"}}'],
    ["in small letters, later", '{"credHelpers":{},"credhelpers":{"ghcr.io":"desktop"}}'],
    ["with a long s", '{"credHelper\u017f":{"ghcr.io":"desktop"}}'],
    ["of two entries the later", '{"credHelpers":{"ghcr.io":"ona","ghcr.io":"desktop"}}'],
    ["of two fields the later", '{"credHelpers":{"ghcr.io":"ona"},"CREDHELPERS":{"ghcr.io":"desktop"}}'],
  ])("another helper's entry is kept: %s", (_, text) => {
    expect(change(text, { wanted: ["ghcr.io"] })).toMatchObject({
      text,
      registries: [{ action: "kept", otherHelpers: { "ghcr.io": "desktop" } }],
    });
  });

  it.each<[string, string, string]>([
    ["a field in capitals", `{"AUTHS":{"ghcr.io":{"auth":"${auth(PLATFORM)}"}}}`, '{"AUTHS":{}'],
    ["an entry's field in capitals", `{"auths":{"ghcr.io":{"Auth":"${auth(PLATFORM)}"}}}`, '{"auths":{}'],
    [
      "two of the name",
      `{"auths":{"a.test":{"auth":"eDp5"}},"auths":{"ghcr.io":{"auth":"${auth(PLATFORM)}"}}}`,
      '{"auths":{"a.test":{"auth":"eDp5"}},"auths":{}',
    ],
    [
      "twice, in two forms",
      `{"auths":{"ghcr.io":{"username":"demo-user","password":"demo-password"}},"Auths":{"ghcr.io":{"auth":"${auth(PLATFORM)}"}}}`,
      '{"auths":{},"Auths":{}',
    ],
    [
      "with Docker's mark before it",
      `{"auths":{"ghcr.io":{}},"Auths":{"ghcr.io":{"auth":"${auth(PLATFORM)}"}}}`,
      '{"auths":{},"Auths":{}',
    ],
  ])("the platform's login leaves: %s", (_, text, left) => {
    const { text: after, registries } = change(text, { wanted: ["ghcr.io"] });
    expect(registries).toMatchObject([{ removedLogins: ["ghcr.io"] }]);
    expect(after).toBe(`${left},"credHelpers":{"ghcr.io":"ona"}}`);
  });

  it.each<[string, string]>([
    ["in another field", `{"ghcr.io":{"auth":"eDp5"}},"Auths":{"ghcr.io":{"auth":"${auth(PLATFORM)}"}}`],
    ["in the same one", `{"ghcr.io":{"auth":"eDp5"},"ghcr.io":{"auth":"${auth(PLATFORM)}"}}`],
    [
      "before a null",
      `{"ghcr.io":{"auth":"eDp5"}},"auths":null,"auths":{"ghcr.io":{"auth":"${auth(PLATFORM)}"}}`,
    ],
    ["that is no pair", `{"ghcr.io":{"auth":"?"}},"Auths":{"ghcr.io":{"auth":"${auth(PLATFORM)}"}}`],
  ])("the platform's login stays, and is named, over somebody's own: %s", (_, auths) => {
    const { text: after, registries } = change(`{"auths":${auths}}`, { wanted: ["ghcr.io"] });
    expect(registries).toMatchObject([{ removedLogins: [], hiddenLogins: ["ghcr.io"] }]);
    expect(after).toBe(`{"auths":${auths},"credHelpers":{"ghcr.io":"ona"}}`);
  });

  it.each<[string, string, readonly string[]]>([
    ["null takes logins away", `{"auths":{"ghcr.io":{"auth":"eDp5"}},"AUTHS":null}`, []],
    ["a null field is none", '{"auths":{"ghcr.io":{"auth":"eDp5","auth":null}}}', ["x:y"]],
    ["a number for a field too", '{"auths":{"ghcr.io":{"auth":"eDp5","AUTH":5}}}', ["x:y"]],
    ["what is no text is none", '{"auths":{"ghcr.io":{"auth":5}}}', []],
    ["of two entries the later, whole", '{"auths":{"ghcr.io":{"auth":"eDp5"},"ghcr.io":{}}}', []],
    ["a key that JavaScript takes for itself", '{"auths":{"__proto__":{"auth":"eDp5"}}}', ["x:y"]],
  ])("logins: %s", (_, text, expected) => {
    const pairs = readDockerFile(text).logins.map(
      ({ credential }) => `${credential?.username}:${credential?.secret.expose()}`,
    );
    expect(pairs).toEqual(expected);
  });

  it("an entry of ours that a later one hides is taken out alone", () => {
    const text = '{"credHelpers":{"ghcr.io":"desktop","ghcr.io":"ona"}}';
    expect(change(text, { owned: owns(["ghcr.io"]) }).text).toBe('{"credHelpers":{"ghcr.io":"desktop"}}');
  });
});

describe("what Docker would refuse is refused", () => {
  it.each<[string, string, RegExp]>([
    ["comments", '{\n  // mine\n  "credHelpers": {}\n}', /line 2, column 3: comments/],
    ["a byte-order mark", '\ufeff{"credHelpers":{}}', /byte-order mark/],
    ["a list of helpers", '{"credHelpers":["ona"]}', /credHelpers is not an object/],
    ["a text for helpers", '{"credHelpers":"ona"}', /credHelpers is not an object/],
    ["a list of logins", '{"auths":[]}', /auths is not an object/],
    ["helpers of two kinds", '{"credHelpers":{},"CREDHELPERS":5}', /CREDHELPERS is not an object/],
    ["a list", "[]", /not a JSON object/],
  ])("%s", (_, text, message) => {
    expect(() => change(text, { wanted: ["ghcr.io"] })).toThrow(message);
  });
});
