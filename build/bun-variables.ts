// The environment variables that Bun, its engine and its libraries know, and what becomes of each. A user's environment, or
// that of a directory's tools, must not change what a credential helper is: with BUN_BE_BUN=1 it is the bun command line,
// BUN_OPTIONS loads a file first, BUN_INSPECT opens a debugger's port, BUN_BYTECODE_DIGEST_OUT replaces a file.

import { closeVariables, type VariableRules } from "./variables.ts";

const rules: VariableRules = {
  prefixes: ["BUN_", "NODE_", "JSC_", "WTF_", "SIMDUTF_", "MIMALLOC_", "OPENSSL_", "UV_", "ICU_"],
  open: [
    [
      "constants and messages of Node's interface, no variables",
      "NODE_HANDLE*",
      "NODE_CLUSTER",
      "NODE_MODULES",
    ],
    [
      "constants in headers and of node:perf_hooks",
      "NODE_API_*",
      "NODE_PERFORMANCE_*",
      "NODE_MODULE_VERSION",
    ],
    ["constants of libuv", "UV_E*", "UV_DIRENT_*", "UV_FS_*", "UV_UDP_*", "UV_"],
    ["constants of BoringSSL", "OPENSSL_internal", "OPENSSL_VERSION_NUMBER", "OPENSSL_"],
    ["names in Bun's own scripts", "BUN_FFI_*", "BUN_WORKER_*", "BUN_PLUGIN_NAME", "NODE_"],
    ["messages about variables that machine code compares letter by letter, see SECURITY.md", "BUN_JSC_"],
    ["says nothing to this program, and Bun's bundler knows it by this text", "NODE_ENV"],
  ],
  texts: [
    [
      "asked for by scripts of the runtime, in process.env, from which main.ts has taken them by then",
      ...[
        "BUN_DISABLE_DYNAMIC_CHUNK_SIZE",
        "BUN_ENV",
        "BUN_FEATURE_FLAG_VERBOSE_WARNINGS",
        "BUN_INSPECT_NOTIFY",
      ],
      ...["BUN_INTERNAL_WEBVIEW_HOST", "BUN_TEST_DRAIN_EVENT_LOOP", "NODE_CHANNEL_FD"],
      ...["NODE_CLUSTER_SCHED_POLICY", "NODE_DEBUG", "NODE_DISABLE_COLORS", "NODE_EXTRA_CA_CERTS"],
      ...["NODE_NO_READLINE", "NODE_PATH", "NODE_PORT", "NODE_REPL_*", "NODE_TEST_*"],
      ...["NODE_TLS_REJECT_UNAUTHORIZED", "NODE_UNIQUE_ID", "NODE_USE_ENV_PROXY", "NODE_USE_SYSTEM_CA"],
    ],
    [
      "in a list of variables that a test runner takes from its children",
      ...["NODE_COMPILE_CACHE", "NODE_DEBUG_NATIVE", "NODE_ICU_DATA", "NODE_NO_WARNINGS", "NODE_V8_COVERAGE"],
      "OPENSSL_CONF",
    ],
    [
      "in help and messages of commands that are not built in",
      ...["BUN_BYTECODE_ORDER_OUT", "BUN_CHROME_PATH", "BUN_CONFIG_MAX_HTTP_REQUESTS", "BUN_CREATE_DIR*"],
      ...["BUN_DISABLE_TRANSPILER*", "BUN_FEATURE_FLAG_EXPERIMENTAL_*", "BUN_FEATURE_FLAG_NO_ORPHANS"],
      ...["BUN_GC_TIMER_INTERVAL", "BUN_INSPECT_CONNECT_TO", "BUN_INSTALL", "BUN_INSTALL_CACHE_DIR"],
      ...["BUN_INSTALL_WINDOWS_RENAME_RETRY_MS", "BUN_PUBLIC_", "BUN_TMPDIR", "JSC_SIGNAL_FOR_GC"],
      ...["NODE_DISABLE_COMPILE_CACHE", "SIMDUTF_FORCE_IMPLEMENTATION"],
    ],
    ["machine code that takes such names out of a child's environment", "NODE_CHAI9", "NODE_OPTH1"],
  ],
  expected: [
    ...["BUN_BE_BUN", "BUN_OPTIONS", "BUN_INSPECT", "BUN_INSPECT_PRELOAD", "BUN_BYTECODE_ORDER_OUT"],
    ...["BUN_BYTECODE_DIGEST_OUT", "BUN_CRASH_REPORT_URL", "BUN_FEATURE_FLAG_INTERNAL_FOR_TESTING"],
    ...["NODE_CHANNEL_FD", "NODE_EXTRA_CA_CERTS", "NODE_TLS_REJECT_UNAUTHORIZED"],
    ...["JSC_useJIT", "JSC_dumpOptions", "WTF_numberOfProcessorCores"],
  ],
};

/** Changes the bytes of a Bun, for any system. */
export function closeBunVariables(bytes: Buffer): readonly string[] {
  leaveOutCompiler(bytes);
  return closeVariables(bytes, rules);
}

/**
 * The engine's JIT compiler costs a fifth of a warm answer and a quarter of a mint, and does not pay within the life of such
 * a process. JavaScriptCore leaves it out when the variable JavaScriptCoreUseJIT is set and does not begin with a number
 * above 0. In the file PATH is named instead, which a caller has nearly always and which begins otherwise. Without PATH
 * the compiler is there, and all works as well (test/process/runtime-variables.test.ts).
 */
function leaveOutCompiler(bytes: Buffer): void {
  const asked = "\0JavaScriptCoreUseJIT\0";
  const at = bytes.indexOf(asked, 0, "latin1");
  if (at < 0 || bytes.indexOf(asked, at + 1, "latin1") >= 0) {
    throw new Error("JavaScriptCoreUseJIT is not once in the runtime: look at its start again");
  }
  bytes.write("\0PATH".padEnd(asked.length, "\0"), at, "latin1");
}
