// The grammar of the shared AWS files, as AWS's CLI reads them: it goes through Python's `configparser`, and so does
// this, rule by rule (fixtures/clouds/aws-identity.tsv compares the two). Pure text in, sections out; no value is ever shown.

/** A value, or the keys of a block that is indented below an empty one. */
export type IniValue = string | ReadonlyMap<string, string>;
export type IniSection = ReadonlyMap<string, IniValue>;

export type IniFile =
  | { readonly kind: "sections"; readonly sections: ReadonlyMap<string, IniSection> }
  /** The CLI reads nothing of such a file. `line` counts from 1. */
  | { readonly kind: "broken"; readonly line: number; readonly why: string };

/** Its keys stand in every section that does not say otherwise. */
const DEFAULTS = "DEFAULT";
/** Python's white space; a byte-order mark is none. */
const EDGE = /^[\s\x1c-\x1f\x85]+|[\s\x1c-\x1f\x85]+$/g;

export function parseIni(text: string): IniFile {
  const reader = new Reader();
  const lines = text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/);
  for (const [index, line] of lines.entries()) {
    const why = reader.read(line);
    if (why !== undefined) return { kind: "broken", line: index + 1, why };
  }
  return reader.end();
}

interface Lines {
  readonly line: number;
  readonly parts: string[];
}

class Reader {
  readonly #sections = new Map<string, Map<string, Lines>>();
  #options: Map<string, Lines> | undefined;
  #value: string[] | undefined;
  #indent = 0;
  #line = 0;

  /** Why the file cannot be read, or undefined. */
  read(line: string): string | undefined {
    this.#line += 1;
    const text = strip(line);
    if (text.startsWith("#") || text.startsWith(";")) return undefined;
    if (text === "") {
      this.#value?.push("");
      return undefined;
    }
    const indent = line.search(/\S/);
    if (this.#value !== undefined && indent > this.#indent) {
      this.#value.push(text);
      return undefined;
    }
    this.#indent = indent;
    // Up to the last bracket: what follows it is not looked at.
    const header = /^\[(.+)\]/.exec(text)?.[1];
    return header === undefined ? this.#option(text) : this.#header(header);
  }

  #header(name: string): string | undefined {
    if (this.#sections.has(name) && name !== DEFAULTS) return "a section that stands there twice";
    this.#options = this.#sections.get(name) ?? new Map();
    this.#sections.set(name, this.#options);
    this.#value = undefined;
    return undefined;
  }

  #option(text: string): string | undefined {
    if (this.#options === undefined) return "a line before the first section";
    const at = text.search(/[=:]/);
    const name = strip(text.slice(0, Math.max(at, 0))).toLowerCase();
    if (at < 0) return "a line that is neither a section nor a setting";
    if (name === "") return "a setting without a name";
    if (this.#options.has(name)) return "a setting that stands there twice";
    const parts = [strip(text.slice(at + 1))];
    this.#options.set(name, { line: this.#line, parts });
    this.#value = parts;
    return undefined;
  }

  end(): IniFile {
    const sections = new Map<string, IniSection>();
    for (const [name, options] of this.#sections) {
      if (name === DEFAULTS) continue;
      const section = new Map<string, IniValue>();
      for (const [option, { line, parts }] of [...(this.#sections.get(DEFAULTS) ?? []), ...options]) {
        const value = valueIn(parts);
        if (value === undefined) return { kind: "broken", line, why: "an indented block without `=`" };
        section.set(option, value);
      }
      sections.set(name, section);
    }
    return { kind: "sections", sections };
  }
}

/** Undefined for a block with a line that is no setting. */
function valueIn(parts: readonly string[]): IniValue | undefined {
  const text = parts.join("\n").replace(/[\s\x1c-\x1f\x85]+$/, "");
  if (!text.startsWith("\n")) return text;
  const block = new Map<string, string>();
  for (const line of text.split("\n").map(strip)) {
    if (line === "") continue;
    const at = line.indexOf("=");
    if (at < 0) return undefined;
    block.set(strip(line.slice(0, at)), strip(line.slice(at + 1)));
  }
  return block;
}

const strip = (text: string): string => text.replace(EDGE, "");

/** The name in a header such as `profile "my team"`; undefined for a header that is not one of `kind`. */
export function nameIn(header: string, kind: string): string | undefined {
  // As the CLI, which asks for the beginning and for two words.
  if (!header.startsWith(kind)) return undefined;
  const words = shellWords(header);
  return words?.length === 2 ? words[1] : undefined;
}

/** As a POSIX shell splits them; undefined where a quotation does not end. */
function shellWords(text: string): readonly string[] | undefined {
  const words: string[] = [];
  const pattern = /[ \t\r\n]*((?:[^ \t\r\n'"\\]|'[^']*'|"(?:[^"\\]|\\[\s\S])*"|\\[\s\S])+)|[ \t\r\n]+$/y;
  while (pattern.lastIndex < text.length) {
    const match = pattern.exec(text);
    if (match === null) return undefined;
    if (match[1] !== undefined) words.push(unquoted(match[1]));
  }
  return words;
}

function unquoted(word: string): string {
  return word.replace(/'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])/g, (_, single, double, escaped) =>
    double === undefined ? (single ?? escaped) : double.replace(/\\(["\\])/g, "$1"),
  );
}
