// What a stand-in can be told to do wrong, and the script that says on which request. It never answers by itself.

export type Fault =
  /** The request is read and never answered. */
  | { kind: "silence" }
  /** Status line, headers and one byte, then a byte per interval without end. */
  | { kind: "drip"; intervalMs?: number }
  /** The connection is cut after the request was read. */
  | { kind: "reset" }
  /** The true answer, late. */
  | { kind: "latency"; latencyMs: number }
  /** Anything else a test wants to say, word for word. */
  | { kind: "answer"; status: number; body: string; headers?: Record<string, string> }
  /** 200 with the content type of the service and a body that is not of its kind. */
  | { kind: "garbage" }
  /** 200 with the content type of the service and so many bytes of it. */
  | { kind: "huge"; bytes: number }
  /** A redirect; whoever follows it shows what he takes along. */
  | { kind: "redirect"; to: string; status?: number }
  /** The three refusals below come in the error shape of the service. */
  | { kind: "denied" }
  | { kind: "throttled"; retryAfterSeconds?: number }
  | { kind: "unavailable" }
  /** The true answer, but what it grants ended a minute ago. */
  | { kind: "expired" };

export interface Occasion {
  /** On how many requests; default 1. */
  times?: number;
  /** Only for this operation, by the name that the journal shows. */
  operation?: string;
}

interface Line {
  fault: Fault;
  left: number;
  operation: string | undefined;
}

export class FaultScript {
  #lines: Line[] = [];

  /** Queued after those already there. */
  next(fault: Fault, occasion: Occasion = {}): void {
    this.#lines.push({ fault, left: occasion.times ?? 1, operation: occasion.operation });
  }

  always(fault: Fault, occasion: Omit<Occasion, "times"> = {}): void {
    this.next(fault, { ...occasion, times: Number.POSITIVE_INFINITY });
  }

  clear(): void {
    this.#lines = [];
  }

  /** Called by the stand-in, once per request. */
  take(operation: string): Fault | undefined {
    const line = this.#lines.find((it) => it.operation === undefined || it.operation === operation);
    if (line === undefined) return undefined;
    line.left -= 1;
    if (line.left <= 0) this.#lines = this.#lines.filter((it) => it !== line);
    return line.fault;
  }
}
