// Which two names of registries are taken for a slip of the pen, and, more often, which are not.

import { describe, expect, it } from "vitest";
import { ignoredPart, nearMiss, wellKnownNear } from "../../../src/core/near-miss.ts";

const ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";

describe("near misses", () => {
  it.each<[string, string, string]>([
    ["ghcr.io", "ghrc.io", "one letter differs"],
    ["registry.example.test", "registry.exampel.test", "one letter differs"],
    ["registry.example.test", "registry.exmple.test", "one letter differs"],
    ["registry.example.test", "regystri.example.test", "2 letters differ"],
    ["registry.example.test", "example.test", "one of them lacks a subdomain"],
    ["example.test", "registry.example.test", "one of them lacks a subdomain"],
    ["registry.acme.io", "registry.acme.com", "the end differs"],
    ["registry.acme.io:5000", "registry.acme.io", "the port differs"],
    ["registry.acme.io:5000", "registry.acme.io:5001", "the port differs"],
    ["docker.io", "hub.docker.com", "no client asks for this spelling of Docker Hub"],
    ["docker.io", "registry.hub.docker.com", "no client asks for this spelling of Docker Hub"],
    ["hub.docker.com", "docker.io", "Docker Hub is asked for as docker.io"],
    [ECR, ECR.replace("central", "west"), "the region differs"],
    [ECR, ECR.replace("12345", "12354"), "the account differs by a digit"],
    [ECR, ECR.replace("2345", "2399"), "the account differs by a digit"],
    ["registry.acme.internal2", "registry.acme.test", "the end differs"],
    [ECR, ECR.replace(".ecr.", ".ecr-fips."), "the kind of ECR endpoint differs"],
  ])("%s and %s: %s", (key, other, why) => {
    expect(nearMiss(key, other)).toBe(why);
  });

  it.each<[string, string]>([
    ["ghcr.io", "ghcr.io"],
    ["ghcr.io", "docker.io"],
    ["gcr.io", "quay.io"],
    ["registry-1.acme.test", "registry-2.acme.test"],
    ["10.0.0.1:5000", "10.0.0.2:5000"],
    ["127.0.0.1", "127.0.0.2"],
    ["a.io", "b.io"],
    ["registry.acme.test", "registry.other.test"],
    ["example.test", "myexample.test.evil.test"],
    [ECR, "999999999999.dkr.ecr.eu-central-1.amazonaws.com"],
    [ECR, "999999999999.dkr.ecr.us-east-1.amazonaws.com"],
    [ECR, "europe-docker.pkg.dev"],
    ["europe-docker.pkg.dev", "us-docker.pkg.dev"],
    ["docker.io", "docker.acme.test"],
    ["ghcr.io", "hub.docker.com"],
    ["hub.docker.com", "ghcr.io"],
    ["registry.example.test:5000", "registry.exampel.test"],
    ["registry.example.test:5000", "registry.exampel.test:5001"],
    ["a.localhost", "localhost"],
    ["a.bc.io", "ab.c.com"],
    ["10.0.0.1", "10.0.0.23"],
    [ECR, ECR.replace("12345", "12354").replace("central", "west")],
    [ECR, "ghcr.io"],
    ["ghcr.io", ECR],
    ["", "ghcr.io"],
    ["localhost:5000", "registry:5000"],
  ])("%s and %s are two registries", (key, other) => {
    expect(nearMiss(key, other)).toBeUndefined();
  });
});

describe("the well-known registry that is meant", () => {
  it.each<[string, string | undefined]>([
    ["ghrc.io", "ghcr.io"],
    ["ghcr.com", "ghcr.io"],
    ["hub.docker.com", "docker.io"],
    ["registry.gitlab.co", "registry.gitlab.com"],
    ["ghcr.io", undefined],
    ["docker.io", undefined],
    ["eu.gcr.io", undefined],
    ["mirror.ghcr.io", undefined],
    ["registry.example.test", undefined],
    [ECR, undefined],
  ])("%s: %s", (key, known) => {
    expect(wellKnownNear(key)).toBe(known);
  });
});

describe("what does not count in the host of a secret", () => {
  it.each<[string, string, string]>([
    ["ghcr.io/acme", "path", "/acme"],
    ["https://ghcr.io/acme/", "path", "/acme"],
    ["http://ghcr.io/acme", "path", "/acme"],
    ["http://ghcr.io", "scheme", "http://"],
    ["HTTP://ghcr.io/", "scheme", "http://"],
    ["docker.io/library", "path", "/library"],
    [" ghcr.io/acme ", "path", "/acme"],
    ["ghcr.io/a//b//", "path", "/a//b"],
    ["ghcr.io/team/v2", "path", "/team/v2"],
    ["ghcr.io/v2/team", "path", "/v2/team"],
    ["ghcr.io?team=a", "path", "?team=a"],
  ])("%s: the %s %s", (written, part, text) => {
    expect(ignoredPart(written)).toEqual({ part, text });
  });

  it.each([
    "ghcr.io",
    "https://ghcr.io",
    "//ghcr.io/",
    "https://index.docker.io/v1/",
    "https://registry.example.test/v2/",
    "registry.example.test:5000",
    "http://127.0.0.1:5000",
    "http://localhost:5000/",
    " ghcr.io ",
    "ftp://ghcr.io/path",
    "user@ghcr.io/path",
    "",
  ])("%s: nothing", (written) => {
    expect(ignoredPart(written)).toBeUndefined();
  });
});
