// Whether programs can be started by their names, as Docker starts a helper. Nothing is run.

import { accessSync, constants, statSync } from "node:fs";
import { basename, delimiter, dirname, isAbsolute, join } from "node:path";

type Env = Readonly<Record<string, string | undefined>>;

const PREFIX = "docker-credential-";

/** The first file of that name on PATH that may be run. Relative directories do not count: Docker refuses them too. */
export function onPath(program: string, env: Env): string | undefined {
  return directoriesOf(env)
    .map((dir) => join(dir, program))
    .find(isProgram);
}

export interface HelperOnPath {
  /** `other`: another file comes first. */
  readonly kind: "found" | "missing" | "other";
  readonly program: string;
  readonly path: string | undefined;
  /** The line that mends it. */
  readonly mend: string | undefined;
}

/** Is it this program, `executable`, that Docker starts for the helper `name`? */
export function helperOnPath(name: string, executable: string, env: Env, uid: number): HelperOnPath {
  const program = `${PREFIX}${name}`;
  const path = onPath(program, env);
  // Run by another program, as from its source, this one has no file to compare.
  const isFile = basename(executable).startsWith(PREFIX);
  if (path !== undefined && (!isFile || isSameFile(path, executable))) {
    return { kind: "found", program, path, mend: undefined };
  }
  if (path !== undefined) {
    return { kind: "other", program, path, mend: `export PATH=${quoted(dirname(executable))}:"$PATH"` };
  }
  return {
    kind: "missing",
    program,
    path,
    mend: isFile ? linkLine(program, executable, env, uid) : undefined,
  };
}

/** In the usual directory, or in the first one that PATH has. */
function linkLine(program: string, executable: string, env: Env, uid: number): string {
  const usual = "/usr/local/bin";
  const dirs = directoriesOf(env);
  const dir = dirs.includes(usual) ? usual : (dirs[0] ?? usual);
  return `${uid === 0 ? "" : "sudo "}ln -s ${quoted(executable)} ${quoted(join(dir, program))}`;
}

const directoriesOf = (env: Env): readonly string[] =>
  (env.PATH ?? "").split(delimiter).filter((dir) => isAbsolute(dir));

const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** True for a regular file that may be executed. */
export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isSameFile(a: string, b: string): boolean {
  try {
    const [one, two] = [statSync(a), statSync(b)];
    return one.dev === two.dev && one.ino === two.ino;
  } catch {
    return false;
  }
}
