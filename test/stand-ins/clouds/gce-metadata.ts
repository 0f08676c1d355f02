// Stand-in for the GCE metadata server. It wants `Metadata-Flavor: Google` and says it back, hands out the same
// token until shortly before its end, and refuses what came through a proxy. It knows no path that GCE has not.
// google-auth-library: GCE_METADATA_HOST=<host:port> (gcp-metadata puts http:// in front; GCE_METADATA_IP wins over
// it). Compute ignores its own transporter, and an HTTP_PROXY is used even for the metadata server.

import type { Clock } from "./clock.ts";
import { CLOUD_PLATFORM, type GoogleToken, type GoogleTokens } from "./google-tokens.ts";
import { type Answer, type Asked, listen, type StandIn } from "./stand-in.ts";

export const INSTANCE_ACCOUNT = "runner-env-vm@project-1234.iam.gserviceaccount.com";

export interface GceSettings {
  /** Null: the machine has no service account, 404. */
  serviceAccount?: string | null;
  scopes?: readonly string[];
  /** Accepts connections and never answers. */
  silent?: boolean;
  /** Default 1 h. */
  lifetimeMs?: number;
  /** A new token is made when the old one has less than this left; default 5 minutes. */
  renewBeforeMs?: number;
  projectId?: string;
}

interface Surroundings {
  clock: Clock;
  googleTokens: GoogleTokens;
}

const BASE = "/computeMetadata/v1/";
const FLAVOR = { "metadata-flavor": "Google", server: "Metadata Server for VM" };

export function listenGce(around: Surroundings, settings: GceSettings = {}): Promise<StandIn<GceSettings>> {
  const held: { token: GoogleToken | undefined } = { token: undefined };
  return listen(
    {
      service: "gce-metadata",
      contentType: "application/text",
      operation: (asked) => operation(asked, settings),
      answer: (asked) => {
        if (settings.silent === true) return { status: 0, body: "", silent: true };
        const answered = answer(around, settings, held, asked);
        return { ...answered, headers: { ...FLAVOR, ...answered.headers } };
      },
      refuse: (fault) => {
        if (fault.kind === "denied")
          return { status: 403, code: "forbidden", body: "Forbidden", headers: FLAVOR };
        const status = fault.kind === "throttled" ? 429 : 503;
        return { status, code: fault.kind, body: "try again", headers: FLAVOR };
      },
    },
    around.clock,
    settings,
  );
}

function operation(asked: Asked, settings: GceSettings): string {
  const path = asked.path.startsWith(BASE) ? asked.path.slice(BASE.length) : asked.path;
  return path.replace(`/${settings.serviceAccount ?? INSTANCE_ACCOUNT}/`, "/default/");
}

function answer(
  around: Surroundings,
  settings: GceSettings,
  held: { token: GoogleToken | undefined },
  asked: Asked,
): Answer {
  if (asked.headers["metadata-flavor"] !== "Google" || asked.headers["x-forwarded-for"] !== undefined) {
    return { status: 403, code: "missing-flavor", body: "Missing required header: Metadata-Flavor" };
  }
  if (asked.method !== "GET") return { status: 405, code: "method", body: "" };
  const account = settings.serviceAccount === undefined ? INSTANCE_ACCOUNT : settings.serviceAccount;
  const scopes = settings.scopes ?? [CLOUD_PLATFORM];
  const path = operation(asked, settings);
  if (path === "instance" || path === "instance/") {
    return { status: 200, body: "attributes/\nid\nservice-accounts/\nzone\n" };
  }
  if (path === "project/project-id") return { status: 200, body: settings.projectId ?? "project-1234" };
  if (account === null || !path.startsWith("instance/service-accounts/default/")) return notFound();
  switch (path.slice("instance/service-accounts/default/".length)) {
    case "token":
      return tokenAnswer(around, settings, held, asked, account, scopes);
    case "email":
      return { status: 200, body: account };
    case "scopes":
      return { status: 200, body: `${scopes.join("\n")}\n` };
    default:
      return notFound();
  }
}

function tokenAnswer(
  around: Surroundings,
  settings: GceSettings,
  held: { token: GoogleToken | undefined },
  asked: Asked,
  principal: string,
  scopes: readonly string[],
): Answer {
  const nowMs = around.clock.nowMs();
  const renewBeforeMs = settings.renewBeforeMs ?? 5 * 60_000;
  if (
    held.token === undefined ||
    held.token.expiresAtMs - renewBeforeMs <= nowMs ||
    held.token.principal !== principal
  ) {
    const expiresAtMs = nowMs + (settings.lifetimeMs ?? 3600_000);
    held.token = around.googleTokens.issue({ principal, scopes, expiresAtMs });
  }
  const leftSeconds = Math.floor((held.token.expiresAtMs - nowMs) / 1000);
  return {
    status: 200,
    headers: { "content-type": "application/json" },
    principal,
    body: JSON.stringify({
      access_token: held.token.token,
      expires_in: asked.expired ? -60 : leftSeconds,
      token_type: "Bearer",
    }),
  };
}

function notFound(): Answer {
  const body =
    "<!DOCTYPE html><html><title>Error 404 (Not Found)!!1</title><p><b>404.</b> That’s an error.</html>";
  return { status: 404, code: "not-found", body, headers: { "content-type": "text/html; charset=UTF-8" } };
}
