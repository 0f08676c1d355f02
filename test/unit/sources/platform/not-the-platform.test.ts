// What answers in the platform's place: a filter, a login page, a gateway, or the platform's own host at a base without
// `/api`. Each is an outage that says what came and what to look at; only the platform's own error is a refusal.

import { describe, expect, it } from "vitest";
import { Outage, Refusal } from "../../../../src/core/failures.ts";
import type { HttpResponse } from "../../../../src/edge/http.ts";
import { failureOf, scripted } from "./calling.ts";

describe("something that is not the platform: what it is called, and what is named", () => {
  const FILTER =
    "a filter, a proxy or a login page is in between: have this host allowed, or check ONA_BASE_URL";
  const NO_API = "the API address usually ends in /api: check ONA_BASE_URL";
  const CHECK_BASE = "check the API address (ONA_BASE_URL) and the proxy";
  const AGAIN = "try again, and run docker-credential-ona with DOCKER_CREDENTIAL_ONA_TRACE=1 if it stays";
  const html = { "content-type": "text/html; charset=utf-8" };
  const page = Buffer.from("<!doctype html><title>c4nary</title>");
  const foreign = (status: number): string =>
    `sent a web page with HTTP ${status}, which is not the platform's own error`;
  const api = "https://ona.example/api";

  it.each<[string, string, Partial<HttpResponse>, string, string]>([
    ["a filter's 403", api, { status: 403, headers: html, body: page }, foreign(403), FILTER],
    ["a login page's 401", api, { status: 401, headers: html, body: page }, foreign(401), FILTER],
    ["a gateway's 500 as HTML", api, { status: 500, headers: html, body: page }, foreign(500), FILTER],
    [
      "a page that calls itself JSON",
      api,
      { status: 403, headers: { "content-type": "application/json" }, body: page },
      foreign(403),
      FILTER,
    ],
    ["a page without a type", api, { status: 403, body: Buffer.from("\n <HTML>") }, foreign(403), FILTER],
    [
      "XHTML",
      api,
      { status: 403, headers: { "content-type": "application/xhtml+xml" }, body: Buffer.from("<a/>") },
      foreign(403),
      FILTER,
    ],
    [
      "a page with 200",
      api,
      { status: 200, headers: html, body: page },
      "did not answer as the platform does: a web page came with HTTP 200",
      FILTER,
    ],
    [
      "a page with 200 at a base without /api",
      "https://ona.example",
      { status: 200, headers: html, body: page },
      "did not answer as the platform does: a web page came with HTTP 200",
      NO_API,
    ],
    [
      "a page with 404 at a base without /api",
      "https://ona.example",
      { status: 404, headers: html, body: page },
      foreign(404),
      NO_API,
    ],
    [
      "a 404 without a page at a base without /api",
      "https://ona.example",
      { status: 404, body: Buffer.from("not found") },
      "answered with HTTP 404",
      NO_API,
    ],
    [
      "a redirect at a base without /api",
      "https://ona.example",
      { status: 302, headers: { location: "/login" } },
      "answered with a redirect, which is refused",
      NO_API,
    ],
    [
      "a base that only seems to end in /api",
      "https://ona.example/my-api/v2",
      { status: 404 },
      "answered with HTTP 404",
      NO_API,
    ],
    ["a 404 of nobody", api, { status: 404, body: Buffer.from("") }, "answered with HTTP 404", CHECK_BASE],
    [
      "a 403 in plain text",
      api,
      { status: 403, body: Buffer.from("denied") },
      "answered with HTTP 403",
      AGAIN,
    ],
    [
      "JSON that is another's",
      api,
      { status: 403, body: Buffer.from('{"error":"<html>"}') },
      "answered with HTTP 403",
      AGAIN,
    ],
    [
      "200 with other JSON",
      api,
      { status: 200, body: Buffer.from('{"code":"not_found"}') },
      "did not answer as the platform does",
      CHECK_BASE,
    ],
  ])("%s", async (_, base, answer, what, hint) => {
    const error = await failureOf(scripted(answer).http, base);
    expect(error).toBeInstanceOf(Outage);
    expect([error.message, error.hint]).toEqual([`the platform at ona.example:443 ${what}`, hint]);
  });

  it.each(["unauthenticated", "permission_denied", "not_found", "invalid_argument", "failed_precondition"])(
    "the platform's own %s is a refusal, also where something calls it a page",
    async (code) => {
      const body = Buffer.from(JSON.stringify({ code, message: "<html>c4nary" }));
      const { http } = scripted({ status: 403, headers: html, body });
      const error = await failureOf(http, api);
      expect(error).toBeInstanceOf(Refusal);
      expect(error.message).toBe(
        `the platform answered IdentityService/GetAuthenticatedIdentity with ${code}`,
      );
    },
  );
});
