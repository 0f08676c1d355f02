// Variables that would change, stop or make talk the runtime under the executable, one of every class that the build
// closes (build/bun-variables.ts, build/node-variables.ts): the answer is the same, nothing is printed, no file is touched. And the engine's
// compiler: left out where the caller has a PATH, and without one everything works with it.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { buildsUnderTest, isExecutable } from "../support/builds.ts";
import { answerFor, type Machine, told } from "../support/machine.ts";
import { machineForTest } from "../support/machine-for-test.ts";

const HOST = "registry.example.test";
const ANSWER = answerFor(HOST, "demo", "c4nary");

/** `{file}`: one with a text in it, which must not change. `{dir}`: an empty directory, which must stay empty. */
const VARIABLES: readonly (readonly [name: string, value: string])[] = [
  ["BUN_BE_BUN", "1"],
  ["BUN_OPTIONS", "--version"],
  ["BUN_INSPECT", "ws://127.0.0.1:0/"],
  ["BUN_INSPECT_PRELOAD", "{file}"],
  ["BUN_BYTECODE_DIGEST_OUT", "{file}"],
  ["BUN_BYTECODE_ORDER_OUT", "{file}"],
  ["BUN_BYTECODE_ORDER_NAMES_OUT", "{file}"],
  ["BUN_CRASH_REPORT_URL", "http://127.0.0.1:9/"],
  ["BUN_TRACE", "{file}"],
  ["BUN_WATCHER_TRACE", "{file}"],
  ["BUN_CONFIG_MAX_HTTP_REQUESTS", "nonsense"],
  ["BUN_CONFIG_VERBOSE_FETCH", "curl"],
  ["BUN_FEATURE_FLAG_NO_ORPHANS", "1"],
  ["BUN_FEATURE_FLAG_SYNTHETIC_MEMORY_LIMIT", "1"],
  ["BUN_RUNTIME_TRANSPILER_CACHE_PATH", "{dir}"],
  ["BUN_THREADPOOL_STATS", "1"],
  ["BUN_TMPDIR", "{dir}"],
  ["NODE_CHANNEL_FD", "1"],
  ["NODE_CHANNEL_FD", "nonsense"],
  ["NODE_COMPILE_CACHE", "{dir}"],
  ["NODE_DEBUG", "http,https,net,tls,module,undici"],
  ["NODE_DEBUG_NATIVE", "CODE_CACHE,SEA"],
  ["NODE_EXTRA_CA_CERTS", "/no/such/file"],
  ["NODE_ICU_DATA", "{dir}"],
  ["NODE_OPTIONS", "--require={file}"],
  ["NODE_PATH", "{dir}"],
  ["NODE_PENDING_DEPRECATION", "1"],
  ["NODE_REDIRECT_WARNINGS", "{file}"],
  ["NODE_REPL_EXTERNAL_MODULE", "{file}"],
  ["NODE_TLS_REJECT_UNAUTHORIZED", "0"],
  ["NODE_UNIQUE_ID", "1"],
  ["NODE_USE_ENV_PROXY", "1"],
  ["NODE_USE_SYSTEM_CA", "1"],
  ["NODE_V8_COVERAGE", "{dir}"],
  ["JSC_PROFILER_PATH", "{dir}"],
  ["JSC_dumpOptions", "2"],
  ["JSC_nonsense", "1"],
  ["JSC_useLLInt", "0"],
  ["WTF_numberOfProcessorCores", "nonsense"],
  ["SIMDUTF_FORCE_IMPLEMENTATION", "nonsense"],
  ["ICU_DATA", "{dir}"],
  ["ICU_TIMEZONE_FILES_DIR", "{dir}"],
  ["OPENSSL_CONF", "{file}"],
  ["OPENSSL_ENGINES", "{dir}"],
  ["OPENSSL_MODULES", "{dir}"],
  ["OPENSSL_ia32cap", "0x0"],
  ["UV_THREADPOOL_SIZE", "0"],
  ["UV_USE_IO_URING", "1"],
];

for (const build of buildsUnderTest().filter(isExecutable)) {
  describe(`the ${build.name} with`, () => {
    let at: Machine;

    beforeEach(async () => {
      at = await machineForTest({ build, secrets: [{ name: "TEAM", host: HOST, value: "demo:c4nary" }] });
      writeFileSync(join(at.cwd, "file"), "a text");
    });

    it.each(VARIABLES)("%s=%s", async (name, value) => {
      const given = value.replace("{file}", join(at.cwd, "file")).replace("{dir}", join(at.cwd, "empty"));
      for (const way of ["cold", "warm"]) {
        const run = await at.get(HOST, { [name]: given });
        expect(told(run), way).toEqual({ stdout: ANSWER, stderr: "", end: 0 });
      }
      expect(readFileSync(join(at.cwd, "file"), "utf8")).toBe("a text");
      expect(readdirSync(at.cwd)).toEqual(["file"]);
    });

    it.each(["BUN_CRASH_REPORT_URL=http://127.0.0.1:9", "BUN_ENABLE_CRASH_REPORTING=1"])(
      "%s and a crash: no curl is run, with our environment or without",
      async (variable) => {
        const [name = "", value = ""] = variable.split("=");
        const curl = join(at.cwd, "curl");
        writeFileSync(curl, `#!/bin/sh\nenv > '${join(at.cwd, "ran")}'\n`, { mode: 0o755 });
        const env = { [name]: value, PATH: `${at.cwd}:/usr/bin:/bin` };
        const run = at.run(["get"], { env, stdinEnd: "held" });
        setTimeout(() => run.kill("SIGSEGV"), 400);
        expect((await run).code).not.toBe(0);
        await wait(300);
        expect(readdirSync(at.cwd).toSorted()).toEqual(["curl", "file"]);
      },
    );

    it.runIf(process.platform === "linux" && build.name === "executable").each([
      ["PATH in the environment: no memory that can be written and executed", true, false],
      ["no PATH: the compiler is there, and the answer is the same", false, true],
    ])("%s", async (_, hasPath, hasCompiler) => {
      await at.platform.apply({ do: "setLatency", latencyMs: 300 });
      let maps = "";
      const run = at.get(HOST, hasPath ? {} : { PATH: undefined });
      setTimeout(() => {
        maps = readFileSync(`/proc/${run.pid}/maps`, "utf8");
      }, 250);
      const { stdout, stderr } = await run;
      expect([stdout, stderr]).toEqual([ANSWER, ""]);
      expect(maps).toContain("docker-credential-ona");
      expect(/^\S+ rwx/m.test(maps)).toBe(hasCompiler);
    });
  });
}
