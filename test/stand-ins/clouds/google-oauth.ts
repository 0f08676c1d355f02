// Stand-in for oauth2.googleapis.com/token: refresh tokens of users and signed assertions of service accounts.
// It issues nothing for a grant that it did not verify.
// google-auth-library takes no `token_uri` from a credential file: UserRefreshClient wants
// `endpoints: { oauth2TokenUrl }`, and JWT has the real URL built in (also as the audience of the assertion), so a
// loopback is only reached with a transport of one's own, or through a proxy that leads here (front.ts).

import type { KeyObject } from "node:crypto";
import type { Clock } from "./clock.ts";
import { CLOUD_PLATFORM, type GoogleTokens } from "./google-tokens.ts";
import { type Claims, TokenRefused, unverifiedClaims, verifyJwt } from "./jwt.ts";
import { type Answer, type Asked, listen, type StandIn } from "./stand-in.ts";

export const OAUTH_URL = "https://oauth2.googleapis.com/token";

export interface GoogleUser {
  email: string;
  clientId: string;
  clientSecret: string;
  refreshToken: string;
  /** The organization wants a new login: `invalid_grant` with `invalid_rapt`. */
  mustLogInAgain?: boolean;
}

export interface ServiceAccount {
  email: string;
  publicKey: KeyObject;
}

export interface OAuthSettings {
  users?: GoogleUser[];
  serviceAccounts?: ServiceAccount[];
  lifetimeMs?: number;
}

interface Surroundings {
  clock: Clock;
  googleTokens: GoogleTokens;
}

export function listenOAuth(
  around: Surroundings,
  settings: OAuthSettings = {},
): Promise<StandIn<OAuthSettings>> {
  return listen(
    {
      service: "google-oauth",
      contentType: "application/json; charset=utf-8",
      operation: (asked) => asked.fields.grant_type?.split(":").at(-1) ?? "unknown",
      answer: (asked) => answer(around, settings, asked),
      refuse: (fault) => {
        if (fault.kind === "denied") return refusal(403, "access_denied", "Account restricted");
        return fault.kind === "throttled"
          ? refusal(429, "rate_limit_exceeded", "Rate limit exceeded")
          : refusal(503, "internal_failure", "Backend error");
      },
    },
    around.clock,
    settings,
  );
}

async function answer(around: Surroundings, settings: OAuthSettings, asked: Asked): Promise<Answer> {
  if (asked.method !== "POST" || asked.path !== "/token") return refusal(404, "not_found", "");
  switch (asked.fields.grant_type) {
    case "refresh_token":
      return refreshGrant(around, settings, asked);
    case "urn:ietf:params:oauth:grant-type:jwt-bearer":
      return assertionGrant(around, settings, asked);
    default:
      return refusal(400, "unsupported_grant_type", `Invalid grant_type: ${asked.fields.grant_type}`);
  }
}

function refreshGrant(around: Surroundings, settings: OAuthSettings, asked: Asked): Answer {
  const { client_id: id, client_secret: secret, refresh_token: refreshToken } = asked.fields;
  const user = settings.users?.find((it) => it.clientId === id);
  if (user === undefined) return refusal(401, "invalid_client", "The OAuth client was not found.");
  if (user.clientSecret !== secret) return refusal(401, "invalid_client", "Unauthorized");
  if (user.refreshToken !== refreshToken)
    return refusal(400, "invalid_grant", "Token has been expired or revoked.");
  if (user.mustLogInAgain === true) {
    return refusal(400, "invalid_grant", "reauth related error (invalid_rapt)", {
      error_subtype: "invalid_rapt",
    });
  }
  return grant(around, settings, asked, user.email, [CLOUD_PLATFORM]);
}

async function assertionGrant(around: Surroundings, settings: OAuthSettings, asked: Asked): Promise<Answer> {
  const assertion = asked.fields.assertion ?? "";
  const { iss: email } = unverifiedClaims(assertion);
  const account = settings.serviceAccounts?.find((it) => it.email === email);
  if (account === undefined) return refusal(400, "invalid_grant", "Invalid grant: account not found");
  const nowMs = around.clock.nowMs();
  try {
    const rules = { keys: account.publicKey, issuer: account.email, audiences: [OAUTH_URL], nowMs };
    const claims = await verifyJwt(assertion, rules);
    if (!isShortLived(claims)) return refusal(400, "invalid_grant", TIMEFRAME);
    const scopes = typeof claims.scope === "string" ? claims.scope.split(" ").filter((it) => it !== "") : [];
    if (scopes.length === 0)
      return refusal(400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.");
    return grant(around, settings, asked, account.email, scopes);
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error;
    const late = error.reason === "expired" || error.reason === "not-yet";
    if (error.reason === "signature") return refusal(400, "invalid_grant", "Invalid JWT Signature.");
    return refusal(400, "invalid_grant", late ? TIMEFRAME : `Invalid JWT: ${error.message}`);
  }
}

const TIMEFRAME =
  "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.";

function isShortLived(claims: Claims): boolean {
  return typeof claims.exp === "number" && typeof claims.iat === "number" && claims.exp - claims.iat <= 3600;
}

function grant(
  around: Surroundings,
  settings: OAuthSettings,
  asked: Asked,
  principal: string,
  scopes: readonly string[],
): Answer {
  const lifetimeMs = asked.expired ? -60_000 : (settings.lifetimeMs ?? 3599_000);
  const issued = around.googleTokens.issue({
    principal,
    scopes,
    expiresAtMs: around.clock.nowMs() + lifetimeMs,
  });
  const body = JSON.stringify({
    access_token: issued.token,
    expires_in: lifetimeMs / 1000,
    scope: scopes.join(" "),
    token_type: "Bearer",
  });
  return { status: 200, body, principal };
}

function refusal(
  status: number,
  error: string,
  description: string,
  more: Record<string, string> = {},
): Answer {
  return { status, code: error, body: JSON.stringify({ error, error_description: description, ...more }) };
}
