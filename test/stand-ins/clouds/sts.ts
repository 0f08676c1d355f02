// Stand-in for AWS STS: AssumeRole, AssumeRoleWithWebIdentity and GetCallerIdentity in the query protocol. It
// hands out keys only for a signature or an ID token that it verified; they are good at the other stand-ins.
// SDK: AWS_ENDPOINT_URL_STS, or `endpoint` of the client.

import { randomUUID } from "node:crypto";
import { readApiHost } from "./api-host.ts";
import type { Clock } from "./clock.ts";
import { type KeySource, TokenRefused, unverifiedClaims, verifyJwt } from "./jwt.ts";
import { type AccessKey, type KeyRing, partitionOfArn } from "./key-ring.ts";
import { type SignatureFault, verifySignature } from "./sigv4.ts";
import { type Answer, type Asked, listen, type StandIn } from "./stand-in.ts";
import { element, xml } from "./xml.ts";

interface Role {
  /** arn:<partition>:iam::<account>:role/<name> */
  arn: string;
  /** Demanded from AssumeRole when given. */
  externalId?: string;
  /** Principals that may assume it; default: whoever signs. */
  trusts?: readonly string[];
  /** Refuses everybody, in both ways. */
  denied?: boolean;
  maxSeconds?: number;
}

interface OidcProvider {
  issuer: string;
  keys: KeySource;
  /** Default: `sts.amazonaws.com`. */
  audiences?: readonly string[];
}

export interface StsSettings {
  roles?: Role[];
  oidc?: OidcProvider[];
}

interface Surroundings {
  clock: Clock;
  ring: KeyRing;
}

const CODES: Record<SignatureFault, string> = {
  missing: "MissingAuthenticationToken",
  incomplete: "IncompleteSignature",
  "unknown-key": "InvalidClientTokenId",
  "wrong-token": "InvalidClientTokenId",
  "token-expired": "ExpiredToken",
  skewed: "SignatureDoesNotMatch",
  scope: "SignatureDoesNotMatch",
  mismatch: "SignatureDoesNotMatch",
};

export function listenSts(around: Surroundings, settings: StsSettings = {}): Promise<StandIn<StsSettings>> {
  return listen(
    {
      service: "sts",
      contentType: "text/xml",
      operation: (asked) => asked.fields.Action ?? "unknown",
      answer: (asked) => answer(around, settings, asked),
      refuse: (fault, asked) => {
        if (fault.kind === "denied") {
          return refusal(403, "AccessDenied", `Not authorized to perform sts:${asked.fields.Action}`);
        }
        return fault.kind === "throttled"
          ? refusal(400, "Throttling", "Rate exceeded")
          : refusal(
              503,
              "ServiceUnavailable",
              "The request has failed due to a temporary failure of the server.",
            );
      },
    },
    around.clock,
    settings,
  );
}

async function answer(around: Surroundings, settings: StsSettings, asked: Asked): Promise<Answer> {
  const host = readApiHost("sts", asked.headers.host ?? "");
  if (host === undefined) return refusal(404, "UnknownHost", "STS does not live at this host");
  const action = asked.fields.Action;
  if (asked.method !== "POST" || asked.fields.Version !== "2011-06-15") {
    return refusal(
      400,
      "InvalidAction",
      `Could not find operation ${action} for version ${asked.fields.Version}`,
    );
  }
  if (action === "AssumeRoleWithWebIdentity") return withWebIdentity(around, settings, asked);
  const verdict = verifySignature(asked, {
    service: "sts",
    isOwnRegion: (region) => host === "loopback" || host.region === region,
    ring: around.ring,
    nowMs: around.clock.nowMs(),
  });
  if (verdict.kind === "refused") {
    return {
      ...refusal(403, CODES[verdict.fault], verdict.message),
      ...(verdict.region && { region: verdict.region }),
    };
  }
  const { key, region } = verdict;
  const proven = { principal: key.principal, region };
  if (action === "AssumeRole") return { ...assumeRole(around, settings, asked, key), ...proven };
  if (action === "GetCallerIdentity") return { ...callerIdentity(key), ...proven };
  return refusal(400, "InvalidAction", `Could not find operation ${action} for version 2011-06-15`);
}

function assumeRole(around: Surroundings, settings: StsSettings, asked: Asked, key: AccessKey): Answer {
  const { RoleArn: arn = "", ExternalId: externalId } = asked.fields;
  const role = settings.roles?.find((it) => it.arn === arn);
  const trusted =
    role !== undefined &&
    role.denied !== true &&
    (role.trusts?.includes(key.principal) ?? true) &&
    role.externalId === externalId &&
    partitionOfArn(role.arn) === partitionOfArn(key.principal) &&
    !around.ring.isDenied(key.principal, "sts:AssumeRole");
  if (!trusted) {
    const message = `User: ${key.principal} is not authorized to perform: sts:AssumeRole on resource: ${arn}`;
    const isBounded = around.ring.isDenied(key.principal, "sts:AssumeRole");
    const why = isBounded ? " because no permissions boundary allows the sts:AssumeRole action" : "";
    return refusal(403, "AccessDenied", message + why);
  }
  return handOut(around, asked, role, {});
}

async function withWebIdentity(around: Surroundings, settings: StsSettings, asked: Asked): Promise<Answer> {
  const { RoleArn: arn = "", WebIdentityToken: token = "" } = asked.fields;
  const { iss: issuer } = unverifiedClaims(token);
  const provider = settings.oidc?.find((it) => it.issuer === issuer);
  if (provider === undefined) {
    return refusal(
      400,
      "InvalidIdentityToken",
      `No OpenIDConnect provider found in your account for ${issuer}`,
    );
  }
  try {
    const claims = await verifyJwt(token, {
      keys: provider.keys,
      issuer: provider.issuer,
      audiences: provider.audiences ?? ["sts.amazonaws.com"],
      nowMs: around.clock.nowMs(),
    });
    const role = settings.roles?.find((it) => it.arn === arn);
    if (role === undefined || role.denied === true) {
      return refusal(403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
    }
    return handOut(around, asked, role, {
      SubjectFromWebIdentityToken: String(claims.sub),
      Audience: String(claims.aud),
      Provider: provider.issuer,
    });
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error;
    return tokenRefusal(error);
  }
}

function tokenRefusal(error: TokenRefused): Answer {
  if (error.reason === "expired")
    return refusal(
      400,
      "ExpiredTokenException",
      "Token expired: current date/time must be before the expiration date/time",
    );
  if (error.reason === "audience") return refusal(400, "InvalidIdentityToken", "Incorrect token audience");
  return refusal(400, "InvalidIdentityToken", `The ID Token provided is not a valid JWT: ${error.message}`);
}

function handOut(around: Surroundings, asked: Asked, role: Role, more: Record<string, string>): Answer {
  const name = asked.fields.RoleSessionName ?? "";
  const seconds = Number(asked.fields.DurationSeconds ?? 3600);
  if (!/^[\w+=,.@-]{2,64}$/.test(name)) {
    return refusal(
      400,
      "ValidationError",
      `Value '${name}' at 'roleSessionName' failed to satisfy constraint`,
    );
  }
  if (!(seconds >= 900 && seconds <= (role.maxSeconds ?? 3600))) {
    return refusal(
      400,
      "ValidationError",
      "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    );
  }
  const nowMs = around.clock.nowMs();
  const principal = `${role.arn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")}/${name}`;
  const key = around.ring.temporary(principal, asked.expired ? nowMs - 60_000 : nowMs + seconds * 1000);
  const action = asked.fields.Action ?? "";
  return {
    ...respond(action, [
      element("AssumedRoleUser", [
        element("Arn", principal),
        element("AssumedRoleId", `AROASTANDIN:${name}`),
      ]),
      element("Credentials", [
        element("AccessKeyId", key.accessKeyId),
        element("SecretAccessKey", key.secretAccessKey),
        element("SessionToken", key.sessionToken ?? ""),
        element("Expiration", new Date(key.expiresAtMs ?? 0).toISOString()),
      ]),
      ...Object.entries(more).map(([tag, text]) => element(tag, text)),
    ]),
    principal,
  };
}

function callerIdentity(key: AccessKey): Answer {
  return respond("GetCallerIdentity", [
    element("Arn", key.principal),
    element("UserId", "AIDASTANDIN"),
    element("Account", key.principal.split(":")[4] ?? ""),
  ]);
}

const NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/";

function respond(action: string, result: string[]): Answer {
  const metadata = element("ResponseMetadata", [element("RequestId", randomUUID())]);
  return {
    status: 200,
    body: xml(`${action}Response`, NAMESPACE, [element(`${action}Result`, result), metadata]),
  };
}

function refusal(status: number, code: string, message: string): Answer {
  const error = element("Error", [
    element("Type", "Sender"),
    element("Code", code),
    element("Message", message),
  ]);
  return { status, code, body: xml("ErrorResponse", NAMESPACE, [error, element("RequestId", randomUUID())]) };
}
