// The environment variables that Node.js and its libraries know, and what becomes of each in the Node edition:
// OPENSSL_CONF loads a library, NODE_V8_COVERAGE writes files, NODE_CHANNEL_FD takes a descriptor, NODE_DEBUG prints.

import { closeVariables, type VariableRules } from "./variables.ts";

/** How the names of libuv's constants go on. */
const LIBUV = [
  ...[
    "_*",
    "ASYNC",
    "CHANGE",
    "CHECK",
    "CLOCK_*",
    "CONNECT",
    "CREATE_PIPE",
    "DIRENT_*",
    "DISCONNECT",
    "E*",
    "F*",
  ],
  ...["GETADDRINFO", "GETNAMEINFO", "HANDLE*", "IDLE", "IGNORE", "INHERIT_*", "JOIN_GROUP", "LEAVE_GROUP"],
  ...["LOOP_*", "METRICS_*", "NAMED_PIPE", "NONBLOCK_PIPE", "OVERLAPPED_PIPE", "PIPE_*", "POLL", "PREPARE"],
  ...["PRIORITIZED", "PROCESS*", "RANDOM", "READABLE*", "RENAME", "REQ*", "RUN_*", "SHUTDOWN", "SIGNAL*"],
  ...[
    "STREAM",
    "TCP*",
    "THREAD_*",
    "TIMER",
    "TTY*",
    "UDP*",
    "UNKNOWN*",
    "WORK",
    "WRITABLE*",
    "WRITE",
    "RAW",
    "BLOCK*",
  ],
].map((rest) => `UV_${rest}`);

const rules: VariableRules = {
  prefixes: ["NODE_", "OPENSSL_(?=[A-Zi])", "UV_", "ICU_(?=[A-Z])", "SIMDUTF_(?=[A-Z])"],
  open: [
    ["what Node looks for to find the program in its file", "NODE_SEA*"],
    ["constants of libuv", "UV_", ...LIBUV],
    ["constants of OpenSSL", "OPENSSL_EC_*", "OPENSSL_VERSION_NUMBER"],
    [
      "functions of OpenSSL",
      "OPENSSL_in*",
      "OPENSSL_is*",
      "OPENSSL_ia32_*",
      "OPENSSL_ia32cap_P",
      "OPENSSL_LH_*",
    ],
    ["more of them", "OPENSSL_", "OPENSSL_DIR_*", "OPENSSL_INIT*"],
    ["how OpenSSL was built", "OPENSSL_BUILDING_OPENSSL", "OPENSSL_PIC", "OPENSSL_USE_NODELETE"],
    ["a table and a class of ICU", "ICU_TZINFO_*", "ICU_U*"],
    [
      "constants and messages of Node's interface, no variables",
      ...["NODE_", "NODE_BINDING_*", "NODE_BUILTIN_*", "NODE_CLUSTER", "NODE_DEBUG_ENABLED", "NODE_HANDLE*"],
      ...["NODE_MODULE_VERSION", "NODE_OPENSSL_CONF_NAME", "NODE_PERFORMANCE_*", "NODE_REPORT_VERSION"],
      ...["NODE_SOCKET_*", "NODE_USE_V8_PLATFORM"],
    ],
  ],
  texts: [
    [
      "asked for by scripts that run later, in process.env, from which main.ts has taken them by then",
      ...[
        "NODE_BENCH_*",
        "NODE_CLUSTER_SCHED_POLICY",
        "NODE_DEBUG",
        "NODE_DISABLE_COLORS",
        "NODE_NO_READLINE",
      ],
      ...[
        "NODE_PATH",
        "NODE_PENDING_PIPE_INSTANCES",
        "NODE_REPL_*",
        "NODE_TEST_*",
        "NODE_TLS_REJECT_UNAUTHORIZED",
      ],
    ],
    [
      "asked for by scripts at the start; those are run from Node's snapshot and code cache, where the names are closed",
      ...["NODE_CHANNEL_FD", "NODE_CHANNEL_SERIALIZATION_MODE", "NODE_INSPECT_RESUME_ON_START"],
      ...["NODE_PENDING_DEPRECATION", "NODE_UNIQUE_ID", "NODE_USE_ENV_PROXY", "NODE_V8_COVERAGE"],
    ],
    [
      "in help and messages; the variable is asked for by native code, where it is closed",
      ...[
        "ICU_NO_USER_DATA_OVERRIDE",
        "NODE_COMPILE_CACHE*",
        "NODE_DEBUG_NATIVE",
        "NODE_DISABLE_COMPILE_CACHE",
      ],
      ...[
        "NODE_EXTRA_CA_CERTS",
        "NODE_ICU_DATA",
        "NODE_NO_WARNINGS",
        "NODE_OPTIONS",
        "NODE_PRESERVE_SYMLINKS",
      ],
      ...["NODE_REDIRECT_WARNINGS", "NODE_SKIP_PLATFORM_CHECK", "OPENSSL_CONF", "UV_THREADPOOL_SIZE"],
    ],
    ["machine code", "NODE_OPTH"],
  ],
  expected: [
    ...["NODE_CHANNEL_FD", "NODE_COMPILE_CACHE", "NODE_DEBUG", "NODE_DEBUG_NATIVE", "NODE_EXTRA_CA_CERTS"],
    ...["NODE_OPTIONS", "NODE_REPL_EXTERNAL_MODULE", "NODE_TLS_REJECT_UNAUTHORIZED", "NODE_UNIQUE_ID"],
    ...["NODE_V8_COVERAGE", "OPENSSL_CONF", "OPENSSL_MODULES", "UV_THREADPOOL_SIZE", "UV_USE_IO_URING"],
    "SIMDUTF_FORCE_IMPLEMENTATION",
  ],
};

/** Changes the bytes of a Node.js, for any system. */
export function closeNodeVariables(bytes: Buffer): readonly string[] {
  closeDebugScript(bytes);
  return closeVariables(bytes, rules);
}

/** The one script at the start that is compiled from its text; a NUL would not do there. */
function closeDebugScript(bytes: Buffer): void {
  const asked = "env.NODE_DEBUG)";
  const at = bytes.indexOf(asked, 0, "latin1");
  if (at < 0) throw new Error(`${asked} is not in Node: look at its start again`);
  bytes.write("env.ONA_UNUSED)", at, "latin1");
}
