// The small registry: it is private, it checks what it is given, and passwords change while it runs.

import { describe, expect, onTestFinished, test } from "vitest";
import { makeImage, manifestType, pushImage, putImage } from "./oci-image.ts";
import { type Registry, type RegistryOptions, startRegistry } from "./registry.ts";
import { digestOf } from "./registry-store.ts";
import { tokenService } from "./registry-tokens.ts";

const image = makeImage();

async function registryForTest(options: RegistryOptions = {}): Promise<Registry> {
  const registry = await startRegistry({ users: { alice: "s3cret" }, ...options });
  onTestFinished(() => registry.close());
  putImage(registry.store, "team/app", "v1", image);
  return registry;
}

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString("base64")}` });
const bearer = (token: unknown) => ({ authorization: `Bearer ${token}` });
const manifest = "/v2/team/app/manifests/v1";

async function get(
  { origin }: Registry,
  path: string,
  headers: Record<string, string> = {},
  init: RequestInit = {},
) {
  const response = await fetch(`${origin}${path}`, { headers, ...init });
  const bytes = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, bytes };
}

async function askToken(registry: Registry, query: Record<string, string>, headers: Record<string, string>) {
  const parameters = new URLSearchParams({
    service: tokenService,
    scope: "repository:team/app:pull",
    ...query,
  });
  const response = await fetch(`${registry.tokenRealm}?${parameters}`, { headers });
  return { status: response.status, json: (await response.json()) as Record<string, string> };
}

async function postToken(registry: Registry, form: Record<string, string>) {
  const body = new URLSearchParams({ service: tokenService, scope: "repository:team/app:pull", ...form });
  const response = await fetch(registry.tokenRealm, { method: "POST", body });
  return { status: response.status, json: (await response.json()) as Record<string, string> };
}

describe("Basic login", () => {
  const rows: [string, Record<string, string>, number][] = [
    ["nobody", {}, 401],
    ["the right password", basic("alice:s3cret"), 200],
    ["a wrong password", basic("alice:s3crets"), 401],
    ["an unknown user", basic("bob:s3cret"), 401],
    ["a Bearer token", bearer("s3cret"), 401],
    ["no colon", basic("alice"), 401],
  ];
  for (const [name, headers, status] of rows) {
    test(`${name} -> ${status}`, async () => {
      const registry = await registryForTest();
      const blob = `/v2/team/app/blobs/${digestOf(image.blobs[0] ?? Buffer.alloc(0))}`;
      for (const path of ["/v2/", manifest, blob, "/v2/_catalog", "/v2/team/app/tags/list"]) {
        expect([path, (await get(registry, path, headers)).status]).toEqual([path, status]);
      }
    });
  }

  test("the challenge names Basic; a password changes while it runs", async () => {
    const registry = await registryForTest();
    expect((await get(registry, "/v2/")).headers.get("www-authenticate")).toMatch(/^Basic realm=/);
    registry.users.setPassword("alice", "new");
    expect((await get(registry, "/v2/", basic("alice:s3cret"))).status).toBe(401);
    expect((await get(registry, "/v2/", basic("alice:new"))).status).toBe(200);
    registry.users.remove("alice");
    expect((await get(registry, "/v2/", basic("alice:new"))).status).toBe(401);
  });

  test("accepts decides on minted passwords, allows on repositories", async () => {
    const registry = await registryForTest({
      accepts: (username, password) => username === "AWS" && password.startsWith("minted-"),
      allows: (username, repository) => username !== "AWS" || repository.startsWith("open/"),
    });
    putImage(registry.store, "open/app", "v1", image);
    expect((await get(registry, "/v2/", basic("AWS:minted-1"))).status).toBe(200);
    expect((await get(registry, "/v2/", basic("AWS:other"))).status).toBe(401);
    expect((await get(registry, manifest, basic("AWS:minted-1"))).status).toBe(403);
    expect((await get(registry, "/v2/open/app/manifests/v1", basic("AWS:minted-1"))).status).toBe(200);
  });
});

describe("token login", () => {
  for (const format of ["opaque", "signed"] as const) {
    test(`${format}: GET with Basic, then the token opens what it was made for`, async () => {
      const registry = await registryForTest({ auth: "token", tokens: { format } });
      const { headers } = await get(registry, manifest);
      expect(headers.get("www-authenticate")).toBe(
        `Bearer realm="${registry.tokenRealm}",service="${tokenService}",scope="repository:team/app:pull"`,
      );
      const { json } = await askToken(registry, {}, basic("alice:s3cret"));
      expect((await get(registry, manifest, bearer(json.token))).status).toBe(200);
      expect((await get(registry, "/v2/other/app/manifests/v1", bearer(json.token))).status).toBe(401);
      const upload = await get(registry, "/v2/team/app/blobs/uploads/", bearer(json.token), {
        method: "POST",
      });
      expect(upload.headers.get("www-authenticate")).toMatch(/pull,push",error="insufficient_scope"$/);
      registry.tokens.revoke("alice");
      expect((await get(registry, manifest, bearer(json.token))).status).toBe(401);
    });
  }

  test("POST with a password gives a refresh token, which gives access until it is revoked", async () => {
    const registry = await registryForTest({ auth: "token" });
    const form = { grant_type: "password", username: "alice", password: "s3cret", access_type: "offline" };
    const first = await postToken(registry, form);
    const refresh = { grant_type: "refresh_token", refresh_token: first.json.refresh_token ?? "" };
    const second = await postToken(registry, refresh);
    expect((await get(registry, manifest, bearer(second.json.access_token))).status).toBe(200);
    registry.tokens.revoke("alice");
    expect((await postToken(registry, refresh)).status).toBe(401);
    expect(registry.journal.map(({ grantType }) => grantType)).toEqual([
      "password",
      "refresh_token",
      undefined,
      "refresh_token",
    ]);
  });

  test("no token without a login, for another service, or in Basic form", async () => {
    const registry = await registryForTest({ auth: "token" });
    expect((await askToken(registry, {}, {})).status).toBe(401);
    expect((await askToken(registry, {}, basic("alice:wrong"))).status).toBe(401);
    expect((await askToken(registry, { service: "x" }, basic("alice:s3cret"))).status).toBe(400);
    expect(
      (await postToken(registry, { grant_type: "password", username: "alice", password: "" })).status,
    ).toBe(401);
    expect((await postToken(registry, { grant_type: "refresh_token", refresh_token: "" })).status).toBe(401);
    expect((await get(registry, "/v2/", basic("alice:s3cret"))).status).toBe(401);
  });

  test("an expired token and a forged one are refused", async () => {
    const registry = await registryForTest({
      auth: "token",
      tokens: { format: "signed", lifetimeSeconds: 0 },
    });
    const { json } = await askToken(registry, {}, basic("alice:s3cret"));
    expect((await get(registry, manifest, bearer(json.token))).headers.get("www-authenticate")).toContain(
      "invalid_token",
    );
    expect((await get(registry, manifest, bearer("eyJhbGciOiJub25lIn0.e30."))).status).toBe(401);
  });
});

describe("push", () => {
  test("in pieces, at once and by mount; then it can be pulled", async () => {
    const registry = await registryForTest();
    const other = makeImage({ "other.txt": "other\n" });
    await pushImage(registry.origin, "team/other", "v1", other, basic("alice:s3cret").authorization);
    const pulled = await get(registry, "/v2/team/other/manifests/v1", basic("alice:s3cret"));
    expect([digestOf(pulled.bytes), pulled.headers.get("content-type")]).toEqual([
      other.digest,
      manifestType,
    ]);
    const head = await get(registry, "/v2/team/other/manifests/v1", basic("alice:s3cret"), {
      method: "HEAD",
    });
    expect([head.status, head.bytes.length, head.headers.get("docker-content-digest")]).toEqual([
      200,
      0,
      other.digest,
    ]);
    const digest = digestOf(other.blobs[0] ?? Buffer.alloc(0));
    const mount = `/v2/team/app/blobs/uploads/?mount=${digest}&from=team/other`;
    expect((await get(registry, mount, basic("alice:s3cret"), { method: "POST" })).status).toBe(201);
  });

  test("no mount from a repository that one may not pull from", async () => {
    const registry = await registryForTest({ allows: (_, repository) => repository !== "team/app" });
    const digest = digestOf(image.blobs[0] ?? Buffer.alloc(0));
    const path = `/v2/team/mine/blobs/uploads/?mount=${digest}&from=team/app`;
    expect((await get(registry, path, basic("alice:s3cret"), { method: "POST" })).status).toBe(202);
  });

  const empty = digestOf(Buffer.alloc(0));
  const wrong: [string, string, string, string, number][] = [
    ["a wrong digest", "POST", `/v2/team/app/blobs/uploads/?digest=${empty}`, "not empty", 400],
    ["an unknown upload", "PATCH", "/v2/team/app/blobs/uploads/unknown", "x", 404],
    ["a manifest that is none", "PUT", "/v2/team/app/manifests/v2", "x", 400],
    [
      "a manifest with blobs that are not there",
      "PUT",
      "/v2/team/app/manifests/v2",
      `{"layers":[{"digest":"${empty}"}]}`,
      400,
    ],
    ["a manifest under another digest", "PUT", `/v2/team/app/manifests/${empty}`, "{}", 400],
    ["a name in capitals", "PUT", "/v2/Team/app/manifests/v2", "{}", 404],
  ];
  for (const [name, method, path, body, status] of wrong) {
    test(`refused: ${name}`, async () => {
      const registry = await registryForTest();
      expect((await get(registry, path, basic("alice:s3cret"), { method, body })).status).toBe(status);
    });
  }
});

test("the journal says who came, and shows no password and no token", async () => {
  const registry = await registryForTest({ auth: "token" });
  const { json } = await askToken(registry, {}, basic("alice:s3cret"));
  await get(registry, manifest, bearer(json.token));
  await get(registry, manifest);
  expect(registry.journal).toEqual([
    { httpMethod: "GET", path: "/token", status: 200, auth: "basic", username: "alice", grantType: "basic" },
    { httpMethod: "GET", path: manifest, status: 200, auth: "bearer", username: "alice" },
    { httpMethod: "GET", path: manifest, status: 401, auth: "none" },
  ]);
});
