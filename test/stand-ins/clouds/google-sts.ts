// Stand-in for sts.googleapis.com/v1/token: an ID token of the platform for a federated access token. The subject
// token's signature, issuer, audience and end are checked against the named workload identity provider.
// google-auth-library: `token_url` of an external_account credential (IdentityPoolClient); the default is made
// from `universe_domain`, always https. The client does not hand its transporter on to this exchange: a subclass
// has to replace `stsCredential.transporter`.

import type { Clock } from "./clock.ts";
import type { GoogleTokens } from "./google-tokens.ts";
import { type KeySource, TokenRefused, verifyJwt } from "./jwt.ts";
import { type Answer, type Asked, listen, type StandIn } from "./stand-in.ts";

interface WorkloadProvider {
  /** projects/<number>/locations/global/workloadIdentityPools/<pool>/providers/<provider> */
  name: string;
  issuer: string;
  keys: KeySource;
  /** Default: the provider's full name, with and without `https:` in front. */
  audiences?: readonly string[];
}

export interface GoogleStsSettings {
  providers?: WorkloadProvider[];
  lifetimeMs?: number;
}

interface Surroundings {
  clock: Clock;
  googleTokens: GoogleTokens;
}

const SUBJECT_TYPES = ["urn:ietf:params:oauth:token-type:jwt", "urn:ietf:params:oauth:token-type:id_token"];
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";

export function fullProviderName(name: string): string {
  return `//iam.googleapis.com/${name}`;
}

export function listenGoogleSts(
  around: Surroundings,
  settings: GoogleStsSettings = {},
): Promise<StandIn<GoogleStsSettings>> {
  return listen(
    {
      service: "google-sts",
      contentType: "application/json; charset=UTF-8",
      operation: () => "exchange",
      answer: (asked) => answer(around, settings, asked),
      refuse: (fault) => {
        if (fault.kind === "denied")
          return refusal(
            403,
            "unauthorized_client",
            "The given credential is rejected by the attribute condition.",
          );
        return fault.kind === "throttled"
          ? refusal(429, "temporarily_unavailable", "Quota exceeded")
          : refusal(503, "temporarily_unavailable", "The service is currently unavailable.");
      },
    },
    around.clock,
    settings,
  );
}

async function answer(around: Surroundings, settings: GoogleStsSettings, asked: Asked): Promise<Answer> {
  const {
    grant_type: grantType,
    audience,
    subject_token: token = "",
    subject_token_type: type = "",
  } = asked.fields;
  if (asked.method !== "POST" || asked.path !== "/v1/token") return refusal(404, "not_found", "");
  if (grantType !== "urn:ietf:params:oauth:grant-type:token-exchange") {
    return refusal(400, "unsupported_grant_type", "Grant type is not supported.");
  }
  if (asked.fields.requested_token_type !== ACCESS_TOKEN || !SUBJECT_TYPES.includes(type)) {
    return refusal(400, "invalid_request", "Invalid token type.");
  }
  const provider = settings.providers?.find((it) => fullProviderName(it.name) === audience);
  if (provider === undefined) {
    return refusal(
      400,
      "invalid_target",
      'The target service indicated by the "audience" parameters is invalid.',
    );
  }
  const full = fullProviderName(provider.name);
  try {
    const claims = await verifyJwt(token, {
      keys: provider.keys,
      issuer: provider.issuer,
      audiences: provider.audiences ?? [full, `https:${full}`],
      nowMs: around.clock.nowMs(),
    });
    return grant(around, settings, asked, provider, String(claims.sub));
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error;
    if (error.reason === "audience") {
      const words = "The audience in ID Token [elsewhere] does not match the expected audience.";
      return refusal(400, "invalid_grant", words);
    }
    return refusal(400, "invalid_grant", `ID Token rejected: ${error.message}`);
  }
}

function grant(
  around: Surroundings,
  settings: GoogleStsSettings,
  asked: Asked,
  provider: WorkloadProvider,
  subject: string,
): Answer {
  const scopes = asked.fields.scope?.split(" ").filter((it) => it !== "") ?? [];
  if (scopes.length === 0) return refusal(400, "invalid_scope", "No scope was requested.");
  const pool = provider.name.replace(/\/providers\/[^/]+$/, "");
  const principal = `principal://iam.googleapis.com/${pool}/subject/${subject}`;
  const lifetimeMs = asked.expired ? -60_000 : (settings.lifetimeMs ?? 3600_000);
  const issued = around.googleTokens.issue({
    principal,
    scopes,
    expiresAtMs: around.clock.nowMs() + lifetimeMs,
  });
  const body = JSON.stringify({
    access_token: issued.token,
    issued_token_type: ACCESS_TOKEN,
    token_type: "Bearer",
    expires_in: lifetimeMs / 1000,
  });
  return { status: 200, body, principal };
}

function refusal(status: number, error: string, description: string): Answer {
  return { status, code: error, body: JSON.stringify({ error, error_description: description }) };
}
