// `credential_process` of a profile: a command line of the user's own AWS files, run by the shell as AWS's tools do,
// with the user's environment, in bounded time. Its output is never shown.

import { spawn } from "node:child_process";
import { isRecord } from "../../core/entry.ts";
import { Failure } from "../../core/failures.ts";
import type { MintContext } from "../mint/mint.ts";
import { type AwsKeys, parseKeys } from "./keys.ts";
import { shown } from "./profile.ts";

const MAX_OUTPUT_BYTES = 64 * 1024;

/** Throws a Failure. */
export async function processKeys(command: string, profile: string, context: MintContext): Promise<AwsKeys> {
  const output = await run(command, context);
  if (output.kind === "failed") throw failed(profile, output.why);
  let value: unknown;
  try {
    value = JSON.parse(output.text);
  } catch {
    throw failed(profile, "printed no JSON");
  }
  const keys = isRecord(value) && value.Version === 1 ? parseKeys(value, "SessionToken") : undefined;
  if (keys === undefined) throw failed(profile, "printed no AWS keys");
  const { Expiration: end } = value as { Expiration?: unknown };
  if (typeof end === "string" && Date.parse(end) <= context.clock.nowMs()) {
    throw failed(profile, "printed expired AWS keys");
  }
  return keys;
}

type Output =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "failed"; readonly why: string };

function run(command: string, { env, deadline }: MintContext): Promise<Output> {
  return new Promise((resolve) => {
    // A group of its own, so that what the shell has started ends with it.
    const child = spawn("/bin/sh", ["-c", command], {
      env: { ...env },
      stdio: ["ignore", "pipe", "ignore"],
      detached: true,
    });
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (output: Output): void => {
      clearTimeout(timer);
      resolve(output);
    };
    const stop = (why: string): void => {
      endGroup(child.pid);
      child.stdout.destroy();
      child.unref();
      end({ kind: "failed", why });
    };
    const timer = setTimeout(() => stop("took too long"), deadline.remainingMs());
    child.stdout.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_OUTPUT_BYTES) stop("printed more than 64 KiB");
      else chunks.push(chunk);
    });
    child.on("error", () => end({ kind: "failed", why: "could not be started" }));
    child.on("close", (code) => {
      const text = Buffer.concat(chunks).toString("utf8");
      end(code === 0 ? { kind: "text", text } : { kind: "failed", why: "failed" });
    });
  });
}

function endGroup(leader: number | undefined): void {
  try {
    if (leader !== undefined) process.kill(-leader, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

function failed(profile: string, why: string): Failure {
  return new Failure("aws-no-credentials", `credential_process of the AWS profile ${shown(profile)} ${why}`, {
    hint: "run the command by hand",
  });
}
