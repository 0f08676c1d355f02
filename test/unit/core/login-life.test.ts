// When a login ends: tokens that people get from the clouds by hand end by themselves, and nothing else does.

import { describe, expect, it } from "vitest";
import { loginEndMs, overSince } from "../../../src/core/login-life.ts";
import { Secret } from "../../../src/core/secret.ts";

const MADE_MS = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
const ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";
const GAR = "europe-docker.pkg.dev";

const endOf = (registry: string, username: string, password: string): number =>
  loginEndMs({ registry, credential: { username, secret: new Secret(password) }, madeAtMs: MADE_MS });

const ecrToken = (expiration: unknown): string =>
  Buffer.from(
    JSON.stringify({ payload: "x", datakey: "y", version: "2", type: "DATA_KEY", expiration }),
  ).toString("base64");

const toldS = MADE_MS / 1000 + 7200;

describe("ends by itself", () => {
  it.each<[string, string, string, string, number]>([
    ["an ECR token that tells", ECR, "AWS", ecrToken(toldS), toldS * 1000],
    ["an ECR token that tells as text", ECR, "AWS", ecrToken(String(toldS)), toldS * 1000],
    ["an ECR token that tells milliseconds", ECR, "AWS", ecrToken(toldS * 1000), MADE_MS + 12 * HOUR_MS],
    ["an ECR token that does not", ECR, "AWS", "opaque", MADE_MS + 12 * HOUR_MS],
    ["an ECR token with an odd end", ECR, "AWS", ecrToken("soon"), MADE_MS + 12 * HOUR_MS],
    ["an ECR token that ends at zero", ECR, "AWS", ecrToken(0), MADE_MS + 12 * HOUR_MS],
    ["an ECR token that ends before zero", ECR, "AWS", ecrToken(-5), MADE_MS + 12 * HOUR_MS],
    ["an ECR token with null", ECR, "AWS", ecrToken(null), MADE_MS + 12 * HOUR_MS],
    ["base64 of a list", ECR, "AWS", btoa("[1]"), MADE_MS + 12 * HOUR_MS],
    ["an empty password", ECR, "AWS", "", MADE_MS + 12 * HOUR_MS],
    ["a password that is no Latin-1", ECR, "AWS", "пароль", MADE_MS + 12 * HOUR_MS],
    ["ECR Public", "public.ecr.aws", "AWS", "opaque", MADE_MS + 12 * HOUR_MS],
    ["a Google token", GAR, "oauth2accesstoken", "ya29.x", MADE_MS + HOUR_MS],
    ["a Google token at gcr.io", "eu.gcr.io", "oauth2accesstoken", "ya29.x", MADE_MS + HOUR_MS],
  ])("%s", (_, registry, username, password, end) => {
    expect(endOf(registry, username, password)).toBe(end);
  });
});

describe("lives until it is erased", () => {
  it.each<[string, string, string]>([
    ["another user at an ECR host", ECR, "someone"],
    ["aws in lower case", ECR, "aws"],
    ["AWS at an ordinary registry", "ghcr.io", "AWS"],
    ["AWS at a look-alike", `${ECR}.evil.example`, "AWS"],
    ["AWS at an ECR host with a port", `${ECR}:8443`, "AWS"],
    ["AWS at a Google host", GAR, "AWS"],
    ["oauth2accesstoken at an ECR host", ECR, "oauth2accesstoken"],
    ["oauth2accesstoken at an ordinary registry", "ghcr.io", "oauth2accesstoken"],
    ["a JSON key at a Google host", GAR, "_json_key"],
    ["a user at Docker Hub", "docker.io", "someone"],
  ])("%s", (_, registry, username) => {
    expect(endOf(registry, username, ecrToken(toldS))).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("is it over?", () => {
  const over = (registry: string, username: string, password: string, nowMs: number) =>
    overSince({ registry, credential: { username, secret: new Secret(password) } }, nowMs);

  it.each<[string, string, string, string, number]>([
    ["a token that has a second left", ECR, "AWS", ecrToken(toldS), toldS * 1000 - 1000],
    ["a token that does not tell", ECR, "AWS", "opaque", toldS * 1000],
    ["a Google token", GAR, "oauth2accesstoken", "ya29.x", toldS * 1000],
    ["the same text at an ordinary registry", "ghcr.io", "AWS", ecrToken(toldS), toldS * 1000 + 1],
  ])("no: %s", (_, registry, username, password, nowMs) => {
    expect(over(registry, username, password, nowMs)).toBeUndefined();
  });

  it.each([
    ["at its end", 0],
    ["a day later", 24 * HOUR_MS],
  ])("yes, %s: it says since when, and nothing of the token", (_, laterMs) => {
    const failure = over(ECR, "AWS", ecrToken(toldS), toldS * 1000 + laterMs);
    expect(failure?.code).toBe("store-failed");
    expect(failure?.message).toContain(new Date(toldS * 1000).toISOString());
    expect(failure?.hint).toMatch(/new one/);
    expect(JSON.stringify([failure?.message, failure?.hint])).not.toContain(ecrToken(toldS));
  });
});
