// A second server that stands for somebody else's host: redirects lead there, and it notes what arrives.
// Whoever follows a redirect gets a plausible answer from it, so that a leak is not mistaken for an outage.

import { type Listener, listen, type Tls } from "./listener.ts";

export class ForeignHost {
  #listener: Listener | undefined;
  #requestsSeen = 0;
  #authorizationsSeen = 0;

  get origin(): string {
    if (this.#listener === undefined) {
      throw new Error("the foreign host is not up");
    }
    return this.#listener.origin;
  }

  get requestsSeen(): number {
    return this.#requestsSeen;
  }

  /** How many requests carried an Authorization header. */
  get authorizationsSeen(): number {
    return this.#authorizationsSeen;
  }

  async start(tls: Tls | undefined): Promise<void> {
    this.#listener = await listen(
      (request, response) => {
        this.#requestsSeen += 1;
        this.#authorizationsSeen += request.headers.authorization === undefined ? 0 : 1;
        request.resume();
        response.writeHead(200, { "content-type": "application/json" });
        response.end('{"value":"foreign-user:foreign-password","environment":{},"secrets":[]}');
      },
      0,
      tls,
    );
  }

  async stop(): Promise<void> {
    await this.#listener?.goDown();
  }
}
