// The redirects that are followed, once, and all those that are not.

import { describe, expect, it } from "vitest";
import type { HttpResponse } from "../../../../src/edge/http.ts";
import { endpointOf } from "../../edge/hostile-server.ts";
import { call, METHOD, scripted } from "./calling.ts";

describe("redirects", () => {
  const path = `/api/${METHOD}`;
  const to = (location: string, status = 307): Partial<HttpResponse> => ({
    status,
    headers: { location },
    body: Buffer.alloc(0),
  });

  it.each<[string, string, string, string]>([
    ["the same host", "https://ona.example/api", `https://ona.example${path}`, "https://ona.example"],
    ["the same host by path", "https://ona.example/api", path, "https://ona.example"],
    [
      "the same host and port",
      "https://ona.example:8443/api",
      `https://ona.example:8443${path}`,
      "https://ona.example:8443",
    ],
    [
      "the default port, spelt out",
      "https://ona.example/api",
      `https://ona.example:443${path}`,
      "https://ona.example",
    ],
    [
      "the vendor's other name",
      "https://app.ona.com/api",
      `https://app.gitpod.io${path}`,
      "https://app.gitpod.io",
    ],
    ["and back", "https://app.gitpod.io/api", `https://app.ona.com${path}`, "https://app.ona.com"],
  ])("followed once: %s", async (_, base, location, origin) => {
    for (const status of [307, 308]) {
      const { http, sent } = scripted(to(location, status), {});
      expect(await call(http, base)).toEqual({ end: "answer", waits: [] });
      expect(sent.map(({ endpoint }) => endpoint.origin)).toEqual([endpointOf(base).origin, origin]);
      expect(sent[1]).toMatchObject({ method: "POST", path, body: "{}" });
    }
  });

  it.each<[string, string, string]>([
    ["another host", "https://ona.example/api", `https://evil.example${path}`],
    ["another port", "https://ona.example/api", `https://ona.example:8443${path}`],
    ["plain http", "https://ona.example/api", `http://ona.example${path}`],
    ["plain http to loopback", "http://127.0.0.1:80/api", `http://127.0.0.1${path}`],
    ["another path", "https://ona.example/api", "https://ona.example/other"],
    ["a query", "https://ona.example/api", `https://ona.example${path}?x=1`],
    ["user info", "https://ona.example/api", `https://user@ona.example${path}`],
    ["host and backslash", "https://ona.example/api", `https://ona.example\\@evil.example${path}`],
    ["no scheme", "https://ona.example/api", `//evil.example${path}`],
    ["no scheme, three slashes", "https://ona.example/api", `///evil.example${path}`],
    ["a relative path", "https://ona.example/api", METHOD],
    ["nowhere", "https://ona.example/api", ""],
    ["the vendor from another base", "https://ona.example/api", `https://app.ona.com${path}`],
    ["another base from the vendor", "https://app.ona.com/api", `https://ona.example${path}`],
    ["a name below the vendor's", "https://app.ona.com/api", `https://x.app.gitpod.io${path}`],
    ["the vendor's other name over http", "https://app.ona.com/api", `http://app.gitpod.io${path}`],
    [
      "the vendor's other name at another port",
      "https://app.ona.com/api",
      `https://app.gitpod.io:8443${path}`,
    ],
  ])("refused: %s", async (_, base, location) => {
    const { http, sent } = scripted(to(location), {});
    expect(await call(http, base)).toEqual({ end: "outage platform-redirect", waits: [] });
    expect(sent).toHaveLength(1);
  });

  it.each([300, 301, 302, 303, 304, 305, 306, 399])("refused: %i", async (status) => {
    const { http, sent } = scripted(to(`https://ona.example${path}`, status), {});
    expect((await call(http, "https://ona.example/api")).end).toBe("outage platform-redirect");
    expect(sent).toHaveLength(1);
  });

  it("the second one", async () => {
    const same = to(path);
    const { http, sent } = scripted(same, same, {});
    expect((await call(http, "https://ona.example/api")).end).toBe("outage platform-redirect");
    expect(sent).toHaveLength(2);
  });

  it("does not use up a retry, and the retries go where it led", async () => {
    const busy = { status: 503, body: Buffer.alloc(0) };
    const { http, sent } = scripted(to(`https://app.gitpod.io${path}`), busy, busy, {});
    expect((await call(http, "https://app.ona.com/api")).end).toBe("answer");
    expect(sent.map(({ endpoint }) => endpoint.host)).toEqual([
      "app.ona.com",
      ...Array(3).fill("app.gitpod.io"),
    ]);
  });
});
