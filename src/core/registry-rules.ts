// The `registries` of the configuration: which rule a registry falls under. An exact key beats a pattern, fewer
// wildcards beat more, and `*` stands for exactly one label.

import { type Fields, Mistake } from "./config-fields.ts";
import type { IdentityChoice } from "./identity.ts";
import { type CloudRegistry, parseRegistry, type RegistryRef, recognizeCloud } from "./registry.ts";

export type RuleSource = "platform" | "ecr" | "gar" | "none";

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

/** True when the two sources name the same cloud. */
export function isCloudOf(source: RuleSource, cloud: CloudRegistry | undefined): boolean {
  if (source === "gar") return cloud?.kind === "gar";
  return cloud?.kind === "ecr" || cloud?.kind === "ecr-public";
}

export function parseRules(registries: Fields): readonly RegistryRule[] {
  const rules = registries.keys.map((key) => parseRule(key, registries));
  const seen = new Map<string, string>();
  for (const [index, rule] of rules.entries()) {
    const key = registries.keys[index] ?? "";
    const twin = seen.get(rule.pattern);
    if (twin !== undefined)
      throw new Mistake(`${registries.name(key)} and ${registries.name(twin)} name one registry`);
    seen.set(rule.pattern, key);
  }
  return rules.toSorted((a, b) => a.wildcards - b.wildcards);
}

function parseRule(key: string, registries: Fields): RegistryRule {
  const name = registries.name(key);
  const pattern = canonicalPattern(key);
  if (pattern === undefined) throw new Mistake(`${name} is not a registry or a pattern of one`);
  const wildcards = pattern.split("*").length - 1;
  const fields = registries.object(key);
  const rule: RegistryRule = {
    pattern,
    wildcards,
    source: fields.choice("source", ["platform", "ecr", "gar", "none"], "platform"),
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
  if ((source === "ecr" || source === "gar") && !clouds.some((cloud) => isCloudOf(source, cloud))) {
    throw new Mistake(
      `${name}.source is ${source}, but the name is no such cloud registry and aliasOf names none`,
    );
  }
  if (identity === undefined || clouds.length === 0) return;
  const google = identity.kind === "oidc-google" || identity.kind === "impersonate";
  if (!clouds.some((cloud) => (cloud.kind === "gar") === google)) {
    throw new Mistake(`${name}.identity does not belong to the cloud of this registry`);
  }
  const partition = "roleArn" in identity ? identity.roleArn.split(":")[1] : undefined;
  const fits = clouds.some((cloud) => partition === undefined || partitionOfCloud(cloud) === partition);
  if (!fits) throw new Mistake(`${name}.identity: role and registry are of different partitions`);
}

/** ECR Public exists in the commercial partition only. */
function partitionOfCloud(cloud: CloudRegistry): string | undefined {
  if (cloud.kind === "gar") return undefined;
  return cloud.kind === "ecr" ? cloud.partition : "aws";
}

function parseAlias(fields: Fields, wildcards: number): CloudRegistry | undefined {
  const text = fields.text("aliasOf", () => true, "");
  if (text === undefined) return undefined;
  if (wildcards > 0) throw new Mistake(`${fields.name("aliasOf")} needs an exact registry, not a pattern`);
  const ref = parseRegistry(text);
  const cloud = ref === undefined ? undefined : recognizeCloud(ref);
  if (cloud === undefined) throw new Mistake(`${fields.name("aliasOf")} is not a recognised cloud registry`);
  return cloud;
}

const isRole = (text: string): boolean =>
  /^arn:aws[a-z-]*:iam::[0-9]{12}:role\/[\x21-\x7e]{1,512}$/.test(text);
const isEmail = (text: string): boolean => /^[A-Za-z0-9._-]+@[A-Za-z0-9.-]+$/.test(text);
const providerPattern = (): RegExp =>
  /^(?:https:)?(?:\/\/iam\.googleapis\.com\/)?(projects\/[^/\s]+\/locations\/[^/\s]+\/workloadIdentityPools\/[^/\s]+\/providers\/[^/\s]+)$/;
const isPlain = (text: string): boolean => /^[\x20-\x7e]{1,1224}$/.test(text);

function parseIdentity(fields: Fields): IdentityChoice {
  const identity = readIdentity(fields);
  fields.end();
  return identity;
}

function readIdentity(fields: Fields): IdentityChoice {
  const roleArn = fields.text("roleArn", isRole, "must be the ARN of an IAM role");
  if (roleArn !== undefined) {
    const externalId = fields.text("externalId", isPlain, "must be printable text");
    const sessionName = fields.text(
      "sessionName",
      (text) => /^[\w+=,.@-]{2,64}$/.test(text),
      "must be 2 to 64 characters",
    );
    return {
      kind: "role",
      roleArn,
      ...(externalId === undefined ? {} : { externalId }),
      ...(sessionName === undefined ? {} : { sessionName }),
    };
  }
  const profile = fields.text("profile", isPlain, "must be the name of a profile");
  if (profile !== undefined) return { kind: "profile", profile };
  const serviceAccount = fields.text("serviceAccount", isEmail, "must be the address of a service account");
  if (serviceAccount !== undefined) return { kind: "impersonate", serviceAccount };
  // A misspelt key is named before what is missing because of it.
  if (!fields.has("oidc")) fields.end();
  if (!fields.has("oidc"))
    throw new Mistake(`${fields.path} must name profile, roleArn, oidc or serviceAccount`);
  return readOidc(fields.object("oidc"));
}

function readOidc(fields: Fields): IdentityChoice {
  const roleArn = fields.text("roleArn", isRole, "must be the ARN of an IAM role");
  const provider = fields.text(
    "workloadIdentityProvider",
    (text) => providerPattern().test(text),
    "must be projects/…/providers/…",
  );
  const serviceAccount =
    roleArn === undefined
      ? fields.text("serviceAccount", isEmail, "must be the address of a service account")
      : undefined;
  fields.end();
  if ((roleArn === undefined) === (provider === undefined)) {
    throw new Mistake(`${fields.path} must name either roleArn or workloadIdentityProvider`);
  }
  if (roleArn !== undefined) return { kind: "oidc-aws", roleArn };
  return {
    kind: "oidc-google",
    workloadIdentityProvider: providerPattern().exec(provider ?? "")?.[1] ?? "",
    ...(serviceAccount === undefined ? {} : { serviceAccount }),
  };
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
  return rule.source === "platform" || rule.source === "none" || isCloudOf(rule.source, recognizeCloud(ref));
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

/** One host of every shape that is recognised; a pattern that fits one with its wildcards filled in can mean it. */
const cloudShapes = (): readonly (readonly string[])[] =>
  [
    ...[
      "us-east-1.amazonaws.com",
      "us-gov-west-1.amazonaws.com",
      "cn-north-1.amazonaws.com.cn",
      "eusc-de-east-1.amazonaws.eu",
      "us-iso-east-1.c2s.ic.gov",
      "us-isob-east-1.sc2s.sgov.gov",
      "eu-isoe-west-1.cloud.adc-e.uk",
      "us-isof-south-1.csp.hci.ic.gov",
    ].flatMap((place) => [`123456789012.dkr.ecr.${place}`, `123456789012.dkr.ecr-fips.${place}`]),
    ...["us-east-1.on.aws", "us-gov-west-1.on.aws", "cn-north-1.on.amazonwebservices.com.cn"].flatMap(
      (place) => [`123456789012.dkr-ecr.${place}`, `123456789012.dkr-ecr-fips.${place}`],
    ),
    "public.ecr.aws",
    "ecr-public.aws.com",
    "gcr.io",
    "eu.gcr.io",
    "us-docker.pkg.dev",
    "docker.us-east1.rep.pkg.dev",
  ].map((host) => host.split("."));
