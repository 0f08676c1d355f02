// The access tokens that the Google stand-ins have handed out, shared by all of them: whoever presents one is
// looked up here. Nothing that was not issued here is ever valid.

import { randomBytes } from "node:crypto";
import type { Clock } from "./clock.ts";

export interface GoogleToken {
  token: string;
  /** E-mail of the account, or `principal://…` of a federated identity. */
  principal: string;
  scopes: readonly string[];
  expiresAtMs: number;
}

export const CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform";

export class GoogleTokens {
  readonly all: GoogleToken[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  issue(granted: Omit<GoogleToken, "token">): GoogleToken {
    const issued = { ...granted, token: `ya29.${randomBytes(120).toString("base64url")}` };
    this.all.push(issued);
    return issued;
  }

  /** Undefined for an unknown or an expired one. */
  find(token: string): GoogleToken | undefined {
    return this.all.find((it) => it.token === token && it.expiresAtMs > this.#clock.nowMs());
  }

  isValid(token: string): boolean {
    return this.find(token) !== undefined;
  }
}
