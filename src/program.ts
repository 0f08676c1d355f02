// Everything but a warm `get`. The bundle keeps it apart from main.ts, with copies of its own of what both need, so that
// a warm answer loads one small file.

export { readStdin } from "./edge/stdin.ts";
export { createTrace } from "./edge/trace.ts";
export { runHelper } from "./helper.ts";
