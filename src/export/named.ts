// The registries of `--registry`.

import { UsageError } from "../core/failures.ts";
import { parseRegistry, type RegistryRef } from "../core/registry.ts";

/** Throws a UsageError for what names none. */
export function namedRegistries(texts: readonly string[]): readonly RegistryRef[] {
  return texts.map((text) => {
    const ref = parseRegistry(text.trim());
    if (ref?.kind === "registry") return ref;
    throw new UsageError("--registry needs a host, such as ghcr.io or registry.example.com:5000");
  });
}
