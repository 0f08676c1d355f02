// Undici's HTTP parser is WebAssembly, which undici compiles when it has a connection, and nothing else goes on meanwhile.
// Loading this starts the work on another thread; the bundle hands the result to undici (build/lean-libraries.mjs).

import bytes from "undici/lib/llhttp/llhttp-wasm.js";

/** Node's types know only the names of its types. */
declare const WebAssembly: { compile(bytes: Uint8Array): Promise<object> };

let compiled: object | undefined;

async function compile(): Promise<void> {
  compiled = await WebAssembly.compile(bytes);
}

// Undici meets the same trouble, and reports it.
compile().catch(() => undefined);

/** The parser, or undefined while it is not there yet. */
export const compiledParser = (): object | undefined => compiled;

export { bytes };
