// Addresses and ranges of NO_PROXY: a table of what people write, and properties in which Node's own parser and BlockList
// have the last word.

import { BlockList, isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inSubnet, parseIp } from "../../../src/core/ip-address.ts";
import { numRuns } from "./runs.ts";

const type = (family: number): "ipv4" | "ipv6" => (family === 4 ? "ipv4" : "ipv6");

function nodeInSubnet(host: string, network: string, prefix: number): boolean {
  const list = new BlockList();
  list.addSubnet(network, prefix, type(isIP(network)));
  return list.check(host, type(isIP(host)));
}

describe("a range", () => {
  it.each<[string, string, number, boolean]>([
    ["10.1.2.3", "10.0.0.0", 8, true],
    ["10.1.2.3", "10.1.2.3", 32, true],
    ["10.1.2.3", "0.0.0.0", 0, true],
    ["10.127.255.255", "10.64.0.0", 10, true],
    ["10.128.0.0", "10.64.0.0", 10, false],
    ["10.1.2.2", "10.1.2.3", 32, false],
    ["10.1.2.3", "10.0.0.0", 33, false],
    ["10.1.2.3", "10.1.2.3", 33, false],
    ["2001:db8::1", "2001:db8::1", 128, true],
    ["2001:db8::1", "2001:db8::1", 129, false],
    ["10.1.2.3", "10.0.0.0", -1, false],
    ["10.1.2.3", "10.0.0.0", Number.NaN, false],
    ["10.1.2.3", "10.0.0", 8, false],
    ["10.1.2.3", "010.0.0.0", 8, false],
    ["10.1.2.3", "::", 0, false],
    ["2001:db8::1", "2001:db8::", 32, true],
    ["2001:db8::1", "2001:db8::", 128, false],
    ["2001:db8:8000::1", "2001:db8:8000::", 33, true],
    ["2001:db8:7fff::1", "2001:db8:8000::", 33, false],
    ["2001:db8::1", "2001:db8::", 129, false],
    ["2001:db8::1", "0.0.0.0", 0, false],
    ["::ffff:10.1.2.3", "10.0.0.0", 8, true],
    ["::ffff:11.1.2.3", "10.0.0.0", 8, false],
    ["10.1.2.3", "::ffff:10.0.0.0", 104, true],
    ["10.1.2.3", "::ffff:11.0.0.0", 104, false],
    ["10.1.2.3", "::ffff:0:0", 96, true],
    ["10.1.2.3", "::ffff:0:0", 95, false],
    ["::10.1.2.3", "10.0.0.0", 8, false],
    ["1::ffff:a01:203", "10.0.0.0", 8, false],
    ["0:0:0:0:1:ffff:a01:203", "10.0.0.0", 8, false],
    ["::fffe:a01:203", "10.0.0.0", 8, false],
    ["a.example", "0.0.0.0", 0, false],
    ["", "0.0.0.0", 0, false],
    ["[::1]", "::", 0, false],
    ["fe80::1%eth0", "fe80::", 10, false],
  ])("%s in %s/%d: %s", (host, network, prefix, expected) => {
    expect(inSubnet(host, network, prefix)).toBe(expected);
  });
});

describe("an address", () => {
  it.each<[string, readonly number[]]>([
    ["1.2.3.4", [1, 2, 3, 4]],
    ["255.0.10.100", [255, 0, 10, 100]],
    ["::", [0, 0, 0, 0, 0, 0, 0, 0]],
    ["::1", [0, 0, 0, 0, 0, 0, 0, 1]],
    ["1::", [1, 0, 0, 0, 0, 0, 0, 0]],
    ["1::A:ffff", [1, 0, 0, 0, 0, 0, 0xa, 0xffff]],
    ["1:2:3:4:5:6:7:8", [1, 2, 3, 4, 5, 6, 7, 8]],
    ["1:2:3:4:5:6:7::", [1, 2, 3, 4, 5, 6, 7, 0]],
    ["1:2:3:4:5:6:1.2.3.4", [1, 2, 3, 4, 5, 6, 0x102, 0x304]],
    ["::255.254.253.252", [0, 0, 0, 0, 0, 0, 0xfffe, 0xfdfc]],
  ])("%s", (text, parts) => {
    expect(parseIp(text)).toEqual({ family: parts.length === 4 ? 4 : 6, parts });
  });

  it.each([
    "256.0.0.1",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.4 ",
    "01.2.3.4",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4::5:6:7:8",
    "::1:2:3:4:5:6:7:8:9",
    "1.2.3.4::",
    "1.2.3.4::1",
    "::1.2.3.4:5",
    "1:2:3:4:5:1.2.3.4:6",
    "::1.2.3",
    "::1.2.3.256",
    "12345::",
    "::g",
    "1:",
    ":1",
    ":",
    "",
  ])("%s is none", (text) => {
    expect(parseIp(text)).toBeUndefined();
  });
});

describe("Node agrees", () => {
  const octet = fc.oneof(fc.nat(255), fc.constantFrom(0, 10, 127, 255));
  const ipv4 = fc.tuple(octet, octet, octet, octet).map((parts) => parts.join("."));
  const group = fc.oneof(fc.nat(0xffff), fc.constantFrom(0, 0, 0xffff));
  const ipv6 = fc.oneof(
    fc
      .tuple(fc.array(group, { minLength: 8, maxLength: 8 }), fc.boolean())
      .map(([parts, isUpper]) => {
        const text = parts.map((part) => part.toString(16)).join(":");
        return isUpper ? text.toUpperCase() : text;
      })
      .map((text) => text.replace(/(?:^|:)0(?::0)+(?:$|:)/, "::")),
    ipv4.map((tail) => `::ffff:${tail}`),
    ipv4.map((tail) => `64:ff9b::${tail}`),
  );
  const address = fc.oneof(ipv4, ipv6);
  /** Nearly an address: one character more, less or other. */
  const nearly = fc
    .tuple(
      address,
      fc.nat(40),
      fc.constantFrom("", ":", "::", ".", "0", "f", "g", "%", " ", "[", "256"),
      fc.nat(2),
    )
    .map(([text, at, put, cut]) => text.slice(0, at) + put + text.slice(at + cut));

  it("on what is an address", () => {
    fc.assert(
      fc.property(fc.oneof(address, nearly), (text) => {
        fc.pre(!text.includes("%"));
        expect(parseIp(text)?.family ?? 0).toBe(isIP(text));
      }),
      { numRuns: numRuns(2000) },
    );
  });

  it("on what lies in a range", () => {
    const inside = fc.tuple(address, fc.nat(128)).chain(([network, prefix]) => {
      const bits = isIP(network) === 4 ? Math.min(prefix, 32) : prefix;
      return fc.tuple(fc.oneof(address, fc.constant(network)), fc.constant(network), fc.constant(bits));
    });
    fc.assert(
      fc.property(inside, ([host, network, prefix]) => {
        // BlockList says so too for an IPv4 host in a range of IPv6, which no other NO_PROXY means.
        fc.pre(isIP(host) === isIP(network) || prefix >= 96 || isIP(host) === 6);
        expect(inSubnet(host, network, prefix)).toBe(nodeInSubnet(host, network, prefix));
      }),
      { numRuns: numRuns(2000) },
    );
  });
});
