// ID tokens: signed for real, with claims as documented, verifiable from what the stand-in publishes.

import { createPublicKey, verify, type webcrypto } from "node:crypto";
import { expect, test } from "vitest";
import { ask } from "./ask.ts";
import { ids } from "./ids.ts";
import type { OidcSeed } from "./seed.ts";
import { platformForTest } from "./worlds.ts";

function decoded(part: string | undefined): Record<string, unknown> {
  return JSON.parse(Buffer.from(part ?? "", "base64url").toString()) as Record<string, unknown>;
}

async function idToken(oidc: OidcSeed, audience: string[], projectId?: null) {
  const platform = await platformForTest({ oidc, environments: [projectId === null ? { projectId } : {}] });
  const { json } = await ask(platform, "GetIDToken", { audience });
  const token = String(json.token);
  const [header, claims] = token.split(".");
  return { platform, token, header: decoded(header), claims: decoded(claims) };
}

test("the signature verifies with the published key, and not after a change", async () => {
  const { platform, token, header } = await idToken({}, ["sts.amazonaws.com"]);
  const discovery = (await (await fetch(`${platform.origin}/.well-known/openid-configuration`)).json()) as {
    issuer: string;
    jwks_uri: string;
  };
  expect(discovery.issuer).toBe(platform.origin);
  const { keys } = (await (await fetch(discovery.jwks_uri)).json()) as {
    keys: (webcrypto.JsonWebKey & { kid: string })[];
  };
  const jwk = keys.find(({ kid }) => kid === header.kid);
  const key = createPublicKey({ key: jwk ?? {}, format: "jwk" });
  const [head, claims, signature = ""] = token.split(".");
  const verifies = (text: string) =>
    verify("RSA-SHA256", Buffer.from(text), key, Buffer.from(signature, "base64url"));
  expect(header).toMatchObject({ alg: "RS256", typ: "JWT" });
  expect([verifies(`${head}.${claims}`), verifies(`${head}.${claims}x`)]).toEqual([true, false]);
  expect(jwk).not.toHaveProperty("d");
});

test("version 3: an hour, the audience as a list, everything about the environment", async () => {
  const { platform, claims } = await idToken({}, ["a", "b"]);
  expect(claims).toMatchObject({
    iss: platform.origin,
    aud: ["a", "b"],
    sub: `organization_id:${ids.organization}:project_id:${ids.project}`,
    environment_id: ids.environment,
    organization_id: ids.organization,
    project_id: ids.project,
    runner_id: ids.runner,
    creator_principal: "user",
    creator_id: ids.user,
  });
  expect(Number(claims.exp) - Number(claims.iat)).toBe(3600);
});

test("version 3 without a project: the environment takes its place in the subject", async () => {
  const { claims } = await idToken({}, ["a"], null);
  expect(claims.sub).toBe(`organization_id:${ids.organization}:environment_id:${ids.environment}`);
  expect(claims).not.toHaveProperty("project_id");
});

test("version 2, another issuer, another lifetime, further claims", async () => {
  const issuer = "https://app.gitpod.io";
  const { claims } = await idToken({ version: "v2", issuer, lifetimeSeconds: 60, claims: { extra: true } }, [
    "a",
  ]);
  expect(claims).toMatchObject({
    iss: issuer,
    aud: "a",
    sub: `org:${ids.organization}/prj:${ids.project}/env:${ids.environment}`,
    extra: true,
  });
  expect(Number(claims.exp) - Number(claims.iat)).toBe(60);
});
