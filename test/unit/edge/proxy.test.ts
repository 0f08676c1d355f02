// Which proxy a request takes: a table of targets and variables, the hostile rows being those where a credential would
// go the wrong way.

import { describe, expect, it } from "vitest";
import { isMetadataAddress, proxyFor } from "../../../src/edge/proxy.ts";
import { endpointOf } from "./hostile-server.ts";

type Env = Record<string, string>;
const P = "http://proxy.example:3128";
const via = (env: Env, url: string): string | undefined => proxyFor(env, endpointOf(url))?.url;

describe("which variable", () => {
  it.each<[Env, string, string | undefined]>([
    [{}, "https://a.example", undefined],
    [{ HTTPS_PROXY: P }, "https://a.example", P],
    [{ https_proxy: P }, "https://a.example", P],
    [{ https_proxy: "http://low", HTTPS_PROXY: "http://high" }, "https://a.example", "http://low"],
    [{ https_proxy: "", HTTPS_PROXY: P }, "https://a.example", P],
    [{ HTTP_PROXY: P, http_proxy: P, ALL_PROXY: P, all_proxy: P }, "https://a.example", undefined],
    [{ HTTPS_PROXY: "proxy.example:3128" }, "https://a.example", P],
    [{ HTTPS_PROXY: ` ${P}\n` }, "https://a.example", P],
    [{ https_proxy: " \t", HTTPS_PROXY: P }, "https://a.example", P],
    [{ HTTPS_PROXY: " \r\n" }, "https://a.example", undefined],
    [{ HTTPS_PROXY: P, no_proxy: " ", NO_PROXY: "\ta.example " }, "https://a.example", undefined],
    [{ HTTPS_PROXY: "https://proxy.example" }, "https://a.example", "https://proxy.example"],
    [{ HTTPS_PROXY: "user:pass@proxy.example:1" }, "https://a.example", "http://user:pass@proxy.example:1"],
    [{ HTTP_PROXY: P }, "http://a.example", P],
    [{ HTTPS_PROXY: P }, "http://a.example", undefined],
  ])("%j for %s", (env, url, expected) => expect(via(env, url)).toBe(expected));
});

describe("never through a proxy, whatever the variables say", () => {
  const env = { HTTPS_PROXY: P, https_proxy: P, HTTP_PROXY: P, http_proxy: P, NO_PROXY: "", no_proxy: "" };

  it.each([
    "http://127.0.0.1:8080",
    "http://127.9.9.9",
    "https://localhost",
    "https://LOCALHOST.:8443",
    "http://[::1]:1",
    "http://169.254.169.254",
    "http://169.254.170.2",
    "http://169.254.170.23",
    "http://[fd00:ec2::254]",
    "http://[fd00:ec2::23]",
    "http://metadata.google.internal",
    "http://metadata.google.internal.",
    "http://metadata",
    "https://METADATA.google.internal",
  ])("%s", (url) => expect(via(env, url)).toBeUndefined());

  it.each([
    "http://169.254.169.253",
    "http://metadata.google.internal.evil.example",
    "http://xmetadata",
    "http://128.0.0.1",
  ])("%s is like any other", (url) => expect(via(env, url)).toBe(P));

  it("only an address is a metadata address: a name could lead anywhere", () => {
    expect(["169.254.169.254", "fd00:ec2::254"].every(isMetadataAddress)).toBe(true);
    expect(
      ["metadata.google.internal", "metadata", "169.254.169.254.nip.io", ""].some(isMetadataAddress),
    ).toBe(false);
  });
});

describe("NO_PROXY names it", () => {
  it.each([
    ["*", "https://a.example"],
    ["a.example", "https://a.example"],
    ["A.Example", "https://a.example"],
    ["a.example.", "https://a.example"],
    ["example", "https://a.example"],
    [".example", "https://a.example"],
    ["*.example", "https://a.example"],
    ["a.example", "https://b.a.example"],
    [".a.example", "https://b.a.example"],
    ["x.example,a.example", "https://a.example"],
    [" x.example ,  a.example ", "https://a.example"],
    ["x.example a.example", "https://a.example"],
    ["a.example:443", "https://a.example"],
    ["a.example:8443", "https://a.example:8443"],
    ["example:8443", "https://a.example:8443"],
    ["10.0.0.1", "https://10.0.0.1"],
    ["10.0.0.0/8", "https://10.200.3.4"],
    ["10.0.0.1/32", "https://10.0.0.1"],
    ["0.0.0.0/0", "https://10.200.3.4"],
    ["10.0.0.1:8443", "https://10.0.0.1:8443"],
    ["2001:db8::1", "https://[2001:db8::1]"],
    ["[2001:db8::1]", "https://[2001:db8::1]"],
    ["[2001:db8::1]:8443", "https://[2001:db8::1]:8443"],
    ["2001:db8::/32", "https://[2001:db8:1::1]"],
    ["[2001:db8::]/32", "https://[2001:db8:1::1]"],
    [".internal,169.254.0.0/16,app.gitpod.io,.amazonaws.com", "https://app.gitpod.io"],
    [".internal,169.254.0.0/16,app.gitpod.io,.amazonaws.com", "https://api.ecr.eu-central-1.amazonaws.com"],
  ])("%j for %s", (noProxy, url) => {
    expect(via({ HTTPS_PROXY: P, NO_PROXY: noProxy }, url)).toBeUndefined();
    expect(via({ HTTPS_PROXY: P, no_proxy: noProxy }, url)).toBeUndefined();
  });
});

describe("NO_PROXY does not name it", () => {
  it.each([
    ["", "https://a.example"],
    [",,  ,", "https://a.example"],
    ["xample", "https://a.example"],
    ["a.example", "https://ba.example"],
    [".a.example", "https://xa.example"],
    ["b.a.example", "https://a.example"],
    ["a.example.com", "https://a.example"],
    ["a.*", "https://a.example"],
    ["a.example:443", "https://a.example:8443"],
    ["a.example:8443", "https://a.example"],
    ["https://a.example", "https://a.example"],
    ["10.0.0.0/8", "https://11.0.0.1"],
    ["10.0.0.0/8", "https://10.example"],
    ["10.0.0.0/33", "https://10.0.0.1"],
    ["10.0.0/8", "https://10.0.0.1"],
    ["0.0.0.1", "https://10.0.0.1"],
    [".0.0.1", "https://10.0.0.1"],
    ["1", "https://10.0.0.1"],
    ["::/0", "https://10.0.0.1"],
    ["0.0.0.0/0", "https://[2001:db8::1]"],
    ["2001:db8::/32", "https://[2001:db9::1]"],
    ["2001:db8::/129", "https://[2001:db8::1]"],
    ["/8", "https://10.0.0.1"],
    ["gitpod.io.evil.example", "https://app.gitpod.io"],
  ])("%j for %s", (noProxy, url) => expect(via({ HTTPS_PROXY: P, NO_PROXY: noProxy }, url)).toBe(P));

  it("an empty no_proxy gives way to NO_PROXY, as with the others", () => {
    expect(via({ HTTPS_PROXY: P, no_proxy: "", NO_PROXY: "a.example" }, "https://a.example")).toBeUndefined();
    expect(via({ HTTPS_PROXY: P, no_proxy: "b.example", NO_PROXY: "a.example" }, "https://a.example")).toBe(
      P,
    );
  });
});
