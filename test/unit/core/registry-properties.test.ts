// Properties of the registry grammar over generated hosts. The oracles below are written from the contract and
// share no code with the parser; a host they do not name must never count as a cloud's.

import { isIPv6 } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { acceptedHosts, rejectedHosts } from "../../../fixtures/hosts/table.ts";
import { recognizeCloud } from "../../../src/core/clouds/clouds.ts";
import { parseRegistry } from "../../../src/core/registry.ts";

const numRuns = Number(process.env.ONA_TEST_RUNS ?? 10_000);

const cloudHosts = acceptedHosts
  .filter((row) => ["ecr", "ecr-public", "gar"].includes(row.kind))
  .map((row) => row.canonical);
const everyHost = [...acceptedHosts.map((row) => row.input), ...rejectedHosts.map((row) => row.input)];

const hostile = [..."abzAZ059-_.:/\\@%?#[] \t\n\r\0\u200b。．ａſK\u0130", "://", "..", "443", "evil."];

/** One edit: a piece put in, taken out, replaced, or two neighbours swapped. */
const oneEdit = (hosts: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom(...hosts),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom("insert", "delete", "replace", "swap", "repeat", "upper"),
      fc.oneof(fc.constantFrom(...hostile), fc.string({ minLength: 1, maxLength: 1, unit: "binary" })),
    )
    .map(([host, where, edit, piece]) => edited(host, Math.floor(where * (host.length + 1)), edit, piece));

function edited(host: string, at: number, edit: string, piece: string): string {
  const [before, here, after] = [host.slice(0, at), host.slice(at, at + 1), host.slice(at + 1)];
  switch (edit) {
    case "insert":
      return before + piece + here + after;
    case "delete":
      return before + after;
    case "replace":
      return before + piece + after;
    case "swap":
      return before + after.slice(0, 1) + here + after.slice(1);
    case "repeat":
      return before + here + here + after;
    default:
      return before + here.toUpperCase() + after;
  }
}

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom(...hostile), maxLength: 30 }),
  fc.constantFrom(...everyHost),
  oneEdit(everyHost),
  fc.webUrl({ withQueryParameters: true, withFragments: true }),
  fc
    .tuple(fc.constantFrom("", "https://", "//", "HTTPS://"), fc.domain(), fc.nat(70_000))
    .map(([s, d, p]) => `${s}${d}:${p}`),
);

const area = "[a-z]{2,}(?:-[a-z]+){1,2}-[1-9][0-9]?";
const foreign = "(?!fips-|cn-|eusc-|us-iso-|us-isob-|eu-isoe-|us-isof-)";
const ecr = String.raw`[0-9]{12}\.dkr\.ecr(?:-fips)?\.`;
const ecrDual = String.raw`[0-9]{12}\.dkr-ecr(?:-fips)?\.`;
const location = "[a-z0-9]+(?:-[a-z0-9]+)*";
/** Every host of the contract's cloud table, and no other. */
const cloudOracle = new RegExp(
  `^(?:${[
    `${ecr}${foreign}${area}\\.amazonaws\\.com`,
    `${ecr}(?=cn-)${area}\\.amazonaws\\.com\\.cn`,
    `${ecr}(?=eusc-)${area}\\.amazonaws\\.eu`,
    `${ecr}(?=us-iso-)${area}\\.c2s\\.ic\\.gov`,
    `${ecr}(?=us-isob-)${area}\\.sc2s\\.sgov\\.gov`,
    `${ecr}(?=eu-isoe-)${area}\\.cloud\\.adc-e\\.uk`,
    `${ecr}(?=us-isof-)${area}\\.csp\\.hci\\.ic\\.gov`,
    `${ecrDual}${foreign}${area}\\.on\\.aws`,
    `${ecrDual}(?=cn-)${area}\\.on\\.amazonwebservices\\.com\\.cn`,
    "public\\.ecr\\.aws",
    "ecr-public\\.aws\\.com",
    "gcr\\.io",
    "[a-z0-9_-]+\\.gcr\\.io",
    `${location}-docker\\.pkg\\.dev`,
    `docker\\.${location}\\.rep\\.pkg\\.dev`,
  ].join("|")})$`,
);

/** What the contract allows to differ between a text and its registry: scheme, path, query, case, dot, port 443. */
function plainOracle(text: string): string {
  const authority = text.replace(/^(?:https:\/\/|\/\/)/i, "").replace(/[/?].*$/s, "");
  const folded = authority.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return urlForm(folded.replace(/:443$/, "").replace(/\.(?=(?::[0-9]+)?$)/, ""));
}

/** An IPv6 address as the URL standard serialises it: one form for every spelling. */
function urlForm(host: string): string {
  const address = /^\[(.*)\]/.exec(host)?.[1] ?? "";
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname + host.slice(address.length + 2) : host;
}

const hubHosts = ["docker.io", "index.docker.io", "registry-1.docker.io"];

describe("any text", () => {
  it("that names a registry names one whose key means itself", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const ref = parseRegistry(text);
        if (ref !== undefined) expect(parseRegistry(ref.key)).toEqual(ref);
      }),
      { numRuns },
    );
  });

  it("differs from its key only by what the contract drops", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const ref = parseRegistry(text);
        if (ref === undefined || ref.kind === "opaque") return;
        const expected = plainOracle(text);
        expect(urlForm(ref.key)).toBe(hubHosts.includes(expected) ? "docker.io" : expected);
        expect(ref.key).toMatch(/^(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[1-9][0-9]{0,4})?$/);
        expect(ref.key).not.toMatch(/\.\.|^\.|\.$|\.:|:443$/);
      }),
      { numRuns },
    );
  });

  it("is a cloud's only if the contract's table names it", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const ref = parseRegistry(text);
        if (ref !== undefined && recognizeCloud(ref) !== undefined) expect(ref.key).toMatch(cloudOracle);
      }),
      { numRuns },
    );
  });
});

describe("a cloud's host after one edit", () => {
  it("is a cloud's exactly if the contract's table names what came out", () => {
    fc.assert(
      fc.property(oneEdit(cloudHosts), (text) => {
        const ref = parseRegistry(text);
        const recognised = ref !== undefined && recognizeCloud(ref) !== undefined;
        expect(recognised).toBe(ref !== undefined && cloudOracle.test(ref.key));
      }),
      { numRuns },
    );
  });

  it("keeps nothing of another registry's account, region or partition", () => {
    fc.assert(
      fc.property(oneEdit(cloudHosts), (text) => {
        const ref = parseRegistry(text);
        const cloud = ref && recognizeCloud(ref);
        if (ref === undefined || cloud?.kind !== "ecr") return;
        expect(ref.key.startsWith(`${cloud.account}.dkr`)).toBe(true);
        expect(ref.key).toContain(`.${cloud.region}.`);
        expect(ref.key.includes("-fips.")).toBe(cloud.fips);
        expect(ref.key.includes(".dkr-ecr")).toBe(cloud.dualStack);
      }),
      { numRuns },
    );
  });
});

describe("two texts", () => {
  it("that differ in more than the contract drops are two registries", () => {
    fc.assert(
      fc.property(fc.constantFrom(...everyHost), oneEdit(everyHost), (one, other) => {
        const [a, b] = [parseRegistry(one), parseRegistry(other)];
        if (a === undefined || b === undefined || a.kind === "opaque" || b.kind === "opaque") return;
        const same = plainOracle(one) === plainOracle(other);
        const bothHub = [one, other].every((text) => hubHosts.includes(plainOracle(text)));
        expect(a.key === b.key).toBe(same || bothHub);
      }),
      { numRuns },
    );
  });
});

describe("IPv6", () => {
  const group = fc.oneof(fc.constant(0), fc.nat(0xf), fc.nat(0xffff));
  const groups = fc.array(group, { minLength: 8, maxLength: 8 });
  /** The same address in another spelling: leading zeros, capitals, another gap, a tail. */
  const spelling = fc.tuple(groups, fc.nat(7), fc.boolean(), fc.boolean(), fc.nat(4));
  const written = ([numbers, at, tail, upper, width]: [
    number[],
    number,
    boolean,
    boolean,
    number,
  ]): string => {
    const parts = numbers.map((number) => number.toString(16).padStart(width, "0"));
    const [high = 0, low = 0] = numbers.slice(6);
    if (tail) parts.splice(6, 2, `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`);
    const zero = numbers[at] === 0 && at < (tail ? 6 : 8);
    const text = zero ? `${parts.slice(0, at).join(":")}::${parts.slice(at + 1).join(":")}` : parts.join(":");
    return upper ? text.toUpperCase() : text;
  };
  /** The URL standard's serialisation; it has no form of its own for IPv4-mapped addresses. */
  const byUrl = (address: string): string => new URL(`http://[${address}]`).hostname;

  it("every spelling of an address is one registry, in the canonical form", () => {
    fc.assert(
      fc.property(spelling, (form) => {
        const address = written(form);
        const key = parseRegistry(`[${address}]`)?.key ?? "refused";
        expect(isIPv6(address)).toBe(true);
        expect(byUrl(key.slice(1, -1))).toBe(byUrl(address));
        expect(parseRegistry(key)?.key).toBe(key);
        if (!key.startsWith("[::ffff:")) expect(key).toBe(byUrl(address));
      }),
      { numRuns },
    );
  });

  it("what node:net refuses is refused", () => {
    const text = fc.string({ unit: fc.constantFrom(..."01f:.%F9"), maxLength: 20 });
    fc.assert(
      fc.property(text, (address) => {
        const taken = parseRegistry(`[${address}]`) !== undefined;
        return taken === (isIPv6(address) && !address.includes("%"));
      }),
      { numRuns },
    );
  });
});
