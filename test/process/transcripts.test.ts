// Every script of fixtures/transcripts, against the bundle and the executable, and any other build that is asked for: one
// suite, run unchanged.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { buildsUnderTest } from "../support/builds.ts";
import { parseTranscript } from "../support/transcript.ts";
import { appliesTo, runTranscript } from "../support/transcript-run.ts";

const folder = new URL("../../fixtures/transcripts/", import.meta.url);
const transcripts = readdirSync(folder)
  .filter((file) => file.endsWith(".txt"))
  .sort()
  .map((file) => parseTranscript(file, readFileSync(new URL(file, folder), "utf8")));

it("there is a build to test", () => {
  expect(buildsUnderTest()).not.toEqual([]);
});

for (const build of buildsUnderTest()) {
  describe.concurrent(build.name, () => {
    for (const transcript of transcripts) {
      it.skipIf(!appliesTo(transcript, build))(`${transcript.file}: ${transcript.title}`, async () => {
        expect(build.present, `${build.name} was not built`).toBe(true);
        await runTranscript(transcript, build);
      });
    }
  });
}
