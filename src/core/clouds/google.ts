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

/** Made when it is asked for: most warm answers have nothing to do with a cloud. */
export const google = () =>
  ({
    name: "Google",
    codes: "google",
    tokenUser: "oauth2accesstoken",

    recognize(host: string): GarRegistry | undefined {
      const isGoogles =
        /^(?:gcr\.io|[a-z0-9_-]+\.gcr\.io|[a-z0-9]+(?:-[a-z0-9]+)*-docker\.pkg\.dev|docker\.[a-z0-9]+(?:-[a-z0-9]+)*\.rep\.pkg\.dev)$/.test(
          host,
        );
      return isGoogles ? { kind: "gar" } : undefined;
    },
    readIdentity(fields: Fields): GoogleIdentity | undefined {
      const serviceAccount = readAccount(fields);
      return serviceAccount === undefined ? undefined : { kind: "impersonate", serviceAccount };
    },
    readOidc(fields: Fields, isAlone: boolean): GoogleIdentity | undefined {
      const isRight = (text: string): boolean => providerIn(text) !== undefined;
      const provider = fields.text("workloadIdentityProvider", isRight, "must be projects/…/providers/…");
      const serviceAccount = isAlone ? readAccount(fields) : undefined;
      if (provider === undefined) return undefined;
      const workloadIdentityProvider = providerIn(provider) ?? "";
      const account = serviceAccount === undefined ? {} : { serviceAccount };
      return { kind: "oidc-google", workloadIdentityProvider, ...account };
    },
    /** The token does not say its own end. */
    tokenEndMs: (_password: string, madeAtMs: number): number => madeAtMs + GOOGLE_LIFE_MS,
    hostOfEveryShape: () => ["gcr.io", "eu.gcr.io", "us-docker.pkg.dev", "docker.us-east1.rep.pkg.dev"],
  }) as const;

function readAccount(fields: Fields): string | undefined {
  const isEmail = (text: string): boolean => /^[A-Za-z0-9._-]+@[A-Za-z0-9.-]+$/.test(text);
  return fields.text("serviceAccount", isEmail, "must be the address of a service account");
}

/** The full name of a workload identity provider, however it is written. */
function providerIn(text: string): string | undefined {
  return /^(?:https:)?(?:\/\/iam\.googleapis\.com\/)?(projects\/[^/\s]+\/locations\/[^/\s]+\/workloadIdentityPools\/[^/\s]+\/providers\/[^/\s]+)$/.exec(
    text,
  )?.[1];
}
