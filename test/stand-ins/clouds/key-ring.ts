// The access keys that the AWS stand-ins know, whose they are, and what those may not do. One ring is shared by
// all of them: a key that STS or a metadata server hands out is good at ECR. It never knows a real key.

import { randomBytes } from "node:crypto";

export interface AccessKey {
  accessKeyId: string;
  secretAccessKey: string;
  /** Temporary keys only. */
  sessionToken: string | undefined;
  expiresAtMs: number | undefined;
  /** An ARN; its partition says where the key counts. */
  principal: string;
}

export const INSTANCE_ROLE = "arn:aws:sts::111122223333:assumed-role/environment/i-0123456789abcdef0";
export const DEVELOPER = "arn:aws:iam::111122223333:user/developer";

export class KeyRing {
  readonly #keys = new Map<string, AccessKey>();
  readonly #denied = new Set<string>();

  permanent(principal = DEVELOPER): AccessKey {
    return this.#add({
      principal,
      accessKeyId: keyId("AKIA"),
      sessionToken: undefined,
      expiresAtMs: undefined,
    });
  }

  temporary(principal: string, expiresAtMs: number): AccessKey {
    const sessionToken = randomBytes(180).toString("base64");
    return this.#add({ principal, accessKeyId: keyId("ASIA"), sessionToken, expiresAtMs });
  }

  find(accessKeyId: string): AccessKey | undefined {
    return this.#keys.get(accessKeyId);
  }

  revoke(accessKeyId: string): void {
    this.#keys.delete(accessKeyId);
  }

  /** `action` as IAM writes it, e.g. `ecr:GetAuthorizationToken`. */
  deny(principal: string, action: string): void {
    this.#denied.add(`${principal} ${action}`);
  }

  allow(principal: string, action: string): void {
    this.#denied.delete(`${principal} ${action}`);
  }

  isDenied(principal: string, action: string): boolean {
    return this.#denied.has(`${principal} ${action}`);
  }

  #add(key: Omit<AccessKey, "secretAccessKey">): AccessKey {
    const complete = { ...key, secretAccessKey: randomBytes(30).toString("base64") };
    this.#keys.set(complete.accessKeyId, complete);
    return complete;
  }
}

/** The variables through which an SDK finds the key. */
export function keyEnv(key: AccessKey): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    ...(key.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: key.sessionToken }),
  };
}

export function partitionOfArn(arn: string): string {
  return arn.split(":")[1] ?? "";
}

function keyId(prefix: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  return prefix + Array.from(randomBytes(16), (byte) => alphabet[byte % 32]).join("");
}
