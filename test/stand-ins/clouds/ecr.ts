// Stand-in for ECR and ECR Public: GetAuthorizationToken in JSON 1.1, with the errors AWS gives. A token comes
// only out of a signature that was recomputed here; one stand-in answers for every region unless told otherwise.
// SDK: AWS_ENDPOINT_URL_ECR and AWS_ENDPOINT_URL_ECR_PUBLIC, or `endpoint` of the client.

import { randomUUID } from "node:crypto";
import { readApiHost } from "./api-host.ts";
import type { Clock } from "./clock.ts";
import { type EcrPasswords, newEcrPassword } from "./ecr-password.ts";
import { type KeyRing, partitionOfArn } from "./key-ring.ts";
import { partitionOfRegion } from "./partitions.ts";
import { type SignatureFault, verifySignature } from "./sigv4.ts";
import { type Answer, type Asked, listen, type StandIn } from "./stand-in.ts";

export interface EcrSettings {
  /** Signing regions this API answers for; default: any region. ECR Public always has us-east-1 alone. */
  regions?: readonly string[];
  /** Default 12 h. */
  lifetimeMs?: number;
  /** Password length lies around this; real ones were seen between 1.2 and 2.5 KB. */
  payloadBytes?: number;
}

interface Surroundings {
  clock: Clock;
  ring: KeyRing;
  passwords: EcrPasswords;
}

interface Flavour {
  service: "ecr" | "ecr-public";
  target: string;
  actions: readonly string[];
}

const PRIVATE: Flavour = {
  service: "ecr",
  target: "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
  actions: ["ecr:GetAuthorizationToken"],
};
const PUBLIC: Flavour = {
  service: "ecr-public",
  target: "SpencerFrontendService.GetAuthorizationToken",
  actions: ["ecr-public:GetAuthorizationToken", "sts:GetServiceBearerToken"],
};
const CODES: Record<SignatureFault, string> = {
  missing: "MissingAuthenticationTokenException",
  incomplete: "IncompleteSignatureException",
  "unknown-key": "UnrecognizedClientException",
  "wrong-token": "UnrecognizedClientException",
  "token-expired": "ExpiredTokenException",
  skewed: "InvalidSignatureException",
  scope: "InvalidSignatureException",
  mismatch: "InvalidSignatureException",
};

export function listenEcr(around: Surroundings, settings: EcrSettings = {}): Promise<StandIn<EcrSettings>> {
  return listenFlavour(PRIVATE, around, settings);
}

export function listenEcrPublic(
  around: Surroundings,
  settings: EcrSettings = {},
): Promise<StandIn<EcrSettings>> {
  return listenFlavour(PUBLIC, around, { ...settings, regions: ["us-east-1"] });
}

function listenFlavour(
  flavour: Flavour,
  around: Surroundings,
  settings: EcrSettings,
): Promise<StandIn<EcrSettings>> {
  return listen(
    {
      service: flavour.service,
      contentType: "application/x-amz-json-1.1",
      operation: (asked) => asked.headers["x-amz-target"]?.split(".")[1] ?? "unknown",
      answer: (asked) => answer(flavour, around, settings, asked),
      refuse: (fault) => {
        if (fault.kind === "denied")
          return refusal(400, "AccessDeniedException", denial("someone", flavour.actions[0] ?? ""));
        if (fault.kind === "unavailable") return refusal(500, "ServerException", "Internal failure");
        return flavour.service === "ecr"
          ? refusal(400, "ThrottlingException", "Rate exceeded", fault.retryAfterSeconds)
          : refusal(429, "TooManyRequestsException", "Too Many Requests", fault.retryAfterSeconds);
      },
    },
    around.clock,
    settings,
  );
}

function answer(flavour: Flavour, around: Surroundings, settings: EcrSettings, asked: Asked): Answer {
  if (asked.method !== "POST" || asked.headers["x-amz-target"] !== flavour.target) {
    return refusal(400, "UnknownOperationException", "");
  }
  const host = readApiHost(flavour.service, asked.headers.host ?? "");
  if (host === undefined) return refusal(404, "UnknownHost", `${flavour.service} does not live at this host`);
  const verdict = verifySignature(asked, {
    service: flavour.service,
    isOwnRegion: (region) =>
      (settings.regions?.includes(region) ?? true) && (host === "loopback" || host.region === region),
    ring: around.ring,
    nowMs: around.clock.nowMs(),
  });
  if (verdict.kind === "refused") {
    return {
      ...refusal(400, CODES[verdict.fault], verdict.message),
      ...(verdict.region && { region: verdict.region }),
    };
  }
  const { key, region } = verdict;
  const proven = { principal: key.principal, region };
  if (partitionOfArn(key.principal) !== partitionOfRegion(region)?.id) {
    return {
      ...refusal(
        400,
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
      ),
      ...proven,
    };
  }
  const refusedAction = flavour.actions.find((action) => around.ring.isDenied(key.principal, action));
  if (refusedAction !== undefined) {
    return { ...refusal(400, "AccessDeniedException", denial(key.principal, refusedAction)), ...proven };
  }
  return { ...grant(flavour, around, settings, asked, region), ...proven };
}

function grant(
  flavour: Flavour,
  around: Surroundings,
  settings: EcrSettings,
  asked: Asked,
  region: string,
): Answer {
  const nowMs = around.clock.nowMs();
  const expiresAtMs = asked.expired ? nowMs - 60_000 : nowMs + (settings.lifetimeMs ?? 12 * 3600_000);
  const password = newEcrPassword(expiresAtMs, settings.payloadBytes ?? 1100);
  around.passwords.record({ password, region, service: flavour.service, expiresAtMs });
  const datum = {
    authorizationToken: Buffer.from(`AWS:${password}`).toString("base64"),
    expiresAt: expiresAtMs / 1000,
  };
  if (flavour.service === "ecr-public") return json(200, { authorizationData: datum });
  const accounts = accountsOf(asked) ?? ["111122223333"];
  const authorizationData = accounts.map((account) => ({
    ...datum,
    proxyEndpoint: `https://${account}.dkr.ecr.${region}.${partitionOfRegion(region)?.suffix}`,
  }));
  return json(200, { authorizationData });
}

function accountsOf(asked: Asked): string[] | undefined {
  const named: unknown = JSON.parse(asked.fields.registryIds ?? "null");
  return Array.isArray(named) && named.length > 0 ? named.map(String) : undefined;
}

function denial(principal: string, action: string): string {
  return `User: ${principal} is not authorized to perform: ${action} on resource: * because no identity-based policy allows the ${action} action`;
}

function refusal(status: number, code: string, message: string, retryAfterSeconds?: number): Answer {
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  const answered = json(status, { __type: code, message });
  return { ...answered, code, headers: { ...answered.headers, ...headers } };
}

function json(status: number, value: unknown): Answer {
  return { status, body: JSON.stringify(value), headers: { "x-amzn-requestid": randomUUID() } };
}
