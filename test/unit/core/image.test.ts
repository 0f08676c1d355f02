import { describe, expect, it } from "vitest";
import { parseImage } from "../../../src/core/image.ts";

describe("an image is pulled from", () => {
  it.each([
    ["a bare name", "nginx", "docker.io", "library/nginx", "latest"],
    ["a name with a tag", "nginx:1.27", "docker.io", "library/nginx", "1.27"],
    ["a name of two parts", "bitnami/redis", "docker.io", "bitnami/redis", "latest"],
    ["docker.io written out", "docker.io/nginx", "docker.io", "library/nginx", "latest"],
    ["as the kubelet writes it", "docker.io/library/nginx", "docker.io", "library/nginx", "latest"],
    ["Hub's index", "index.docker.io/a/b", "docker.io", "a/b", "latest"],
    ["Hub's registry", "registry-1.docker.io/a/b", "docker.io", "a/b", "latest"],
    ["a host with a dot", "ghcr.io/a/b/c:v1", "ghcr.io", "a/b/c", "v1"],
    ["a host with a port", "reg.example:5000/app", "reg.example:5000", "app", "latest"],
    ["the https port", "reg.example:443/app", "reg.example", "app", "latest"],
    ["localhost", "localhost/app", "localhost", "app", "latest"],
    ["localhost with a port", "localhost:5000/app:x", "localhost:5000", "app", "x"],
    ["separators of every kind", "ghcr.io/a.b_c__d--ef/gh---ij", "ghcr.io", "a.b_c__d--ef/gh---ij", "latest"],
    ["the longest", `ghcr.io/${"a".repeat(577)}`, "ghcr.io", "a".repeat(577), "latest"],
    ["capitals make a host", "GHCR/app", "ghcr", "app", "latest"],
    ["capitals are folded", "GHCR.io/app", "ghcr.io", "app", "latest"],
    ["IPv6", "[::1]:5000/app", "[::1]:5000", "app", "latest"],
    ["a digest", `ghcr.io/a@sha256:${"a".repeat(64)}`, "ghcr.io", "a", `sha256:${"a".repeat(64)}`],
    ["tag and digest", `ghcr.io/a:v1@sha256:${"b".repeat(64)}`, "ghcr.io", "a", `sha256:${"b".repeat(64)}`],
    [
      "ECR",
      "123456789012.dkr.ecr.eu-west-1.amazonaws.com/a/b:2",
      "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
      "a/b",
      "2",
    ],
  ])("%s: %s", (_, image, registry, repository, reference) => {
    expect(parseImage(image)).toMatchObject({ registry: { key: registry }, repository, reference });
  });

  it.each([
    ["GHCR.io/app", "GHCR.io"],
    ["reg.example:443/app", "reg.example:443"],
    ["nginx", "docker.io"],
    ["index.docker.io/a/b", "index.docker.io"],
  ])("the domain of %s is kept as written", (image, domain) => {
    expect(parseImage(image)?.domain).toBe(domain);
  });
});

it.each([
  ["nothing", ""],
  ["a host alone", "ghcr.io/"],
  ["a slash in front", "/ghcr.io/a"],
  ["a scheme", "https://ghcr.io/a"],
  ["a scheme without slashes", "https:ghcr.io/a"],
  ["user info", "user@ghcr.io/a"],
  ["a port that is none", "ghcr.io:x/a"],
  ["a port too large", "ghcr.io:70000/a"],
  ["capitals in the repository", "ghcr.io/App"],
  ["capitals further on", "ghcr.io/aApp"],
  ["capitals behind a separator", "ghcr.io/a-bC"],
  ["a separator at the end", "ghcr.io/a-"],
  ["three underscores", "ghcr.io/a___b"],
  ["two slashes", "ghcr.io//app"],
  ["a dot path", "ghcr.io/../app"],
  ["a tag in the middle", "ghcr.io/a:v1/b"],
  ["an empty tag", "ghcr.io/a:"],
  ["an empty digest", "ghcr.io/a@"],
  ["a short digest", "ghcr.io/a@sha256:abc"],
  ["a space", "ghcr.io/a b"],
  ["a line end", "ghcr.io/a\n"],
  ["a control byte", "ghcr.io/a\u0001"],
  ["another alphabet", "ghcr.io/ä"],
  ["a query", "ghcr.io?x=/a"],
  ["too long", `ghcr.io/${"a".repeat(578)}`],
])("%s is no image", (_, image) => {
  expect(parseImage(image)).toBeUndefined();
});
