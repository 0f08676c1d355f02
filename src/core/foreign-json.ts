// JSON of somebody else: a server, a program, a file. Nesting is bounded before it is parsed, since a megabyte of brackets
// takes a hundred megabytes as objects.

/** No answer that we know nests a third as deep. */
const MAX_DEPTH = 64;

/** The value in `text`. Throws a SyntaxError: no JSON, or nested too deeply. */
export function parseForeignJson(text: string): unknown {
  if (isTooDeep(text)) throw new SyntaxError("nested too deeply");
  return JSON.parse(text);
}

/** Brackets inside strings do not count. */
export function isTooDeep(text: string): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (isText) {
      if (character === "\\") at += 1;
      else if (character === '"') isText = false;
    } else if (character === '"') isText = true;
    else if (character === "[" || character === "{") {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (character === "]" || character === "}") depth -= 1;
  }
  return false;
}
