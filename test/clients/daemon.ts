// Starts a server program of the test bed, waits until it answers, and ends it again.
// It must never leave one running: whatever outlives `stop` is found by its mark (run-root.ts).

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { poll } from "./poll.ts";
import { killGroup } from "./run.ts";

export interface DaemonPlan {
  command: readonly string[];
  env: Record<string, string>;
  logFile: string;
  /** True as soon as the server can be used. */
  answers: () => Promise<boolean>;
  /** Default 20 000. */
  readyWithinMs?: number;
}

export interface Daemon {
  stop(): Promise<void>;
}

export async function startDaemon(plan: DaemonPlan): Promise<Daemon> {
  const [program, ...args] = plan.command;
  if (program === undefined) throw new Error("no program named");
  const log = openSync(plan.logFile, "a");
  const child = spawn(program, args, { env: plan.env, detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  let failure = "did not answer in time";
  child.on("error", (error) => {
    failure = error.message;
  });
  const ready = await poll(plan.readyWithinMs ?? 20_000, async () => {
    if (child.pid === undefined || child.exitCode !== null) return "ended" as const;
    return (await plan.answers()) ? ("answers" as const) : undefined;
  });
  if (ready !== "answers") {
    await end(child);
    throw new Error(
      `${program} ${failure}; its log ends with: ${readFileSync(plan.logFile, "utf8").slice(-2000)}`,
    );
  }
  return { stop: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<"gone">((resolve) => child.once("exit", () => resolve("gone")));
  child.kill("SIGTERM");
  const timer = setTimeout(() => killGroup(child.pid, "SIGKILL"), 15_000);
  await gone;
  clearTimeout(timer);
}

/** A port that was free a moment ago; whoever uses it must be ready to try another. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === "string") reject(new Error("no port"));
        else resolve(address.port);
      });
    });
  });
}
