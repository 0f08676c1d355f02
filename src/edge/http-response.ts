// One answer, read into one buffer, and unpacked. Whatever comes, in whatever pieces: the clock is looked at on every piece, everything
// that can be endless is counted, and the connection is destroyed there and then. A timer alone would not do: it waits for
// its turn behind the pieces of a flood.

import type { Dispatcher } from "undici";
import { TransportError } from "./transport-error.ts";

const MAX_BODY_BYTES = 1024 * 1024;
/** No server that means well cuts a megabyte into so many. */
const MAX_PIECES = 32 * 1024;
const MAX_INTERIM_ANSWERS = 32;
const FIRST_BYTES = 16 * 1024;

export interface RawResponse {
  readonly status: number;
  /** Names in lower case; a repeated header is joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

interface Limits {
  readonly signal: AbortSignal;
  /** The time of this request is used up. */
  readonly isOver: () => boolean;
}

/** Rejects with a TransportError of no host, or with undici's error. */
export function readResponse(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  { signal, isOver }: Limits,
): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const collected = new Collected(isOver);
    const stopOn = (controller: Dispatcher.DispatchController, error: TransportError | undefined): void => {
      if (error !== undefined) controller.abort(error);
    };
    let stop: (() => void) | undefined;
    const end = (settle: () => void): void => {
      if (stop !== undefined) signal.removeEventListener("abort", stop);
      settle();
    };
    dispatcher.dispatch(request, {
      onRequestStart(controller) {
        stop = () => controller.abort(new TransportError("timeout", "", ""));
        if (signal.aborted) stop();
        else signal.addEventListener("abort", stop, { once: true });
      },
      onResponseStart: (controller, status, headers) => stopOn(controller, collected.start(status, headers)),
      onResponseData: (controller, piece) => stopOn(controller, collected.add(piece)),
      onResponseEnd: () => end(() => resolve(collected.response())),
      onResponseError: (_, error) => end(() => reject(error)),
    });
  });
}

class Collected {
  readonly #isOver: () => boolean;
  #status = 0;
  #headers: Record<string, string> = {};
  #buffer = Buffer.allocUnsafe(FIRST_BYTES);
  #size = 0;
  #pieces = 0;
  #interim = 0;

  constructor(isOver: () => boolean) {
    this.#isOver = isOver;
  }

  /** Undefined when it may go on; so too with `add`. */
  start(status: number, headers: Record<string, string | string[] | undefined>): TransportError | undefined {
    if (this.#isOver()) return new TransportError("timeout", "", "");
    if (status < 200) {
      this.#interim += 1;
      return this.#interim > MAX_INTERIM_ANSWERS
        ? new TransportError("broken", "", "interim answers")
        : undefined;
    }
    this.#status = status;
    this.#headers = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")]),
    );
    return undefined;
  }

  add(piece: Uint8Array): TransportError | undefined {
    this.#pieces += 1;
    const size = this.#size + piece.length;
    if (size > MAX_BODY_BYTES || this.#pieces > MAX_PIECES) return new TransportError("too-large", "", "");
    if (this.#isOver()) return new TransportError("timeout", "", "");
    if (size > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(size, this.#buffer.length * 4));
      this.#buffer.copy(larger, 0, 0, this.#size);
      this.#buffer = larger;
    }
    this.#buffer.set(piece, this.#size);
    this.#size = size;
    return undefined;
  }

  response(): RawResponse {
    return { status: this.#status, headers: this.#headers, body: this.#buffer.subarray(0, this.#size) };
  }
}

/** We ask for no compression; a server that compresses all the same is read, inside the size limit. */
export async function plainBody(body: Buffer, named: string | undefined): Promise<Buffer> {
  const encoding = named?.trim().toLowerCase();
  if (encoding === undefined || encoding === "identity" || body.length === 0) return body;
  const { brotliDecompressSync, gunzipSync, inflateSync } = await import("node:zlib");
  const decoders: Record<string, typeof gunzipSync> = {
    gzip: gunzipSync,
    "x-gzip": gunzipSync,
    deflate: inflateSync,
    br: brotliDecompressSync as typeof gunzipSync,
  };
  const decode = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  if (decode === undefined) throw new TransportError("broken", "", "content-encoding");
  try {
    return decode(body, { maxOutputLength: MAX_BODY_BYTES });
  } catch (error) {
    const kind = (error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE" ? "too-large" : "broken";
    throw new TransportError(kind, "", "content-encoding");
  }
}
