// What the environment says of its secrets beside their list: hostile and odd answers are no reason to fail.

import { describe, expect, it } from "vitest";
import { parseEnvironmentDetails } from "../../../src/core/environment-details.ts";

const environment = (secret: unknown, state?: unknown): unknown => ({
  environment: {
    spec: { secrets: [secret] },
    ...(state === undefined ? {} : { status: { secrets: [state] } }),
  },
});
const secret = {
  id: "1",
  name: "TEAM",
  sourceRef: "r1",
  session: "s2",
  containerRegistryBasicAuthHost: "https://ghcr.io/acme",
};
const plain = {
  ref: "r1",
  name: "TEAM",
  host: "https://ghcr.io/acme",
  propagating: false,
  failure: "",
  isProxied: false,
};

describe("a secret", () => {
  it.each<[string, unknown, unknown, object]>([
    ["without a state", secret, undefined, {}],
    ["in step", secret, { id: "1", session: "s2" }, {}],
    ["behind", secret, { id: "1", session: "s1" }, { propagating: true }],
    ["of which another one is behind", secret, { id: "2", session: "s1" }, {}],
    ["with a state without a session", secret, { id: "1" }, {}],
    ["with a state of no id", { ...secret, id: "" }, { id: "", session: "s1" }, {}],
    [
      "failed",
      secret,
      { id: "1", session: "s2", phase: "CONTENT_PHASE_FAILED", failureMessage: "no" },
      { failure: "no" },
    ],
    [
      "failed without a word",
      secret,
      { id: "1", phase: "CONTENT_PHASE_FAILED" },
      { failure: "no reason is given" },
    ],
    ["ready", secret, { id: "1", phase: "CONTENT_PHASE_READY", failureMessage: "old" }, {}],
    ["of a phase that nobody knows", secret, { id: "1", phase: 99 }, {}],
    ["by proxy", { ...secret, credentialProxy: {} }, undefined, { isProxied: true }],
    ["without sourceRef", { ...secret, sourceRef: undefined }, undefined, { ref: "1" }],
  ])("%s", (_, one, state, more) => {
    expect(parseEnvironmentDetails(environment(one, state))).toEqual([{ ...plain, ...more }]);
  });

  it.each<[string, unknown]>([
    ["no secret", null],
    ["text", "x"],
    ["another mount", { id: "1", name: "X", filePath: "/x" }],
    ["a host of another type", { ...secret, containerRegistryBasicAuthHost: 5 }],
    ["neither id nor sourceRef", { ...secret, id: "", sourceRef: "" }],
  ])("%s is left out", (_, one) => {
    expect(parseEnvironmentDetails(environment(one))).toEqual([]);
  });
});

it.each<[string, unknown]>([
  ["nothing", undefined],
  ["an array", []],
  ["another answer", { secrets: [] }],
  ["an environment of text", { environment: "x" }],
])("%s is no answer", (_, value) => {
  expect(parseEnvironmentDetails(value)).toBeUndefined();
});

it.each<[string, unknown]>([
  ["no spec", { environment: {} }],
  ["secrets of another type", { environment: { spec: { secrets: {} }, status: { secrets: "x" } } }],
  ["a spec of text", { environment: { spec: "x", status: [] } }],
])("%s: no secrets", (_, value) => {
  expect(parseEnvironmentDetails(value)).toEqual([]);
});
