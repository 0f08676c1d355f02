// A program for silence-libraries.test.ts: libraries talk before, during and after a silence, our own output too, and a
// child of the process says what it was given. Everything goes to real streams.

import { spawnSync } from "node:child_process";
import { createOutput } from "../../../src/edge/output.ts";
import { withSilentLibraries } from "../../../src/edge/silence-libraries.ts";

const out = createOutput(process.env);
const librariesTalk = (when: string): void => {
  for (const method of ["debug", "error", "info", "log", "trace", "warn"] as const) console[method](when);
  process.emitWarning(when);
};
const childSays = (): string => {
  const script =
    "const { HOME, GOOGLE_SDK_NODE_LOGGING: g } = process.env; process.stdout.write(HOME + ' ' + g)";
  return spawnSync(process.execPath, ["-e", script], { env: process.env, encoding: "utf8" }).stdout;
};

await withSilentLibraries("/its/home", async () => {
  librariesTalk("during");
  out.line(`ours during: ${childSays()}`);
  await new Promise((resolve) => setTimeout(resolve, 20));
});
out.line(`ours after: ${childSays()}`);
out.warn("our warning after");
librariesTalk("after");
