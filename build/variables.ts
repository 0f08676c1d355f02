// Finds the names of environment variables that a runtime knows, in the bytes of its file, and closes them: the first
// letter becomes a NUL, which no variable's name can have. Only text in data is changed, never machine code.

export interface VariableRules {
  /** How the names of a class begin, such as `BUN_`. */
  readonly prefixes: readonly string[];
  /** What begins like a variable and is none, or may stay open. A `*` at the end stands for any rest. */
  readonly open: readonly Explained[];
  /**
   * Names in a source text or a message, which would not survive a NUL. A variable of the same name is closed where the
   * runtime's native code asks for it.
   */
  readonly texts: readonly Explained[];
  /** Names that have to be there; when one is not, the runtime's start has to be looked at again. */
  readonly expected: readonly string[];
}

type Explained = readonly [reason: string, ...names: string[]];

interface Occurrence {
  readonly at: number;
  readonly name: string;
  /** It is a string of native code, alone between NULs or in a run of strings; else it stands in a text. */
  readonly isString: boolean;
}

/** No number in machine code holds so many letters. */
const LEAST_LENGTH = 9;

/**
 * Changes `bytes` and returns the names that are closed. Throws when there is a name that is neither closed nor explained,
 * or when an expected one is missing.
 */
export function closeVariables(bytes: Buffer, rules: VariableRules): readonly string[] {
  const closed = new Set<string>();
  const unexplained = new Set<string>();
  for (const { at, name, isString } of occurrences(bytes.toString("latin1"), rules.prefixes)) {
    if (isAmong(name, rules.open)) continue;
    if (isString) {
      bytes[at] = 0;
      closed.add(name);
    } else if (!isAmong(name, rules.texts)) {
      unexplained.add(name);
    }
  }
  if (unexplained.size > 0) {
    throw new Error(`variables of the runtime that are neither closed nor explained: ${list(unexplained)}`);
  }
  const missing = rules.expected.filter((name) => !closed.has(name));
  if (missing.length > 0) throw new Error(`not in the runtime, look at its start again: ${list(missing)}`);
  return [...closed].sort();
}

function* occurrences(text: string, prefixes: readonly string[]): Generator<Occurrence> {
  // `BUN_X_UV_Y` is one name, `BUN_XUV_Y` are two.
  const begin = `(?<!_)(?:${prefixes.join("|")})`;
  for (const { index: at, 0: word } of text.matchAll(
    new RegExp(`${begin}(?:(?!${begin})[A-Za-z0-9_])*`, "g"),
  )) {
    const before = text[at - 1] ?? "\0";
    const isAlone = before === "\0" && (text[at + word.length] ?? "\0") === "\0";
    if (!isAlone && word.length < LEAST_LENGTH) continue;
    // In a run of strings the next one follows at once. It begins in small letters, or cannot be told from the name.
    const name = isAlone ? word : (/^[A-Z0-9_]+/.exec(word)?.[0] ?? word);
    const isFollowed = name.length < word.length;
    yield { at, name, isString: isAlone || isFollowed || /[A-Za-z0-9\0]/.test(before) };
  }
}

const isAmong = (name: string, all: readonly Explained[]): boolean =>
  all.some(([, ...names]) =>
    names.some((one) => (one.endsWith("*") ? name.startsWith(one.slice(0, -1)) : name === one)),
  );

const list = (names: Iterable<string>): string => [...names].sort().join(", ");
