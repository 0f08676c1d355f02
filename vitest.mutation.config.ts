import { defineConfig } from "vitest/config";

// What `npm run mutation` runs for every mutant: the unit tests of core/ and store/ that stay in one process and read no source.
export default defineConfig({
  test: {
    include: ["test/unit/{core,store}/**/*.test.ts"],
    exclude: ["test/unit/core/failure-messages.test.ts", "test/unit/store/{processes,umask}.test.ts"],
    testTimeout: 30_000,
  },
});
