// The trusted certificates: every source adds, none takes away, and a damaged certificate in a bundle costs itself.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSecureContext, rootCertificates } from "node:tls";
import { describe, expect, it } from "vitest";
import { CA_VARIABLES } from "../../../src/edge/ca-files.ts";
import { trustOf } from "../../../src/edge/trust.ts";
import { makeLoopbackCertificate } from "../../stand-ins/platform/certificate.ts";
import { scratch } from "../store/scratch.ts";

const cas = Array.from({ length: 4 }, () => makeLoopbackCertificate().ca.trim());
const [one = "", two = "", three = "", four = ""] = cas;

function file(...parts: (string | Buffer)[]): string {
  const path = join(scratch(), "bundle.pem");
  writeFileSync(path, Buffer.concat(parts.map((part) => Buffer.from(part))));
  return path;
}

/** Which of our four are trusted. */
const trusted = (path: string, name = "SSL_CERT_FILE"): number[] => {
  const all = trustOf({ [name]: path }).certificates;
  expect(() => createSecureContext({ ca: [...all] })).not.toThrow();
  expect(rootCertificates.every((root) => all.includes(root.trim()) || all.includes(root))).toBe(true);
  return cas.flatMap((ca, index) => (all.includes(ca) ? [index + 1] : []));
};

const damaged = one.replace(/MII/, "AAA");

it("without variables: the runtime's own and the machine's, none twice", () => {
  const all = trustOf({}).certificates;
  expect(all.length).toBeGreaterThanOrEqual(rootCertificates.length);
  expect(new Set(all).size).toBe(all.length);
  expect(cas.some((ca) => all.includes(ca))).toBe(false);
});

it("from all three variables together", () => {
  const env = {
    NODE_EXTRA_CA_CERTS: file(one),
    SSL_CERT_FILE: file(two, "\n", three),
    AWS_CA_BUNDLE: file(four),
  };
  const all = trustOf(env).certificates;
  for (const ca of cas) expect(all).toContain(ca);
});

describe("a bundle", () => {
  it.each<[string, (string | Buffer)[], number[]]>([
    ["of two", [one, "\n", two], [1, 2]],
    ["with CRLF and comments", ["# mine\r\n", one.replaceAll("\n", "\r\n"), "\r\nsubject=x\r\n", two], [2]],
    ["with the same one twice", [one, "\n", one], [1]],
    ["with a damaged one among good ones", [two, "\n", damaged, "\n", three], [2, 3]],
    ["with one that is cut", [two, "\n", one.slice(0, 200), "\n", three], [2, 3]],
    ["with one that is cut at the end", [two, "\n", three, "\n", one.slice(0, 200)], [2, 3]],
    ["with an empty one", [two, "\n-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", three], [2, 3]],
    [
      "with bytes that are no text",
      [Buffer.from([0xff, 0, 0xfe]), two, Buffer.from([0xff]), "\n", three],
      [2, 3],
    ],
    ["with a key in it", ["-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", two], [2]],
  ])("%s", (_, parts, expected) => {
    const found = trusted(file(...parts));
    for (const index of expected) expect(found).toContain(index);
  });

  it.each([
    ["in one line", "\n", ""],
    ["in lines that end as on old Macs", "\n", "\r"],
    ["in lines with spaces before", "\n", "\n "],
  ])("with a copy %s stays trusted by the good one, whichever comes first", (_, from, to) => {
    const copy = one.replaceAll(from, to);
    const files = { NODE_EXTRA_CA_CERTS: file(copy), AWS_CA_BUNDLE: file(one) };
    expect(trustOf(files).certificates).toContain(one);
    for (const parts of [
      [copy, "\n", one],
      [one, "\n", copy],
    ])
      expect(trusted(file(...parts))).toContain(1);
  });

  it("with one of the runtime's own, in lines of another length, adds nothing", () => {
    const [root = ""] = rootCertificates;
    const words = root.replace(/-----[A-Z ]+-----|\s/g, "");
    const lines = words.match(/.{1,50}/g) ?? [];
    const path = file(`-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`);
    expect(trustOf({ SSL_CERT_FILE: path }).certificates).toEqual(trustOf({}).certificates);
  });

  it("with line ends of Windows is trusted as well", () => {
    const path = file(one.replaceAll("\n", "\r\n"));
    const added = trustOf({ SSL_CERT_FILE: path }).certificates.length - trustOf({}).certificates.length;
    expect(added).toBe(1);
  });
});

describe.each(CA_VARIABLES)("%s", (name) => {
  it.each<[string, string | (() => string), string]>([
    ["a file that is not there", "/no/such/file", "cannot be read"],
    ["a directory", "/", "cannot be read"],
    ["a device", "/dev/null", "cannot be read"],
    ["no path at all", "a\0b", "cannot be read"],
    ["an empty file", () => file(), "holds no certificate"],
    ["no PEM", () => file("hello"), "holds no certificate"],
    [
      "a key",
      () => file("-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----\n"),
      "holds no certificate",
    ],
    ["a certificate that is cut", () => file(one.slice(0, 200)), "holds no certificate"],
  ])("that names %s is an error that names it", (_, made, what) => {
    const path = typeof made === "string" ? made : made();
    const setting = { variable: name, reason: `names ${path}, which ${what}` };
    expect(() => trustOf({ [name]: path })).toThrow(
      expect.objectContaining({ kind: "setting", details: { setting } }) as Error,
    );
  });

  it.each(["", " ", "\t\r\n"])("%j counts as unset", (value) => {
    expect(trustOf({ [name]: value }).certificates).toEqual(trustOf({}).certificates);
  });

  it("white space around the path is dropped", () => {
    expect(trusted(` ${file(one)}\n`, name)).toEqual([1]);
  });
});
