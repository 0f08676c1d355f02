// The version and the build details; esbuild puts the details in.

declare const __BUILD__: { readonly version: string; readonly details: string } | undefined;

const build =
  typeof __BUILD__ === "undefined" ? { version: "0.0.0-source", details: "from source" } : __BUILD__;

export const VERSION = build.version;
export const BUILD_DETAILS = build.details;
