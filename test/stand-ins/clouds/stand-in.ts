// One loopback HTTP server with a journal and a script of faults; what it says is up to the service behind it.
// It listens on 127.0.0.1 only and never opens a connection itself.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Clock } from "./clock.ts";
import { type Fault, FaultScript } from "./faults.ts";
import { Journal, type JournalEntry, redactFields, redactHeaders } from "./journal.ts";

export interface Asked {
  method: string;
  /** As on the request line, before the question mark, not decoded. */
  path: string;
  query: URLSearchParams;
  rawQuery: string;
  headers: Record<string, string>;
  body: string;
  /** Of a form or JSON body, top level only. */
  fields: Record<string, string>;
  /** The `expired` fault: grant something that has already ended. */
  expired: boolean;
}

export interface Answer {
  status: number;
  body: string;
  headers?: Record<string, string>;
  /** For the journal. */
  code?: string;
  principal?: string;
  region?: string;
  /** Never answer: the service itself is silent. */
  silent?: boolean;
}

type Refusal = Fault & { kind: "denied" | "throttled" | "unavailable" };

export interface Behaviour {
  service: string;
  contentType: string;
  operation(asked: Asked): string;
  answer(asked: Asked): Answer | Promise<Answer>;
  refuse(fault: Refusal, asked: Asked): Answer;
}

/** `settings` are read again at each request: a test changes them as it goes. */
export class StandIn<Settings = unknown> {
  readonly settings: Settings;
  readonly journal = new Journal();
  readonly faults = new FaultScript();
  readonly port: number;
  readonly #server: Server;

  constructor(settings: Settings, server: Server, port: number) {
    this.settings = settings;
    this.#server = server;
    this.port = port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get hostAndPort(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Cuts what is open, drips and silent answers included. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

export async function listen<Settings>(
  behaviour: Behaviour,
  clock: Clock,
  settings: Settings,
): Promise<StandIn<Settings>> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  const standIn = new StandIn(settings, server, address.port);
  server.on("request", (request, response) => {
    serve(standIn, behaviour, clock, request, response).catch((error: unknown) => {
      // A defect of the stand-in must be seen by the test, not look like a refusal of the service.
      process.emitWarning(`${behaviour.service} stand-in: ${String(error)}`);
      response.destroy();
    });
  });
  return standIn;
}

async function serve(
  standIn: StandIn,
  behaviour: Behaviour,
  clock: Clock,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = await read(request);
  const operation = behaviour.operation(asked);
  const fault = standIn.faults.take(operation);
  const entry = enter(standIn.journal, behaviour.service, operation, asked, clock, fault);
  response.sendDate = false;
  response.setHeader("date", new Date(clock.nowMs()).toUTCString());
  if (fault !== undefined && misbehave(fault, behaviour, entry, response)) return;
  if (fault?.kind === "latency") await new Promise((resolve) => setTimeout(resolve, fault.latencyMs));
  const answer =
    fault?.kind === "denied" || fault?.kind === "throttled" || fault?.kind === "unavailable"
      ? behaviour.refuse(fault, asked)
      : await behaviour.answer({ ...asked, expired: fault?.kind === "expired" });
  entry.code = answer.code;
  entry.principal = answer.principal;
  entry.region = answer.region;
  if (answer.silent === true) return;
  entry.status = answer.status;
  response.writeHead(answer.status, { "content-type": behaviour.contentType, ...answer.headers });
  response.end(answer.body);
}

/** True when the fault has taken the answer over. */
function misbehave(
  fault: Fault,
  behaviour: Behaviour,
  entry: JournalEntry,
  response: ServerResponse,
): boolean {
  const say = (status: number, body: string, headers: Record<string, string> = {}) => {
    entry.status = status;
    response.writeHead(status, { "content-type": behaviour.contentType, ...headers }).end(body);
    return true;
  };
  switch (fault.kind) {
    case "silence":
      return true;
    case "reset":
      response.destroy();
      return true;
    case "drip":
      entry.status = 200;
      drip(response, behaviour.contentType, fault.intervalMs ?? 100);
      return true;
    case "answer":
      return say(fault.status, fault.body, fault.headers);
    case "garbage":
      return say(200, "\u0000not what you expect<<<{");
    case "huge":
      return say(200, " ".repeat(fault.bytes));
    case "redirect":
      return say(fault.status ?? 307, "", { location: fault.to });
    default:
      return false;
  }
}

function drip(response: ServerResponse, contentType: string, intervalMs: number): void {
  response.writeHead(200, { "content-type": contentType });
  response.write(" ");
  const timer = setInterval(() => response.write(" "), intervalMs);
  response.on("close", () => clearInterval(timer));
}

function enter(
  journal: Journal,
  service: string,
  operation: string,
  asked: Asked,
  clock: Clock,
  fault: Fault | undefined,
): JournalEntry {
  const entry: JournalEntry = {
    service,
    operation,
    method: asked.method,
    host: asked.headers.host ?? "",
    path: asked.path,
    headers: redactHeaders(asked.headers),
    fields: redactFields({ ...Object.fromEntries(asked.query), ...asked.fields }),
    atMs: clock.nowMs(),
    status: undefined,
    code: undefined,
    principal: undefined,
    region: undefined,
    fault: fault?.kind,
  };
  journal.entries.push(entry);
  return entry;
}

async function read(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const body = Buffer.concat(chunks).toString("utf8");
  const target = request.url ?? "/";
  const mark = target.indexOf("?");
  const rawQuery = mark < 0 ? "" : target.slice(mark + 1);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    headers[name] = Array.isArray(value) ? value.join(",") : (value ?? "");
  }
  return {
    method: request.method ?? "GET",
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(rawQuery),
    rawQuery,
    headers,
    body,
    fields: fieldsOf(headers["content-type"] ?? "", body),
    expired: false,
  };
}

function fieldsOf(contentType: string, body: string): Record<string, string> {
  if (contentType.startsWith("application/x-www-form-urlencoded")) {
    return Object.fromEntries(new URLSearchParams(body));
  }
  if (!contentType.includes("json")) return {};
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== "object" || parsed === null) return {};
    return Object.fromEntries(
      Object.entries(parsed).map(([name, value]) => [
        name,
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
    );
  } catch {
    return {};
  }
}
