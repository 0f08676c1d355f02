import { describe, expect, it } from "vitest";
import { isKubeletRequest, kubeletResponse, readKubeletRequest } from "../../../src/core/kubelet.ts";
import { Secret } from "../../../src/core/secret.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const request = (more: Record<string, unknown> = {}): string =>
  JSON.stringify({
    apiVersion: "credentialprovider.kubelet.k8s.io/v1",
    kind: "CredentialProviderRequest",
    image: "ghcr.io/team/app",
    ...more,
  });

describe("a request", () => {
  it.each([
    ["as the kubelet writes it", `${request()}\n`],
    ["over several lines", JSON.stringify(JSON.parse(request()), undefined, 2)],
    ["with a byte-order mark", `\uFEFF${request()}`],
    ["with a service account", request({ serviceAccountToken: "t", serviceAccountAnnotations: { a: "b" } })],
    [
      "with annotations of null, as Go writes a map that is none",
      request({ serviceAccountAnnotations: null }),
    ],
    ["with an annotation of null", request({ serviceAccountAnnotations: { a: null } })],
    ["with a token of null", request({ serviceAccountToken: null })],
    ["with null for what only store takes", request({ ServerURL: null })],
    ["with a field of a later kubelet", request({ somethingNew: 1 })],
  ])("%s", (_, text) => {
    expect(readKubeletRequest(bytes(text))).toBe("ghcr.io/team/app");
  });

  it.each([
    ["nothing", "", /empty/],
    ["white space", " \n", /empty/],
    ["a server's name", "ghcr.io", /docker-credential-ona get/],
    ["a server's name with a line end", "https://index.docker.io/v1/\n", /docker-credential-ona get/],
    [
      "what store takes",
      '{"ServerURL":"ghcr.io","Username":"u","Secret":"hush"}',
      /docker-credential-ona store/,
    ],
    ["text", "give me credentials, please", /not JSON/],
    ["half a request", request().slice(0, -1), /not JSON/],
    ["two requests", request() + request(), /not JSON/],
    ["an array", `[${request()}]`, /not one JSON object/],
    ["null", "null", /not one JSON object/],
    [
      "an older version",
      request({ apiVersion: "credentialprovider.kubelet.k8s.io/v1beta1" }),
      /v1beta1.*only/,
    ],
    ["another group", request({ apiVersion: "v1" }), /apiVersion is "v1"/],
    ["no version", request({ apiVersion: undefined }), /apiVersion is missing/],
    ["a version that is a number", request({ apiVersion: 1 }), /apiVersion is not a string/],
    ["another kind", request({ kind: "CredentialProviderResponse" }), /kind is "CredentialProviderResponse"/],
    ["no kind", request({ kind: undefined }), /kind is missing/],
    ["no image", request({ image: undefined }), /names no image/],
    ["an empty image", request({ image: "" }), /names no image/],
    ["an image that is a list", request({ image: ["a"] }), /names no image/],
    ["an image of null", request({ image: null }), /names no image/],
    ["a version of null", request({ apiVersion: null }), /apiVersion is missing/],
    ["a kind of null", request({ kind: null }), /kind is missing/],
    ["a token that is an object", request({ serviceAccountToken: {} }), /serviceAccountToken/],
    [
      "annotations that are a list",
      request({ serviceAccountAnnotations: ["a"] }),
      /serviceAccountAnnotations/,
    ],
    [
      "an annotation that is a number",
      request({ serviceAccountAnnotations: { a: 1 } }),
      /serviceAccountAnnotations/,
    ],
  ])("%s is refused", (_, text, message) => {
    expect(() => readKubeletRequest(bytes(text))).toThrow(message);
  });

  it("is not repeated in a message", () => {
    for (const text of ["hush hush", '{"ServerURL":"x","Secret":"hush"}', request({ image: { hush: 1 } })]) {
      expect(() => readKubeletRequest(bytes(text))).toThrow(/^(?!.*hush)/);
    }
  });

  it.each([
    ["not UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d), /UTF-8/],
    ["too large", new Uint8Array(1024 * 1024 + 1).fill(0x20), /1 MiB/],
  ])("%s is refused", (_, stdin, message) => {
    expect(() => readKubeletRequest(stdin)).toThrow(message);
  });
});

describe("a response", () => {
  const credential = { username: "user", secret: new Secret("hush") };

  it("has what v1 wants and nothing else", () => {
    const text = kubeletResponse("ghcr.io", credential, 21_600_999);
    expect(JSON.parse(text)).toEqual({
      apiVersion: "credentialprovider.kubelet.k8s.io/v1",
      kind: "CredentialProviderResponse",
      cacheKeyType: "Registry",
      cacheDuration: "21600s",
      auth: { "ghcr.io": { username: "user", password: "hush" } },
    });
    expect(text.endsWith("}\n")).toBe(true);
  });

  it("of an unmanaged image has an empty auth", () => {
    expect(JSON.parse(kubeletResponse("ghcr.io", undefined, 0))).toMatchObject({
      auth: {},
      cacheDuration: "0s",
    });
  });

  it("never has a negative duration", () => {
    expect(JSON.parse(kubeletResponse("ghcr.io", credential, -5000)).cacheDuration).toBe("0s");
  });
});

it.each([
  ["a request", request(), true],
  ["a request over several lines", `\n${JSON.stringify(JSON.parse(request()), undefined, 2)}`, true],
  [
    "a request of another version",
    request({ apiVersion: "credentialprovider.kubelet.k8s.io/v1alpha1" }),
    true,
  ],
  ["a server", "ghcr.io", false],
  ["a server with that name in it", "credentialprovider.kubelet.k8s.io/v1", false],
  ["other JSON", '{"ServerURL":"ghcr.io"}', false],
  ["nothing", "", false],
])("isKubeletRequest: %s", (_, text, expected) => {
  expect(isKubeletRequest(bytes(text))).toBe(expected);
});
