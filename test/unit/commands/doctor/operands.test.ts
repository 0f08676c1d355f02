// Registries, images and codes are told apart by their form.

import { describe, expect, it } from "vitest";
import { parseOperands } from "../../../../src/commands/doctor/operands.ts";
import { UsageError } from "../../../../src/core/failures.ts";

const nothingKnown = (): boolean => false;
const shape = (text: string, isKnown = nothingKnown as (key: string) => boolean): string => {
  const { codes, targets } = parseOperands([text], isKnown);
  const [target] = targets;
  if (target === undefined) return `code ${codes[0]}`;
  const { registry, image, misspelt } = target;
  if (misspelt !== undefined) return `misspelt ${registry.key}`;
  return image === undefined
    ? `host ${registry.key}`
    : `image ${registry.key} ${image.repository} ${image.reference}`;
};

describe("one operand", () => {
  it.each<[string, string]>([
    ["ghcr.io", "host ghcr.io"],
    ["GHCR.io", "host ghcr.io"],
    ["ghcr.io/", "host ghcr.io"],
    ["https://ghcr.io", "host ghcr.io"],
    ["https://ghcr.io/acme/tools", "host ghcr.io"],
    ["//ghcr.io", "host ghcr.io"],
    ["docker.io", "host docker.io"],
    ["index.docker.io", "host docker.io"],
    ["https://index.docker.io/v1/", "host docker.io"],
    ["index.docker.io/v1/", "host docker.io"],
    ["localhost", "host localhost"],
    ["localhost:5000", "host localhost:5000"],
    ["registry:5000", "host registry:5000"],
    ["127.0.0.1:1", "host 127.0.0.1:1"],
    ["[::1]:5000", "host [::1]:5000"],
    ["alpine", "image docker.io library/alpine latest"],
    ["redis:7", "image docker.io library/redis 7"],
    ["acme/tools", "image docker.io acme/tools latest"],
    ["ghcr.io/acme/tools:v1", "image ghcr.io acme/tools v1"],
    ["docker://ghcr.io/acme/tools:v1", "image ghcr.io acme/tools v1"],
    ["localhost:5000/app", "image localhost:5000 app latest"],
    ["http://ghcr.io", "misspelt ghcr.io"],
    ["HTTP://ghcr.io/acme", "misspelt ghcr.io"],
    ["no-token", "code no-token"],
    ["[no-token]", "code no-token"],
    ["No-Token", "code no-token"],
    ["deadline", "code deadline"],
    ["wrong-secret-wins", "code wrong-secret-wins"],
    ["my-app", "image docker.io library/my-app latest"],
  ])("%s is the %s", (text, what) => {
    expect(shape(text)).toBe(what);
  });

  it("a bare word is a registry where one of that name is known", () => {
    expect(shape("registry", (key) => key === "registry")).toBe("host registry");
    expect(shape("registry:7", (key) => key === "registry:7")).toBe("host registry:7");
  });

  it.each<[string, RegExp]>([
    ["", /no registry/],
    ["a b", /no registry/],
    ["ghcr.io/Acme", /no registry/],
    ["user@ghcr.io", /no registry/],
    ["ftp://ghcr.io", /no registry/],
    ["https://user@ghcr.io/", /no registry/],
    ["ghcr.io/acme\u001b[31m", /acme\?\[31m is no registry/],
    ["[no-tokens]", /no-token was meant/],
    ["[nothing-like-that]", /there is no code nothing-like-that$/],
    ["no-tokn", /no-token was meant/],
    ["token-refsued", /token-refused was meant/],
  ])("%j is wrong usage", (text, says) => {
    expect(() => shape(text)).toThrow(UsageError);
    expect(() => shape(text)).toThrow(says);
  });
});

it("several at once, a code once", () => {
  const { codes, targets } = parseOperands(["no-token", "ghcr.io", "[no-token]", "alpine"], nothingKnown);
  expect(codes).toEqual(["no-token"]);
  expect(targets.map(({ text }) => text)).toEqual(["ghcr.io", "alpine"]);
});
