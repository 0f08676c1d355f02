// Runs one transcript against one build and judges each step: exact bytes, exit code, requests made.
// After every step it also looks for secrets where none may be, and for wrong modes; no script can switch that off.

import { expect } from "vitest";
import { type Build, isExecutable } from "./builds.ts";
import { NOT_FOUND } from "./machine.ts";
import type { Run } from "./run.ts";
import { bytesOf, type Mark, type Step, type Transcript } from "./transcript.ts";
import { everythingBelow, leaks } from "./transcript-canaries.ts";
import { filled, makeWorld, obey, pair, type World } from "./transcript-world.ts";

const MOST_MS = 12_000;

export async function runTranscript(transcript: Transcript, build: Build): Promise<void> {
  const world = makeWorld(build);
  try {
    for (const entry of transcript.entries) {
      if (entry.kind === "directive") {
        if (entry.name !== "only" && entry.name !== "root") await obey(world, entry);
      } else {
        await runStep(world, entry, `${transcript.file}:${entry.line}`);
      }
    }
  } finally {
    await world.at.close();
  }
}

/** Whether the script is for this build, and for the user who runs the tests. */
export function appliesTo(transcript: Transcript, build: Build): boolean {
  return transcript.entries.every((entry) => {
    if (entry.kind !== "directive") return true;
    if (entry.name === "root") return process.getuid?.() === 0;
    const only = entry.rest.split(" ");
    return (
      entry.name !== "only" ||
      only.includes(build.name) ||
      (only.includes("executable") && isExecutable(build))
    );
  });
}

async function runStep(world: World, step: Step, where: string): Promise<void> {
  const texts = (sign: string): string[] =>
    step.marks.filter((mark) => mark.sign === sign).map((mark) => filled(world, mark.text));
  const stdin = joined(texts("<").map(bytesOf), "\n");
  const before = seen(world);
  const args = step.args.map((arg) => filled(world, arg));
  const run = await world.at.run(args, {
    env: Object.fromEntries(texts("with").map(pair)),
    stdin,
    stdinEnd: texts("stdin").includes("held") ? "held" : "closed",
  });
  const expected = expectation(world, step.marks, stdin.toString("utf8").trim());
  judge(run, expected, where);
  await judgeTime(world, run, Number(texts("within")[0] ?? MOST_MS), where);
  judgeRequests(world, step, before, where);
  judgeSecrets(world, run, where);
}

/** A run that was late on a busy machine is forgiven what a few bare starts cost there at the same moment. */
async function judgeTime(world: World, run: Run, limitMs: number, where: string): Promise<void> {
  if (run.tookMs <= limitMs) return;
  const bare = await world.at.run(["version"]);
  expect(run.tookMs - 6 * bare.tookMs, `${where}: time`).toBeLessThanOrEqual(limitMs);
}

interface Expectation {
  readonly stdout: Buffer | RegExp;
  readonly stderr: Buffer | RegExp;
  readonly code: number;
  /** The line on stderr is the one on stdout. */
  readonly repeated: boolean;
}

function expectation(world: World, marks: readonly Mark[], asked: string): Expectation {
  const plain = (sign: string): Buffer | RegExp => {
    const pattern = marks.find((mark) => mark.sign === `${sign}~`);
    if (pattern) return new RegExp(`^(?:${filled(world, pattern.text)})\n$`, "s");
    return lines(marks.filter((mark) => mark.sign === sign).map((mark) => bytesOf(filled(world, mark.text))));
  };
  const exit = marks.find((mark) => mark.sign === "exit")?.text;
  const written = { stdout: plain(">"), stderr: plain("2>"), code: Number(exit ?? 0), repeated: false };
  const outcome = marks.find((mark) => ["found", "notfound", "refused", "fails"].includes(mark.sign));
  return outcome === undefined ? written : outcomeOf(outcome, written, filled(world, outcome.text), asked);
}

function outcomeOf(outcome: Mark, written: Expectation, text: string, asked: string): Expectation {
  if (outcome.sign === "notfound") return { ...written, stdout: Buffer.from(NOT_FOUND), code: 1 };
  if (outcome.sign === "found") {
    const [username = "", ...secret] = bytesOf(text).toString("utf8").split(" ");
    const answer = JSON.stringify({ ServerURL: asked, Username: username, Secret: secret.join(" ") });
    return { ...written, stdout: Buffer.from(`${answer}\n`), code: 0 };
  }
  if (outcome.sign === "refused") {
    const words = text === "" ? "[ -~]+" : `(?=[ -~]*${text})[ -~]+`;
    return { ...written, stdout: new RegExp(`^(?!credentials not found)${words}\n$`), code: 1 };
  }
  const [code = "*", subject = ""] = text.split(" ");
  const ending = code === "*" ? "[a-z0-9-]+" : `(?:${code})`;
  const line = new RegExp(`^(?=[ -~]*${subject.replace(/[.[\]]/g, "\\$&")})[ -~]+ \\[${ending}\\]\n$`);
  return { ...written, stdout: line, stderr: line, code: 1, repeated: true };
}

function judge(run: Run, expected: Expectation, where: string): void {
  const shown = `${where}\nstdout: ${clipped(run.bytes.stdout)}\nstderr: ${clipped(run.bytes.stderr)}\n`;
  expect(run.timedOut, `${shown}it ended by itself`).toBe(false);
  expect(run.signal, `${shown}signal`).toBeNull();
  compare(run.bytes.stdout, expected.stdout, `${shown}stdout`);
  compare(run.bytes.stderr, expected.stderr, `${shown}stderr`);
  if (expected.repeated) expect(run.stderr, `${shown}stderr`).toBe(run.stdout);
  expect(run.code, `${shown}exit code`).toBe(expected.code);
}

function compare(actual: Buffer, expected: Buffer | RegExp, what: string): void {
  if (expected instanceof RegExp) expect(actual.toString("latin1"), what).toMatch(expected);
  else if (!actual.equals(expected)) expect(clipped(actual), what).toBe(clipped(expected));
}

const clipped = (bytes: Buffer): string => {
  const text = bytes.toString("utf8");
  return text.length <= 2000 ? text : `${text.slice(0, 1000)}… (${bytes.length} bytes) …${text.slice(-500)}`;
};

interface Seen {
  readonly requests: number;
  readonly foreign: number;
}

function seen(world: World): Seen {
  if (!world.at.hasPlatform) return { requests: 0, foreign: 0 };
  const { journal, foreign } = world.at.platform;
  return { requests: journal.count(), foreign: foreign.requestsSeen };
}

function judgeRequests(world: World, step: Step, before: Seen, where: string): void {
  if (!world.at.hasPlatform) return;
  const { platform } = world.at;
  const made = platform.journal.entries.slice(before.requests);
  const text = (sign: string): string | undefined => step.marks.find((mark) => mark.sign === sign)?.text;
  const wanted = text("requests") ?? "";
  if (wanted !== "?") {
    const names = made.map((request) => request.method).sort();
    expect(names, `${where}: requests`).toEqual(wanted.split(" ").flatMap(multiplied).sort());
  }
  const bearer = text("bearer");
  if (bearer !== undefined) {
    expect(made.map((request) => request.token).join(" "), `${where}: bearer`).toBe(bearer);
  }
  const foreign = Number(text("foreign") ?? 0);
  expect(platform.foreign.requestsSeen - before.foreign, `${where}: requests to a foreign host`).toBe(
    foreign,
  );
  expect(platform.foreign.authorizationsSeen, `${where}: tokens sent to a foreign host`).toBe(0);
}

/** `GetSecretValue*2` is two of them. */
function multiplied(word: string): string[] {
  const [name = "", times] = word.split("*");
  return name === "" ? [] : Array.from({ length: Number(times ?? 1) }, () => name);
}

function judgeSecrets(world: World, run: Run, where: string): void {
  const told =
    run.bytes.stderr.toString("latin1") + (run.code === 0 ? "" : run.bytes.stdout.toString("latin1"));
  for (const canary of world.canaries) {
    if (told.includes(canary)) throw new Error(`${where}: ${canary} was told outside of an answer`);
  }
  const { root, cacheDir, stateDir } = world.at;
  const own = [cacheDir, stateDir];
  const kept = (path: string): boolean =>
    own.some((dir) => path.startsWith(`${dir}/`)) && !/\.log/.test(path);
  const mayHold = (path: string): boolean => kept(path) || world.written.has(path);
  expect(leaks(root, world.canaries, mayHold), `${where}: files with secrets`).toEqual([]);
  for (const { path, mode, isDirectory } of own.flatMap(everythingBelow)) {
    if (world.written.has(path)) continue;
    expect(mode.toString(8), `${where}: mode of ${path}`).toBe(isDirectory ? "700" : "600");
  }
}

function joined(parts: readonly Buffer[], between: string): Buffer {
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from(between), part])));
}

const lines = (parts: readonly Buffer[]): Buffer =>
  Buffer.concat(parts.flatMap((part) => [part, Buffer.from("\n")]));
