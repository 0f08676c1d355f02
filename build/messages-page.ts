// Makes the tables of docs/messages.md from the table of messages: `node build/messages-page.ts` writes them between their
// markers, and a test fails where the page and the table differ.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { FAILURE_MESSAGES, type Message } from "../src/core/failure-messages.ts";
import { FINDING_MESSAGES } from "../src/core/finding-messages.ts";

export const MESSAGES_PAGE = fileURLToPath(new URL("../docs/messages.md", import.meta.url));

const TABLES: Readonly<Record<string, Readonly<Record<string, Message>>>> = {
  failures: FAILURE_MESSAGES,
  findings: FINDING_MESSAGES,
};

/** `page` with every table made anew. Throws where a marker is missing. */
export function withMessages(page: string): string {
  let text = page;
  for (const [name, messages] of Object.entries(TABLES)) {
    const [begin, end] = [`<!-- ${name}: made by build/messages-page.ts -->`, `<!-- end of ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`docs/messages.md has no markers for ${name}`);
    text = `${text.slice(0, from + begin.length)}\n${table(messages)}\n${text.slice(to)}`;
  }
  return text;
}

function table(messages: Readonly<Record<string, Message>>): string {
  const rows = Object.entries(messages).map(
    ([code, { message, cause, remedy }]) =>
      `| \`${code}\` | ${cell(message)} | ${cell(cause)} | ${cell(remedy)} |`,
  );
  return ["| code | the line says | cause | remedy |", "|---|---|---|---|", ...rows].join("\n");
}

/** Placeholders would be taken for HTML, and a bar for the end of a cell. */
const cell = (text: string): string =>
  text.replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("|", "\\|");

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(MESSAGES_PAGE, withMessages(readFileSync(MESSAGES_PAGE, "utf8")));
}
