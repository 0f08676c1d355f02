// `exec`: runs a command with credentials where tools without helpers look for them: a DOCKER_CONFIG of its own that takes
// the user's settings over, an auth file, and a variable. They live as long as the command does, and its end is ours.

import { readdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { type DockerFile, readDockerFile } from "../core/docker-file.ts";
import { isRecord } from "../core/entry.ts";
import { authsOf } from "../core/export/auth-file.ts";
import { authFileFor, authVariable, dockerConfigFor } from "../core/export/taken-over.ts";
import { failureLine } from "../core/failures.ts";
import { parseForeignJson } from "../core/foreign-json.ts";
import { placesBefore } from "../docker/places.ts";
import { runChild } from "../edge/child.ts";
import { deadlineAfter } from "../edge/clock.ts";
import { runInForeground } from "../edge/foreground-child.ts";
import type { Output } from "../edge/output.ts";
import { readRegularFile } from "../edge/regular-file.ts";
import { colonInName } from "../export/file-target.ts";
import { gather } from "../export/gather.ts";
import { namedRegistries } from "../export/named.ts";
import { Local } from "../local.ts";
import { Remote } from "../remote.ts";
import { writePrivateFile } from "../store/atomic-file.ts";
import { makeExecDir } from "../store/exec-dir.ts";
import { readOnce } from "../store/read-once.ts";
import type { Invocation, RunVerb } from "./invocation.ts";

type Auths = ReturnType<typeof authsOf>;
type Env = Readonly<Record<string, string | undefined>>;

const VARIABLE = "DOCKER_AUTH_CONFIG";
/** Linux starts no program with a longer one (MAX_ARG_STRLEN), its end included. */
const MAX_VARIABLE_BYTES = 128 * 1024;
const MAX_CONFIG_BYTES = 16 * 1024 * 1024;
/** How long the user's own helper may take to say what it has. */
const LIST_LIMIT_MS = 3000;
/** What one run of Docker's client keeps for itself. */
const NOT_LINKED = /^(?:config\.json|\.token_seed)/;

export const run: RunVerb = async (invocation) => {
  const { context, operands, out, asCaller } = invocation;
  const local = new Local(context, { overCache: readOnce });
  const auths = await authsFor(invocation, local);
  const dir = makeExecDir(context.env, local.directories, context.uid);
  try {
    const env = { ...context.env, ...(await writeFiles(dir.path, auths, local, out)) };
    const end = await runInForeground(operands, { env, asCaller });
    if ("obstacle" in end) out.warn(`docker-credential-ona exec: ${operands[0]}: ${end.obstacle}`);
    return end.exitCode;
  } finally {
    dir.remove();
  }
};

/** What cannot be had is said, and the command runs without it: its exit code is the answer. */
async function authsFor(invocation: Invocation, local: Local): Promise<Auths> {
  const { context, trace, helperNames, options, out } = invocation;
  const named = namedRegistries(options.texts("registry"));
  const deadline = deadlineAfter(context.clock, local.config.deadlineMs);
  const remote = new Remote(local, { deadline, trace, helperNames });
  const { found, problems } = await gather(local, remote, named, colonInName);
  remote.close();
  for (const { subject, failure } of problems) out.warn(failureLine(subject, failure));
  return authsOf(found);
}

/** Returns the variables that lead to the files. */
async function writeFiles(dir: string, auths: Auths, local: Local, out: Output): Promise<Env> {
  const { directories, context } = local;
  const { env } = context;
  const { home } = directories;
  const ownDir = env.DOCKER_CONFIG ? resolve(env.DOCKER_CONFIG) : home && join(home, ".docker");
  const own = parsed(ownDir ? textIn(join(ownDir, "config.json")) : "");
  const config = dockerConfigFor(own, auths, await serversIn(own.credsStore, env));
  writePrivateFile(join(dir, "config.json"), `${config}\n`);
  if (ownDir) linkRest(ownDir, dir);
  // Where the variable is set Podman reads no other file; else it reads Docker's last.
  const before = placesBefore(env, directories, context.uid)
    .toReversed()
    .map((path) => parsed(textIn(path)));
  const authFile = authFileFor(env.REGISTRY_AUTH_FILE ? before : [parsed(config), ...before], auths);
  writePrivateFile(join(dir, "auth.json"), `${authFile}\n`);
  return {
    DOCKER_CONFIG: dir,
    REGISTRY_AUTH_FILE: join(dir, "auth.json"),
    [VARIABLE]: inVariable(authVariable([own, parsed(env[VARIABLE] ?? "")], auths), out),
  };
}

/** Undefined where no program could be started with it. */
function inVariable(text: string, out: Output): string | undefined {
  if (`${VARIABLE}=${text}`.length < MAX_VARIABLE_BYTES) return text;
  out.warn(
    `docker-credential-ona exec: ${VARIABLE} is not set: so many credentials are too long for a variable; name the registries that are needed with --registry`,
  );
  return undefined;
}

const textIn = (path: string): string => readRegularFile(path, MAX_CONFIG_BYTES) ?? "";

/** Nothing for what is no JSON object: Docker's client ignores such a file too. */
function parsed(text: string): DockerFile {
  try {
    return readDockerFile(text);
  } catch {
    return readDockerFile("");
  }
}

/** The servers that a helper of the user's knows; none when it does not say. */
async function serversIn(store: string, env: Env): Promise<readonly string[]> {
  if (!/^[A-Za-z0-9._-]+$/.test(store)) return [];
  const result = await runChild(`docker-credential-${store}`, ["list"], { env, limitMs: LIST_LIMIT_MS });
  if (result.kind === "failed") return [];
  try {
    const servers = parseForeignJson(result.stdout);
    return isRecord(servers) ? Object.keys(servers) : [];
  } catch {
    return [];
  }
}

/** Contexts, plug-ins and builders stay the user's own: they are seen, and changed, through links. */
function linkRest(from: string, to: string): void {
  let names: string[];
  try {
    names = readdirSync(from);
  } catch {
    return;
  }
  for (const name of names.filter((each) => !NOT_LINKED.test(each)))
    symlinkSync(join(from, name), join(to, name));
}
