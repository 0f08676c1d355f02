// The stand-in platform as a program: `node test/stand-ins/platform/main.ts [--port N] [--state FILE] [--key FILE --cert FILE]`.
// Prints one JSON line when it is up, then nothing; it must never listen on anything but loopback.

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { ids } from "./ids.ts";
import type { PlatformSeed } from "./seed.ts";
import { startPlatform } from "./stand-in.ts";
import { defaultTokens } from "./state.ts";

/** What there is to play with when no state file is given. */
const exampleSeed: PlatformSeed = {
  secrets: [{ name: "TEAM_REGISTRY", host: "registry.example.test", value: "demo-user:demo:pass" }],
};

const { values } = parseArgs({
  options: {
    port: { type: "string" },
    state: { type: "string" },
    key: { type: "string" },
    cert: { type: "string" },
  },
});

const { state, key, cert } = values;
const seed = state === undefined ? exampleSeed : (JSON.parse(readFileSync(state, "utf8")) as PlatformSeed);
const tls =
  key === undefined || cert === undefined
    ? {}
    : { tls: { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") } };
const platform = await startPlatform({ seed, port: Number(values.port ?? 0), admin: true, ...tls });

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void platform.close());
}
const tokens = Object.fromEntries((seed.tokens ?? defaultTokens).map(({ label, token }) => [label, token]));
const { baseUrl, adminUrl } = platform;
console.log(JSON.stringify({ baseUrl, adminUrl, environmentId: ids.environment, tokens }));
