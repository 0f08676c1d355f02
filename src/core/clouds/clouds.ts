// The clouds whose registries take a token that we mint, in one table. A provider more in `CloudRegistries`, and the
// compiler names every place where something has to be decided for it.

import type { Fields } from "../config-fields.ts";
import type { FailureCode } from "../failures.ts";
import type { RegistryRef } from "../registry.ts";
import { type AwsIdentity, aws, type EcrRegistry } from "./aws.ts";
import { type GarRegistry, type GoogleIdentity, google } from "./google.ts";

/** By provider, named as `source` of a registry's entry names it: what a registry's host says. */
export interface CloudRegistries {
  readonly ecr: EcrRegistry;
  readonly gar: GarRegistry;
}

export type Provider = keyof CloudRegistries;

/** A registry of a cloud, recognised from the whole key; with a port it is an ordinary registry. */
export type CloudRegistry = CloudRegistries[Provider];

/** By provider: whose identity a token is minted with, as the configuration says it. */
export type Identities = ForEach<{ readonly ecr: AwsIdentity; readonly gar: GoogleIdentity }>;

type ForEach<Kinds extends Readonly<Record<Provider, { readonly kind: string }>>> = Kinds;

export type IdentityChoice = Identities[Provider];

/** What is known of a cloud without asking anybody. */
interface Cloud<P extends Provider> {
  readonly name: string;
  /** How the codes of its failures begin. */
  readonly codes: FailurePrefix;
  /** The user name of every token. */
  readonly tokenUser: string;
  recognize(host: string): CloudRegistries[P] | undefined;
  /** One host of every shape that is recognised. */
  hostOfEveryShape(): readonly string[];
  /** Reads the keys of `identity` that are this cloud's, but for `oidc`. */
  readIdentity(fields: Fields): Identities[P] | undefined;
  /** The same below `identity.oidc`; `isAlone`: no cloud before this one found its own key there. */
  readOidc(fields: Fields, isAlone: boolean): Identities[P] | undefined;
  /** When a token ends that somebody logged in with, in milliseconds since 1970. */
  tokenEndMs(password: string, madeAtMs: number): number;
}

/** Each cloud has these codes at least. */
type FailurePrefix = PrefixOf<FailureCode, "-no-credentials"> & PrefixOf<FailureCode, "-unreachable">;
type PrefixOf<Code, End extends string> = Code extends `${infer Prefix}${End}` ? Prefix : never;

export const clouds = (): { readonly [P in Provider]: Cloud<P> } => ({ ecr: aws(), gar: google() });

export const providers = (): readonly Provider[] => Object.keys(clouds()).filter(isProvider);

export function isProvider(text: string): text is Provider {
  return Object.hasOwn(clouds(), text);
}

/** The cloud registry that `ref` is, or undefined for every other registry, look-alikes included. */
export function recognizeCloud(ref: RegistryRef): CloudRegistry | undefined {
  if (ref.kind !== "registry") return undefined;
  for (const cloud of Object.values(clouds())) {
    const registry = cloud.recognize(ref.key);
    if (registry !== undefined) return registry;
  }
  return undefined;
}

/** Whose registry it is. */
export function providerOf({ kind }: Pick<CloudRegistry, "kind">): Provider {
  switch (kind) {
    case "ecr":
    case "ecr-public":
      return "ecr";
    case "gar":
      return "gar";
  }
}
