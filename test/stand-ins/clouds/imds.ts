// Stand-in for the EC2 metadata server, version 2 only: without a session token every question is refused, as is
// a token request that came through a proxy. `silent` is what a hop limit of 1 looks like from inside a container.
// SDK: AWS_EC2_METADATA_SERVICE_ENDPOINT.

import { randomBytes } from "node:crypto";
import type { Clock } from "./clock.ts";
import { type AccessKey, INSTANCE_ROLE, type KeyRing } from "./key-ring.ts";
import { type Answer, type Asked, listen, type StandIn } from "./stand-in.ts";

export interface ImdsSettings {
  /** Role of the instance profile, default `environment`; null: no role, 404. */
  role?: string | null;
  /** Whose keys it hands out. */
  principal?: string;
  region?: string;
  /** Accepts connections and never answers. */
  silent?: boolean;
  /** Of the keys; default 6 h. They rotate when 5 minutes are left, or when `rotateKeys` counts up. */
  lifetimeMs?: number;
  rotateKeys?: number;
}

interface Surroundings {
  clock: Clock;
  ring: KeyRing;
}

interface Held {
  /** Session token -> its end. */
  sessions: Map<string, number>;
  key: AccessKey | undefined;
  rotations: number;
}

const TOKEN_PATH = "/latest/api/token";
const ROLES_PATH = "/latest/meta-data/iam/security-credentials/";

export function listenImds(
  around: Surroundings,
  settings: ImdsSettings = {},
): Promise<StandIn<ImdsSettings>> {
  const held: Held = { sessions: new Map(), key: undefined, rotations: 0 };
  return listen(
    {
      service: "imds",
      contentType: "text/plain",
      operation: (asked) => operation(asked),
      answer: (asked) => (settings.silent === true ? silence() : answer(around, settings, held, asked)),
      refuse: (fault) =>
        fault.kind === "denied" ? page(403, "Forbidden") : page(503, "Service Unavailable"),
    },
    around.clock,
    settings,
  );
}

function operation(asked: Asked): string {
  if (asked.path === TOKEN_PATH) return "token";
  if (asked.path === ROLES_PATH) return "roles";
  return asked.path.startsWith(ROLES_PATH) ? "credentials" : asked.path;
}

function answer(around: Surroundings, settings: ImdsSettings, held: Held, asked: Asked): Answer {
  const nowMs = around.clock.nowMs();
  if (asked.path === TOKEN_PATH) return issueSession(held, asked, nowMs);
  if (asked.method !== "GET") return page(405, "Method Not Allowed");
  const endsAtMs = held.sessions.get(asked.headers["x-aws-ec2-metadata-token"] ?? "");
  if (endsAtMs === undefined || endsAtMs <= nowMs) return page(401, "Unauthorized");
  const role = settings.role === undefined ? "environment" : settings.role;
  switch (asked.path) {
    case ROLES_PATH:
    case ROLES_PATH.slice(0, -1):
      return role === null ? page(404, "Not Found") : { status: 200, body: role };
    case `${ROLES_PATH}${role}`:
      return { status: 200, body: credentials(around, settings, held, asked, nowMs) };
    case "/latest/meta-data/placement/region":
      return { status: 200, body: settings.region ?? "us-east-1" };
    default:
      return page(404, "Not Found");
  }
}

function issueSession(held: Held, asked: Asked, nowMs: number): Answer {
  const seconds = Number(asked.headers["x-aws-ec2-metadata-token-ttl-seconds"]);
  if (asked.method !== "PUT") return page(405, "Method Not Allowed");
  // The real server refuses here too: the header betrays a proxy on the way.
  if (asked.headers["x-forwarded-for"] !== undefined) return page(403, "Forbidden");
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 21_600) return page(400, "Bad Request");
  const session = randomBytes(42).toString("base64");
  held.sessions.set(session, nowMs + seconds * 1000);
  return {
    status: 200,
    body: session,
    headers: { "x-aws-ec2-metadata-token-ttl-seconds": String(seconds) },
  };
}

function credentials(
  around: Surroundings,
  settings: ImdsSettings,
  held: Held,
  asked: Asked,
  nowMs: number,
): string {
  const rotations = settings.rotateKeys ?? 0;
  const endsSoon = (held.key?.expiresAtMs ?? 0) < nowMs + 5 * 60_000;
  if (held.key === undefined || endsSoon || rotations !== held.rotations) {
    const lifetimeMs = settings.lifetimeMs ?? 6 * 3600_000;
    held.key = around.ring.temporary(settings.principal ?? INSTANCE_ROLE, nowMs + lifetimeMs);
    held.rotations = rotations;
  }
  const key = asked.expired ? around.ring.temporary(held.key.principal, nowMs - 60_000) : held.key;
  return JSON.stringify({
    Code: "Success",
    LastUpdated: new Date(nowMs).toISOString(),
    Type: "AWS-HMAC",
    AccessKeyId: key.accessKeyId,
    SecretAccessKey: key.secretAccessKey,
    Token: key.sessionToken,
    Expiration: new Date(key.expiresAtMs ?? 0).toISOString(),
  });
}

function silence(): Answer {
  return { status: 0, body: "", silent: true };
}

function page(status: number, title: string): Answer {
  const body = `<?xml version="1.0" encoding="iso-8859-1"?>\n<html><head><title>${status} - ${title}</title></head><body><h1>${status} - ${title}</h1></body></html>\n`;
  return { status, body, code: title, headers: { "content-type": "text/html" } };
}
