// The documentation against the code: links, keys, variables, codes, verbs and options. A page that promises what is not
// there, or keeps silent about what is, fails here.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../src/core/config.ts";
import { FAILURE_CODES } from "../../src/core/failures.ts";
import { readArguments } from "../../src/edge/arguments.ts";
import { findVerb, VERBS } from "../../src/verbs.ts";
import { repository } from "../support/builds.ts";

const read = (path: string): string => readFileSync(join(repository, path), "utf8");
const below = (folder: string, ending: string): string[] =>
  existsSync(join(repository, folder))
    ? readdirSync(join(repository, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(ending))
        .map((name) => join(folder, name))
    : [];
const pages = [
  ...["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"].filter((page) =>
    existsSync(join(repository, page)),
  ),
  ...below("docs", ".md"),
  ...below("examples", ".md"),
];
const sources = below("src", ".ts").map(read).join("\n");

/** Fenced blocks of one language. */
function blocks(page: string, language: string): string[] {
  return [...read(page).matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)]
    .filter(([, named]) => named === language)
    .map(([, , body = ""]) => body);
}

const anchorsOf = (page: string): string[] =>
  [...read(page).matchAll(/^#+ +(.*)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .trim()
      .replaceAll(" ", "-"),
  );

describe.each(pages)("%s", (page) => {
  const text = read(page);

  it("every link leads somewhere", () => {
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(?:https?|mailto):/.test(target)) continue;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : join(dirname(page), path);
      expect(existsSync(join(repository, file)), `${page}: ${target}`).toBe(true);
      if (anchor !== undefined && file.endsWith(".md"))
        expect(anchorsOf(file), `${page}: ${target}`).toContain(anchor);
    }
  });

  it("JSON is JSON, and a configuration is one", () => {
    for (const block of blocks(page, "json")) {
      const value: unknown = JSON.parse(block);
      if (typeof value === "object" && value !== null && ("registries" in value || "token" in value))
        expect(() => parseConfig(block)).not.toThrow();
    }
  });

  it("every call of the program is one that it understands", () => {
    const calls = [...blocks(page, "sh"), ...blocks(page, "console")]
      .flatMap((block) => block.replaceAll("\\\n", " ").split("\n"))
      .flatMap((line) => [...line.matchAll(/\bdocker-credential-ona (?!\S*=|[~/])([^|&;>#)]*)/g)])
      .map(([, rest = ""]) => rest.trim().split(/\s+/));
    for (const [name = "", ...args] of calls) {
      if (/^--?(?:version|help|[vh])$/.test(name)) continue;
      const verb = findVerb(name);
      expect(verb, `${page}: docker-credential-ona ${name}`).toBeDefined();
      if (verb?.load !== undefined) expect(() => readArguments(verb, args), `${page}: ${name}`).not.toThrow();
    }
  });

  it("npm runs scripts that there are", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    for (const [, name = ""] of text.matchAll(/\bnpm run (?:--silent |-s )?([a-z][a-z:-]*)/g))
      expect(Object.keys(scripts), `${page}: npm run ${name}`).toContain(name);
  });
});

describe("the configuration page", () => {
  const page = read("docs/configuration.md");
  const keys = [...page.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([a-z][A-Za-z.]*|registries\.NAME[a-zA-Z.]*)`/g)].map(([, key = ""]) => key),
  );

  it.each(keys.filter((key) => !key.startsWith("registries")))("%s is a key", (key) => {
    const nested = key.split(".").reduceRight<unknown>((value, part) => ({ [part]: value }), 4.5);
    expect(() => parseConfig(JSON.stringify(nested))).toThrow(key);
    expect(() => parseConfig(JSON.stringify(nested))).not.toThrow("is not a known key");
  });

  it("names every key that the parser asks for", () => {
    const asked = [
      ...read("src/core/config.ts").matchAll(
        /\b(root|api|auth|idToken|google|token)\.(?:text|texts|choice|choices|integer|command|object)\(\s*"(\w+)"/g,
      ),
    ];
    const sections = ["api", "auth", "idToken", "google", "token", "scopes", "registries"];
    for (const [, section = "", name = ""] of asked) {
      if (section === "root" && sections.includes(name)) continue;
      expect(keys).toContain(section === "root" ? name : `${section}.${name}`);
    }
    expect(asked.length).toBeGreaterThan(15);
  });

  const own = /\b(?:DOCKER_CREDENTIAL_ONA|ONA|GITPOD)_[A-Z][A-Z_]*\b/g;
  const notSettings = /^(?:ONA_TEST_|GITPOD_CUSTOM)/;

  it("names every variable of ours that the code reads, and no other", () => {
    const inCode = new Set(sources.match(own)?.filter((name) => !notSettings.test(name)));
    const inPage = new Set(page.match(own));
    expect([...inPage].toSorted()).toEqual([...inCode].toSorted());
  });
});

it("the messages page has every code", () => {
  for (const code of FAILURE_CODES) expect(read("docs/messages.md")).toContain(`\`${code}\``);
});

it("the page of the behaviour has every verb", () => {
  for (const { name } of VERBS) expect(read("docs/contract.md")).toContain(`\`${name}\``);
});

it("no page speaks of machines, mirrors or how it came to be", () => {
  for (const page of pages)
    expect(read(page), page).not.toMatch(
      /\/work\/|\/root\/|verdaccio|artifactory\.|\bsessions? (?:notes?|helper)/i,
    );
});
