// What `doctor` was asked about: codes, registries, images, told apart by their form alone.

import { FAILURE_CODES, type FailureCode, UsageError } from "../../core/failures.ts";
import { FINDING_CODES, type FindingCode } from "../../core/findings.ts";
import { type ImageHome, parseImage } from "../../core/image.ts";
import { nearest } from "../../core/nearest.ts";
import { HUB_KEY, parseRegistry, type RegistryRef } from "../../core/registry.ts";

/** What is to be looked at: a registry, and perhaps an image in it. */
export interface Target {
  /** As it was written, for what is said of its spelling. */
  readonly text: string;
  readonly registry: RegistryRef;
  readonly image: ImageHome | undefined;
  /** Why a helper is never asked in this form, if it is not. */
  readonly misspelt: string | undefined;
}

export interface Operands {
  readonly codes: readonly (FailureCode | FindingCode)[];
  readonly targets: readonly Target[];
}

const CODES: readonly (FailureCode | FindingCode)[] = [...FAILURE_CODES, ...FINDING_CODES];

/** `isKnown`: whether a bare word is a registry of ours. Throws a UsageError. */
export function parseOperands(texts: readonly string[], isKnown: (key: string) => boolean): Operands {
  const codes = new Set<FailureCode | FindingCode>();
  const targets: Target[] = [];
  for (const text of texts) {
    const code = codeIn(text);
    if (code !== undefined) codes.add(code);
    else targets.push(target(text, isKnown));
  }
  return { codes: [...codes], targets };
}

function codeIn(text: string): FailureCode | FindingCode | undefined {
  const bracketed = /^\[(.*)\]$/.exec(text)?.[1];
  const word = (bracketed ?? text).toLowerCase();
  const code = CODES.find((one) => one === word);
  if (code !== undefined) return code;
  // Most images have no such name; a code with a slip of the pen would be looked for on Docker Hub.
  const near =
    /^[a-z]+(?:-[a-z0-9]+)+$/.test(word) || bracketed !== undefined ? nearest(word, CODES) : undefined;
  if (bracketed === undefined && (near === undefined || !isSlip(word, near))) return undefined;
  throw new UsageError(`there is no code ${shown(word)}${near === undefined ? "" : `; ${near} was meant?`}`);
}

const isSlip = (word: string, code: string): boolean => Math.abs(word.length - code.length) <= 1;

function target(text: string, isKnown: (key: string) => boolean): Target {
  const http = /^http:\/\/(.*)$/i.exec(text)?.[1];
  if (http !== undefined) {
    const registry = parseRegistry(http);
    if (registry?.kind === "registry") {
      return { text, registry, image: undefined, misspelt: "a helper never answers for http://" };
    }
  }
  const name = text.replace(/^docker:\/\//i, "");
  const hasScheme = /^(?:https:)?\/\//i.test(name);
  const registry = parseRegistry(name);
  const isHost = registry !== undefined && (hasScheme || isBareHost(name, registry, isKnown));
  if (isHost) return { text, registry, image: undefined, misspelt: undefined };
  const image = hasScheme ? undefined : parseImage(name);
  if (image === undefined) {
    throw new UsageError(`${shown(text)} is no registry, no image and no code of a message`);
  }
  return { text, registry: image.registry, image, misspelt: undefined };
}

/** `ghcr.io`, `localhost`, `registry:5000`, with or without a slash at the end; but `redis:7` and `alpine` are images. */
function isBareHost(text: string, registry: RegistryRef, isKnown: (key: string) => boolean): boolean {
  const [host = "", ...rest] = text.split("/");
  if (rest.some((part) => part !== "")) return /^(?:docker\.io|index\.docker\.io)\/v[12]\/?$/i.test(text);
  if (registry.key === HUB_KEY || isKnown(registry.key)) return true;
  const [name = "", port] = host[0] === "[" ? [host] : host.split(":");
  return /[.[]/.test(name) || name === "localhost" || /^(?:80|443|[0-9]{4,5})$/.test(port ?? "");
}

const shown = (text: string): string => text.replace(/[^\x20-\x7e]+/g, "?").slice(0, 100);
