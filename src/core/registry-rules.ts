// The `registries` of the configuration: which rule a registry falls under. An exact key beats a pattern, fewer
// wildcards beat more, and `*` stands for exactly one label.

import {
  type CloudRegistry,
  clouds,
  type IdentityChoice,
  isProvider,
  type Provider,
  providerOf,
  providers,
  recognizeCloud,
} from "./clouds/clouds.ts";
import type { Fields } from "./config-fields.ts";
import { InvalidInput } from "./failures.ts";
import { kindOf } from "./identity.ts";
import { parseRegistry, type RegistryRef } from "./registry.ts";

export type RuleSource = "platform" | Provider | "none";

export interface RegistryRule {
  /** Canonical key, or a pattern of canonical labels. */
  readonly pattern: string;
  readonly wildcards: number;
  readonly source: RuleSource;
  readonly identity: IdentityChoice | undefined;
  readonly onFailure: "fail" | "anonymous";
  /** The cloud registry that a vanity name stands for. */
  readonly aliasOf: CloudRegistry | undefined;
}

/** The rule for `ref`, or undefined. A pattern that mints holds only for registries of that cloud. */
export function ruleFor(rules: readonly RegistryRule[], ref: RegistryRef): RegistryRule | undefined {
  if (ref.kind !== "registry") return undefined;
  for (const rule of rules) {
    if (rule.wildcards === 0 ? rule.pattern === ref.key : patternHolds(rule, ref)) return rule;
  }
  return undefined;
}

export function parseRules(registries: Fields): readonly RegistryRule[] {
  const rules = registries.keys.map((key) => parseRule(key, registries));
  const seen = new Map<string, string>();
  for (const [index, rule] of rules.entries()) {
    const key = registries.keys[index] ?? "";
    const twin = seen.get(rule.pattern);
    if (twin !== undefined)
      throw new InvalidInput(`${registries.name(key)} and ${registries.name(twin)} name one registry`);
    seen.set(rule.pattern, key);
  }
  return rules.toSorted((a, b) => a.wildcards - b.wildcards);
}

function parseRule(key: string, registries: Fields): RegistryRule {
  const name = registries.name(key);
  const pattern = canonicalPattern(key);
  if (pattern === undefined) throw new InvalidInput(`${name} is not a registry or a pattern of one`);
  const wildcards = pattern.split("*").length - 1;
  const fields = registries.object(key);
  const rule: RegistryRule = {
    pattern,
    wildcards,
    source: fields.choice<RuleSource>("source", ["platform", ...providers(), "none"], "platform"),
    identity: fields.has("identity") ? parseIdentity(fields.object("identity")) : undefined,
    onFailure: fields.choice("onFailure", ["fail", "anonymous"], "fail"),
    aliasOf: parseAlias(fields, wildcards),
  };
  fields.end();
  checkMeaning(rule, name);
  return rule;
}

function checkMeaning(rule: RegistryRule, name: string): void {
  const { source, aliasOf, identity } = rule;
  const clouds = aliasOf === undefined ? possibleClouds(rule) : [aliasOf];
  if (isProvider(source) && !clouds.some((cloud) => providerOf(cloud) === source)) {
    throw new InvalidInput(
      `${name}.source is ${source}, but the name is no such cloud registry and aliasOf names none`,
    );
  }
  if (identity === undefined || clouds.length === 0) return;
  const own = clouds.filter((cloud) => providerOf(cloud) === kindOf(identity).provider);
  if (own.length === 0)
    throw new InvalidInput(`${name}.identity does not belong to the cloud of this registry`);
  const partition = "roleArn" in identity ? identity.roleArn.split(":")[1] : undefined;
  const fits = own.some((cloud) => partition === undefined || partitionOfCloud(cloud) === partition);
  if (!fits) throw new InvalidInput(`${name}.identity: role and registry are of different partitions`);
}

/** Undefined where a cloud has none. ECR Public exists in the commercial partition only. */
function partitionOfCloud(cloud: CloudRegistry): string | undefined {
  switch (cloud.kind) {
    case "ecr":
      return cloud.partition;
    case "ecr-public":
      return "aws";
    case "gar":
      return undefined;
  }
}

function parseAlias(fields: Fields, wildcards: number): CloudRegistry | undefined {
  const text = fields.text("aliasOf", () => true, "");
  if (text === undefined) return undefined;
  if (wildcards > 0)
    throw new InvalidInput(`${fields.name("aliasOf")} needs an exact registry, not a pattern`);
  const ref = parseRegistry(text);
  const cloud = ref === undefined ? undefined : recognizeCloud(ref);
  if (cloud === undefined)
    throw new InvalidInput(`${fields.name("aliasOf")} is not a recognised cloud registry`);
  return cloud;
}

function parseIdentity(fields: Fields): IdentityChoice {
  const identity = readIdentity(fields);
  fields.end();
  return identity;
}

function readIdentity(fields: Fields): IdentityChoice {
  for (const cloud of Object.values(clouds())) {
    const identity = cloud.readIdentity(fields);
    if (identity !== undefined) return identity;
  }
  // A misspelt key is named before what is missing because of it.
  if (!fields.has("oidc")) fields.end();
  if (!fields.has("oidc"))
    throw new InvalidInput(`${fields.path} must name profile, roleArn, oidc or serviceAccount`);
  return readOidc(fields.object("oidc"));
}

function readOidc(fields: Fields): IdentityChoice {
  const found: IdentityChoice[] = [];
  for (const cloud of Object.values(clouds())) {
    const identity = cloud.readOidc(fields, found.length === 0);
    if (identity !== undefined) found.push(identity);
  }
  fields.end();
  const [identity, another] = found;
  if (identity === undefined || another !== undefined) {
    throw new InvalidInput(`${fields.path} must name either roleArn or workloadIdentityProvider`);
  }
  return identity;
}

function canonicalPattern(key: string): string | undefined {
  if (!key.includes("*")) {
    const ref = parseRegistry(key);
    return ref?.kind === "registry" ? ref.key : undefined;
  }
  // `*` is no character of a label, so a label of our own stands in for it while the rest is checked.
  if (key.includes(STAND_IN)) return undefined;
  const labels = key.split(/(?=[.:/])|(?<=[.:/])/);
  if (labels.some((label) => label.includes("*") && label !== "*")) return undefined;
  const ref = parseRegistry(key.replaceAll("*", STAND_IN));
  return ref?.kind === "registry" ? ref.key.replaceAll(STAND_IN, "*") : undefined;
}

const STAND_IN = "wildcard0label";

function patternHolds(rule: RegistryRule, ref: RegistryRef): boolean {
  const want = rule.pattern.split(".");
  const have = ref.key.split(".");
  if (want.length !== have.length || !want.every((label, index) => labelHolds(label, have[index] ?? "")))
    return false;
  if (!isProvider(rule.source)) return true;
  const cloud = recognizeCloud(ref);
  return cloud !== undefined && providerOf(cloud) === rule.source;
}

/** The last label may carry the port: `*:5000`. */
function labelHolds(want: string, have: string): boolean {
  if (want === "*") return !have.includes(":");
  if (want.slice(0, 2) === "*:") return have.slice(have.indexOf(":")) === want.slice(1);
  return want === have;
}

/** The clouds that a rule's name can mean: one for an exact name, perhaps several for a pattern. */
function possibleClouds(rule: RegistryRule): readonly CloudRegistry[] {
  const labels = rule.pattern.split(".");
  const shapes =
    rule.wildcards === 0 ? [labels] : cloudShapes().filter((shape) => shape.length === labels.length);
  return shapes
    .map((shape) => labels.map((label, index) => (label === "*" ? shape[index] : label)).join("."))
    .map((key) => recognizeCloud({ key, kind: "registry" }))
    .filter((cloud) => cloud !== undefined);
}

/** A pattern that fits one of these hosts, with its wildcards filled in, can mean its cloud. */
const cloudShapes = (): readonly (readonly string[])[] =>
  Object.values(clouds()).flatMap((cloud) => cloud.hostOfEveryShape().map((host) => host.split(".")));
