// Text in lines of a bounded width.

/** `text` broken at spaces, every line but the first behind `indent`. A word that is longer than a line stays whole. */
export function wrapped(text: string, columns: number, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line === "") line = word;
    else if (line.length + 1 + word.length <= columns) line += ` ${word}`;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line];
}
