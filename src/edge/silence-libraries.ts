// Keeps the clouds' libraries from printing: they warn on the console and through process warnings, and one of them
// can be told by a variable to print tokens. Our own words never go through the console. What they look up in the
// user's home directory they find by HOME, so the home that counts is put there. All of it lasts only as long as the work
// for which it is done: a process that lives on is as it was.

const nothing = (): void => undefined;
const METHODS = ["debug", "error", "info", "log", "trace", "warn"] as const;
const PRINTS_TOKENS = "GOOGLE_SDK_NODE_LOGGING";

let running = 0;
let restore: () => void = nothing;

/** Runs `work` with silent libraries. Several at once share one silence, which ends with the last of them. */
export async function withSilentLibraries<T>(home: string | undefined, work: () => Promise<T>): Promise<T> {
  if (running === 0) restore = silence(home);
  running += 1;
  try {
    return await work();
  } finally {
    running -= 1;
    if (running === 0) restore();
  }
}

/** Returns what puts everything back. */
function silence(home: string | undefined): () => void {
  const { env } = process;
  const methods = METHODS.map((name) => [name, console[name]] as const);
  const { emitWarning } = process;
  const variables = [PRINTS_TOKENS, "HOME"].map((name) => [name, env[name]] as const);
  for (const name of METHODS) console[name] = nothing;
  process.emitWarning = nothing;
  delete env[PRINTS_TOKENS];
  if (home !== undefined) env.HOME = home;
  return () => {
    for (const [name, method] of methods) console[name] = method;
    process.emitWarning = emitWarning;
    for (const [name, value] of variables) {
      if (value === undefined) delete env[name];
      else env[name] = value;
    }
  };
}
