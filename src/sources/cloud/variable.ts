// How this program reads a variable of a cloud: white space around it is dropped, and what is then empty is not set.

type Env = Readonly<Record<string, string | undefined>>;

export function variable(env: Env, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}

/** `true` alone switches something on; `false`, an empty one and nonsense do not. */
export function isSwitchedOn(env: Env, name: string): boolean {
  const value = variable(env, name)?.toLowerCase();
  return value === "true" || value === "1";
}
