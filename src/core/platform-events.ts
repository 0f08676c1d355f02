// The platform's event stream: one JSON object a line, which says that something changed and never what. From bytes to
// lines to how soon it is worth asking again.

import { isRecord } from "./entry.ts";
import { InvalidInput } from "./failures.ts";
import { parseForeignJson } from "./foreign-json.ts";

/** A line longer than this is no event. */
const MAX_LINE_BYTES = 64 * 1024;

/** Puts lines together from chunks; keeps no more than one line. */
export class Lines {
  #rest = new Uint8Array(0);

  /** The lines that `chunk` completes, blank ones left out. Throws an InvalidInput. */
  push(chunk: Uint8Array): readonly string[] {
    const bytes = new Uint8Array(this.#rest.length + chunk.length);
    bytes.set(this.#rest);
    bytes.set(chunk, this.#rest.length);
    const lines: string[] = [];
    let start = 0;
    for (let end = bytes.indexOf(0x0a, this.#rest.length); end >= 0; end = bytes.indexOf(0x0a, start)) {
      const line = new TextDecoder().decode(bytes.subarray(start, end)).trim();
      if (line !== "") lines.push(line);
      start = end + 1;
    }
    this.#rest = bytes.slice(start);
    if (this.#rest.length > MAX_LINE_BYTES) throw new InvalidInput("a line without an end");
    return lines;
  }
}

/** `now`: a secret may have changed. `soon`: hardly, but the platform does not say. `never`: it is about something else. */
export type Urgency = "now" | "soon" | "never";

/** What can happen all the time without touching a secret. */
const OTHER_TYPES: ReadonlySet<string> = new Set([
  "RESOURCE_TYPE_RUNNER",
  "RESOURCE_TYPE_TASK",
  "RESOURCE_TYPE_TASK_EXECUTION",
  "RESOURCE_TYPE_SERVICE",
  "RESOURCE_TYPE_ENVIRONMENT_CLASS",
  "RESOURCE_TYPE_ENVIRONMENT_SESSION",
  "RESOURCE_TYPE_USER_PREFERENCE",
  "RESOURCE_TYPE_AGENT",
  "RESOURCE_TYPE_AGENT_EXECUTION",
]);

/**
 * How soon `line` is a reason to ask again, for who lives in `environmentId` (undefined: not known). Types and operations
 * that are new to us are a reason, later. Throws an InvalidInput when it is no event.
 */
export function urgencyOf(line: string, environmentId: string | undefined): Urgency {
  let event: unknown;
  try {
    event = parseForeignJson(line);
  } catch {
    throw new InvalidInput("a line that is not JSON");
  }
  if (!isRecord(event)) throw new InvalidInput("a line that is no object");
  const { operation, resourceType, resourceId } = event;
  if (typeof resourceType !== "string") return "soon";
  if (OTHER_TYPES.has(resourceType)) return "never";
  if (/^RESOURCE_TYPE_(?:[A-Z]+_)?SECRET$/.test(resourceType)) return "now";
  if (resourceType !== "RESOURCE_TYPE_ENVIRONMENT") return "soon";
  const isOther =
    environmentId !== undefined && typeof resourceId === "string" && resourceId !== environmentId;
  if (isOther) return "never";
  // A status is written again and again; the secrets stand in the specification.
  return operation === "RESOURCE_OPERATION_UPDATE_STATUS" ? "soon" : "now";
}
