// Stand-in for iamcredentials.googleapis.com: generateAccessToken, for impersonation. The caller's token must have
// come from another stand-in, and the account must name the caller as a token creator.
// google-auth-library: `service_account_impersonation_url` of an external_account credential, `endpoint` of
// Impersonated (the URL in a file of its own kind is read for the e-mail alone; its default endpoint is made from
// `universe_domain`, always https).

import type { Clock } from "./clock.ts";
import { CLOUD_PLATFORM, type GoogleTokens } from "./google-tokens.ts";
import { type Answer, type Asked, listen, type StandIn } from "./stand-in.ts";

interface ImpersonatedAccount {
  email: string;
  /** Principals with the role Service Account Token Creator. */
  tokenCreators: readonly string[];
}

export interface GoogleIamSettings {
  accounts?: ImpersonatedAccount[];
}

interface Surroundings {
  clock: Clock;
  googleTokens: GoogleTokens;
}

const PATH = /^\/v1\/projects\/-\/serviceAccounts\/([^/:]+):generateAccessToken$/;
const DENIED = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).";

export function impersonationPath(email: string): string {
  return `/v1/projects/-/serviceAccounts/${email}:generateAccessToken`;
}

export function listenGoogleIam(
  around: Surroundings,
  settings: GoogleIamSettings = {},
): Promise<StandIn<GoogleIamSettings>> {
  return listen(
    {
      service: "google-iam",
      contentType: "application/json; charset=UTF-8",
      operation: (asked) => (PATH.test(asked.path) ? "generateAccessToken" : asked.path),
      answer: (asked) => answer(around, settings, asked),
      refuse: (fault) => {
        if (fault.kind === "denied") return refusal(403, "PERMISSION_DENIED", DENIED);
        return fault.kind === "throttled"
          ? refusal(429, "RESOURCE_EXHAUSTED", "Quota exceeded")
          : refusal(503, "UNAVAILABLE", "The service is currently unavailable.");
      },
    },
    around.clock,
    settings,
  );
}

function answer(around: Surroundings, settings: GoogleIamSettings, asked: Asked): Answer {
  const email = PATH.exec(asked.path)?.[1];
  if (asked.method !== "POST" || email === undefined)
    return refusal(404, "NOT_FOUND", "Requested entity was not found.");
  const bearer = /^Bearer (.+)$/.exec(asked.headers.authorization ?? "")?.[1];
  const caller = around.googleTokens.find(bearer ?? "");
  if (caller === undefined) {
    return refusal(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.");
  }
  const proven = { principal: caller.principal };
  if (!caller.scopes.some((it) => it === CLOUD_PLATFORM || it === "https://www.googleapis.com/auth/iam")) {
    return {
      ...refusal(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes."),
      ...proven,
    };
  }
  const account = settings.accounts?.find((it) => it.email === decodeURIComponent(email));
  if (account?.tokenCreators.includes(caller.principal) !== true) {
    return { ...refusal(403, "PERMISSION_DENIED", DENIED), ...proven };
  }
  return { ...grant(around, asked, account.email), ...proven };
}

function grant(around: Surroundings, asked: Asked, principal: string): Answer {
  const scopes: unknown = JSON.parse(asked.fields.scope ?? "[]");
  const seconds = Number(/^(\d+)s$/.exec(asked.fields.lifetime ?? "3600s")?.[1]);
  if (!Array.isArray(scopes) || scopes.length === 0) {
    return refusal(400, "INVALID_ARGUMENT", "Scope required.");
  }
  if (!(seconds >= 1 && seconds <= 3600)) return refusal(400, "INVALID_ARGUMENT", "Invalid lifetime.");
  const nowMs = around.clock.nowMs();
  const expiresAtMs = asked.expired ? nowMs - 60_000 : nowMs + seconds * 1000;
  const issued = around.googleTokens.issue({ principal, scopes: scopes.map(String), expiresAtMs });
  const expireTime = new Date(expiresAtMs).toISOString().replace(/\.\d{3}Z$/, "Z");
  return { status: 200, body: JSON.stringify({ accessToken: issued.token, expireTime }) };
}

function refusal(status: number, code: string, message: string): Answer {
  return { status, code, body: JSON.stringify({ error: { code: status, message, status: code } }) };
}
