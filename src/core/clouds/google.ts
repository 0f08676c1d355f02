// Google, as far as nobody has to be asked: which hosts are Artifact Registry's and its predecessor's, how a configuration
// names an identity of it, and when a token of it ends.

import type { Fields } from "../config-fields.ts";

export interface GarRegistry {
  readonly kind: "gar";
}

export type GoogleIdentity =
  | {
      readonly kind: "oidc-google";
      readonly workloadIdentityProvider: string;
      readonly serviceAccount?: string;
    }
  | { readonly kind: "impersonate"; readonly serviceAccount: string };

/** How long an access token lives, unless a credential file orders a longer one. */
export const GOOGLE_LIFE_MS = 3_600_000;

export const GOOGLE = {
  name: "Google",
  codes: "google",
  tokenUser: "oauth2accesstoken",

  recognize(host: string): GarRegistry | undefined {
    return /^(?:gcr\.io|[a-z0-9_-]+\.gcr\.io|[a-z0-9]+(?:-[a-z0-9]+)*-docker\.pkg\.dev|docker\.[a-z0-9]+(?:-[a-z0-9]+)*\.rep\.pkg\.dev)$/.test(
      host,
    )
      ? { kind: "gar" }
      : undefined;
  },

  hostOfEveryShape: (): readonly string[] => [
    "gcr.io",
    "eu.gcr.io",
    "us-docker.pkg.dev",
    "docker.us-east1.rep.pkg.dev",
  ],

  readIdentity(fields: Fields): GoogleIdentity | undefined {
    const serviceAccount = readAccount(fields);
    return serviceAccount === undefined ? undefined : { kind: "impersonate", serviceAccount };
  },

  readOidc(fields: Fields, isAlone: boolean): GoogleIdentity | undefined {
    const provider = fields.text("workloadIdentityProvider", isProvider, "must be projects/…/providers/…");
    const serviceAccount = isAlone ? readAccount(fields) : undefined;
    if (provider === undefined) return undefined;
    return {
      kind: "oidc-google",
      workloadIdentityProvider: providerPattern().exec(provider)?.[1] ?? "",
      ...(serviceAccount === undefined ? {} : { serviceAccount }),
    };
  },

  /** The token does not say its own end. */
  tokenEndMs(_password: string, madeAtMs: number): number {
    return madeAtMs + GOOGLE_LIFE_MS;
  },
} as const;

function readAccount(fields: Fields): string | undefined {
  return fields.text("serviceAccount", isEmail, "must be the address of a service account");
}

const isEmail = (text: string): boolean => /^[A-Za-z0-9._-]+@[A-Za-z0-9.-]+$/.test(text);
const isProvider = (text: string): boolean => providerPattern().test(text);
const providerPattern = (): RegExp =>
  /^(?:https:)?(?:\/\/iam\.googleapis\.com\/)?(projects\/[^/\s]+\/locations\/[^/\s]+\/workloadIdentityPools\/[^/\s]+\/providers\/[^/\s]+)$/;
