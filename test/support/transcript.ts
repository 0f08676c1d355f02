// Reads the text scripts of fixtures/transcripts (format: the README there).
// It only parses: what a line means is decided where the script is run, and an unknown line is an error.

export interface Directive {
  readonly kind: "directive";
  readonly line: number;
  readonly name: string;
  readonly rest: string;
  /** The indented lines below it, without their indent. */
  readonly body: string;
}

export interface Step {
  readonly kind: "step";
  readonly line: number;
  readonly args: readonly string[];
  /** `<`, `>`, `2>`, `exit`, … with the rest of their line, in order. */
  readonly marks: readonly Mark[];
}

export interface Mark {
  readonly line: number;
  readonly sign: string;
  readonly text: string;
}

export interface Transcript {
  readonly file: string;
  /** The first comment line. */
  readonly title: string;
  readonly entries: readonly (Directive | Step)[];
}

const MARK =
  /^(<|>~|>|2>~|2>|exit|requests|bearer|foreign|found|notfound|refused|fails|with|stdin|within)(?: (.*))?$/;
const DIRECTIVE =
  /^(platform|change|env|unset|config|file|dir|link|remove|chmod|chown|credhelpers|check|sleep|only|root)(?: (.*))?$/;

export function parseTranscript(file: string, text: string): Transcript {
  const lines = text.split("\n").map((content, index) => ({ content, line: index + 1 }));
  const title = /^# ?(.+)$/.exec(lines[0]?.content ?? "")?.[1];
  if (title === undefined) throw new Error(`${file}: the first line must say what is promised`);
  return { file, title, entries: blocks(lines).map((block) => entry(file, block)) };
}

interface Line {
  readonly content: string;
  readonly line: number;
}

/** Lines that belong together: a blank line or a new directive ends a block. Comments stand between blocks. */
function blocks(lines: readonly Line[]): Line[][] {
  const found: Line[][] = [];
  let open: Line[] | undefined;
  for (const line of lines) {
    if (line.content.trim() === "") open = undefined;
    else if (line.content.startsWith("#")) continue;
    else if (open !== undefined && (line.content.startsWith("  ") || isStep(open))) open.push(line);
    else {
      open = [line];
      found.push(open);
    }
  }
  return found;
}

const isStep = (block: readonly Line[]): boolean => block[0]?.content.startsWith("$") === true;

function entry(file: string, block: readonly Line[]): Directive | Step {
  const [head, ...rest] = block;
  if (head === undefined) throw new Error(`${file}: empty block`);
  if (isStep(block)) {
    const args = head.content.slice(1).trim();
    const marks = rest.map((line) => mark(file, line));
    return { kind: "step", line: head.line, args: args === "" ? [] : args.split(" "), marks };
  }
  const match = DIRECTIVE.exec(head.content);
  if (!match) throw new Error(`${file}:${head.line}: no such directive: ${head.content}`);
  const body = rest.map((line) => line.content.slice(2)).join("\n");
  return { kind: "directive", line: head.line, name: match[1] ?? "", rest: match[2] ?? "", body };
}

function mark(file: string, line: Line): Mark {
  const match = MARK.exec(line.content);
  if (!match) throw new Error(`${file}:${line.line}: no such mark: ${line.content}`);
  return { line: line.line, sign: match[1] ?? "", text: match[2] ?? "" };
}

/** The bytes a text of a script stands for: `\n \r \t \0 \\`, `\x9f` a byte, `\u{2028}` a code point. */
export function bytesOf(text: string): Buffer {
  const parts = text.split(/(\\(?:[nrt0\\]|x[0-9a-f]{2}|u\{[0-9a-f]+\}))/);
  return Buffer.concat(parts.map(piece));
}

const SHORT: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "0": "\0", "\\": "\\" };

function piece(part: string): Buffer {
  if (/^\\x[0-9a-f]{2}$/.test(part)) return Buffer.of(Number.parseInt(part.slice(2), 16));
  const point = /^\\u\{([0-9a-f]+)\}$/.exec(part);
  if (point) return Buffer.from(String.fromCodePoint(Number.parseInt(point[1] ?? "", 16)));
  if (/^\\[nrt0\\]$/.test(part)) return Buffer.from(SHORT[part.slice(1)] ?? "");
  return Buffer.from(part);
}
