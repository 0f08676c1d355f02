// Passwords in the shape of ECR's, and the record of all that were handed out, so that a registry stand-in can
// tell a minted one from any other. The record stays in memory.

import { randomBytes } from "node:crypto";
import type { Clock } from "./clock.ts";

export interface MintedEcrPassword {
  password: string;
  region: string;
  service: "ecr" | "ecr-public";
  expiresAtMs: number;
}

/** Base64 of the JSON that real passwords hold. */
export function newEcrPassword(expiresAtMs: number, payloadBytes: number): string {
  const envelope = {
    payload: randomBytes(Math.ceil((payloadBytes * 3) / 4)).toString("base64"),
    datakey: randomBytes(184).toString("base64"),
    version: "2",
    type: "DATA_KEY",
    expiration: Math.floor(expiresAtMs / 1000),
  };
  return Buffer.from(JSON.stringify(envelope)).toString("base64");
}

export class EcrPasswords {
  readonly all: MintedEcrPassword[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  record(minted: MintedEcrPassword): void {
    this.all.push(minted);
  }

  /** Not expired, and of that region and service when they are named. */
  isValid(
    user: string,
    password: string,
    of: { region?: string; service?: "ecr" | "ecr-public" } = {},
  ): boolean {
    if (user !== "AWS") return false;
    return this.all.some(
      (minted) =>
        minted.password === password &&
        minted.expiresAtMs > this.#clock.nowMs() &&
        (of.region === undefined || minted.region === of.region) &&
        (of.service === undefined || minted.service === of.service),
    );
  }
}
