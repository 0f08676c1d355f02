// What the runtime takes by itself: executables that load what our program needs, one part after another, and do nothing
// with it. They are made in the same way, and say how much of an answer is not our own code.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { bunVersion, compileWithBun } from "../../build/compile.ts";
import { repository } from "../support/builds.ts";
import { EMPTY, type Group, NOTHING } from "./cases.ts";
import { CACHE } from "./launcher.ts";
import { installed } from "./scene.ts";

const parser = createRequire(import.meta.url)("undici/lib/llhttp/llhttp-wasm.js") as Uint8Array;

/** As the bundle does it (build/bundle.ts); an import is slower. */
const FILES = `process || import("node:fs"); process.getBuiltinModule("node:fs").statSync("/");`;
const NETWORK = `import * as net from "node:net"; net.isIP("");`;
const PARSER = `const parser = Buffer.from("${Buffer.from(parser).toString("base64")}", "base64");`;
const TLS = `import { createSecureContext, rootCertificates } from "node:tls"; import "node:crypto";`;

/** Each with what the one before has. */
const STEPS: readonly (readonly [name: string, imports: string, body: string])[] = [
  ["and Node's files", FILES, ""],
  ["and Node's network", NETWORK, ""],
  ["and the HTTP parser", PARSER, "await WebAssembly.compile(parser);"],
  ["and TLS with the runtime's certificates", TLS, "createSecureContext({ ca: rootCertificates });"],
];

/** An executable of `source`, made once per version of Bun and way of making it. `name` tells it from the others. */
export function bareExecutable(name: string, source: string): string {
  const way = ["compile.ts", "bun-variables.ts", "variables.ts"].map((name) =>
    readFileSync(join(repository, "build", name), "utf8"),
  );
  const mark = createHash("sha256")
    .update([...way, source].join("\0"))
    .digest("hex")
    .slice(0, 12);
  const path = join(CACHE, `${name}-${bunVersion}-${mark}`);
  try {
    execFileSync(path, { stdio: "ignore" });
  } catch {
    const old = readdirSync(CACHE).filter((file) => file.startsWith(`${name}-`));
    for (const file of old) rmSync(join(CACHE, file));
    const entry = `${path}.js`;
    writeFileSync(entry, source);
    compileWithBun(entry, path);
  }
  return path;
}

export function runtimeGroup(): Group {
  const steps = STEPS.map(([name], index) => {
    const parts = STEPS.slice(0, index + 1);
    const source = [
      ...parts.map(([, imports]) => imports),
      ...parts.map(([, , body]) => body),
      "process.exit(0);",
    ];
    return {
      name,
      command: [installed(bareExecutable(`bare${index}`, source.join("\n")), `bare${index}`)],
      ...NOTHING,
    };
  });
  return {
    name: "runtime",
    cases: [
      { name: EMPTY, command: [installed(bareExecutable("empty", ""), "empty")], ...NOTHING },
      ...steps,
    ],
    refresh: async () => undefined,
    close: async () => undefined,
  };
}
