// Mints the token of a Google registry: from the machine's metadata server, from application default credentials,
// by workload identity federation or by impersonation. The library is loaded only where a client of it is needed.

import { GOOGLE_LIFE_MS, type GoogleIdentity, google } from "../../core/clouds/google.ts";
import { isRecord, isText } from "../../core/entry.ts";
import { Failure, toFailure } from "../../core/failures.ts";
import type { MintPlan } from "../../core/identity.ts";
import { Secret } from "../../core/secret.ts";
import type { MintContext, MintedToken } from "../cloud/context.ts";
import { believedEndMs } from "../cloud/lifetime.ts";
import { ownIdentity } from "../cloud/own-identity.ts";
import { type CredentialFile, credentialFile, credentialFileName } from "./files.ts";
import { CLOUD_PLATFORM, type GoogleToken, type MetadataAnswer, metadataToken } from "./metadata.ts";

/** Nothing is handed out that ends so soon. */
const MIN_LIFE_MS = 60_000;
/** A metadata server gives the same token until about five minutes before its end. */
const METADATA_MARGIN_MS = 4 * 60_000;
const PROVIDER =
  /^projects\/[a-z0-9-]+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]+\/providers\/[a-z0-9-]+$/;
/** A file may build on another one; gcloud writes one level. */
const MAX_LEVELS = 3;

type Source = "metadata" | "other";
interface Sourced {
  readonly token: GoogleToken;
  readonly source: Source;
}

/** Throws a Failure and nothing else. */
export async function mintGoogle(plan: MintPlan, context: MintContext): Promise<MintedToken> {
  try {
    const obtainedAtMs = context.clock.nowMs();
    const { token, source } = await tokenFor(plan, context);
    return minted(token, source, obtainedAtMs);
  } catch (error) {
    throw toFailure(error);
  }
}

function minted(answer: GoogleToken, source: Source, obtainedAtMs: number): MintedToken {
  const { token, longestMs = GOOGLE_LIFE_MS } = answer;
  const expiresAtMs = believedEndMs(answer.expiresAtMs, obtainedAtMs, longestMs);
  const lifeMs = expiresAtMs - obtainedAtMs;
  if (lifeMs <= MIN_LIFE_MS) {
    throw new Failure("token-expired", "Google gave a token that has expired", {
      hint: "check this machine's clock",
    });
  }
  return {
    username: google().tokenUser,
    secret: new Secret(token),
    obtainedAtMs,
    expiresAtMs,
    refreshAtMs: source === "metadata" ? expiresAtMs - METADATA_MARGIN_MS : obtainedAtMs + lifeMs / 2,
  };
}

async function tokenFor(plan: MintPlan, context: MintContext): Promise<Sourced> {
  const { googleScopes: scopes } = plan;
  const identity = ownIdentity("gar", plan, {
    registry: "Google's",
    hint: "give identity a workload identity provider or a service account",
  });
  switch (identity?.kind) {
    case undefined:
      return plan.base === "machine" ? machineToken(scopes, context) : defaultToken(scopes, context);
    case "impersonate": {
      const { impersonate, impersonationUrl } = await import("./impersonate.ts");
      const url = impersonationUrl(identity.serviceAccount);
      const ask = plan.base === "machine" ? machineToken : defaultToken;
      const own = await ask([CLOUD_PLATFORM], context);
      const token = impersonate(own.token.token, { url, scopes, delegates: [] }, context);
      return other(await traced(context, `impersonation of ${identity.serviceAccount}`, token));
    }
    case "oidc-google":
      return other(await traced(context, "platform OIDC", federated(identity, plan, context)));
  }
}

/** `doctor` reads from the trace which link answered. */
async function traced(context: MintContext, link: string, token: Promise<GoogleToken>): Promise<GoogleToken> {
  const found = await token;
  context.trace(`google identity from ${link}: token`);
  return found;
}

const other = (token: GoogleToken): Sourced => ({ token, source: "other" });

/** The machine's own account; application default credentials only where the machine has none. */
async function machineToken(scopes: readonly string[], context: MintContext): Promise<Sourced> {
  const answer = await metadataToken(scopes, context).catch(asNone);
  context.trace(`google identity from the metadata server: ${answer.kind}`);
  if (answer.kind === "token") return { token: answer.token, source: "metadata" };
  const file = credentialFile(context.env, context.home);
  if (file !== undefined)
    return other(await traced(context, "the credential file", tokenOf(file, scopes, context)));
  throw await nothingFound(answer, context);
}

/** A metadata server that fails gives no identity; only a mistake in the configuration ends the search. */
function asNone(error: unknown): MetadataAnswer {
  const reason = toFailure(error);
  if (reason.code === "config-invalid") throw reason;
  return { kind: "none", reason, conclusive: true };
}

async function defaultToken(scopes: readonly string[], context: MintContext): Promise<Sourced> {
  const file = credentialFile(context.env, context.home);
  if (file !== undefined)
    return other(await traced(context, "the credential file", tokenOf(file, scopes, context)));
  const answer = await metadataToken(scopes, context);
  context.trace(`google identity from the metadata server: ${answer.kind}`);
  if (answer.kind === "token") return { token: answer.token, source: "metadata" };
  throw await nothingFound(answer, context);
}

/** The wrong cloud is a better reason than a missing identity, and worth one short question. */
async function nothingFound(answer: MetadataAnswer, context: MintContext): Promise<Failure> {
  // Google's own word, or silence: another cloud's server at this address would have answered.
  const told = answer.kind === "none" && answer.conclusive === true;
  const other = told ? undefined : await context.others.machineOf("gar", context);
  if (other !== undefined) {
    return new Failure(
      "wrong-cloud",
      `this machine is on ${other} and has no Google identity for a Google registry`,
      {
        hint: "use identity.oidc with a workload identity provider, or another secret for this registry",
      },
    );
  }
  const reason = answer.kind === "none" ? answer.reason : undefined;
  return (
    reason ??
    new Failure("google-no-credentials", "no Google identity was found", {
      hint: "run on GCE, sign in with gcloud auth application-default login, or configure identity.oidc",
    })
  );
}

async function tokenOf(
  file: CredentialFile,
  scopes: readonly string[],
  context: MintContext,
  level = 1,
): Promise<GoogleToken> {
  if (file.type !== "impersonated_service_account") {
    const { fileToken } = await import("./clients.ts");
    return fileToken(file, scopes, context);
  }
  const { service_account_impersonation_url: url, source_credentials: source, delegates } = file;
  if (!isText(url) || !isRecord(source) || level >= MAX_LEVELS) {
    throw new Failure(
      "google-no-credentials",
      `${credentialFileName(context.env)} names nobody who impersonates`,
      {
        hint: "run gcloud auth application-default login --impersonate-service-account",
      },
    );
  }
  const own = await tokenOf(source, [CLOUD_PLATFORM], context, level + 1);
  const { impersonate } = await import("./impersonate.ts");
  const named = Array.isArray(delegates) ? delegates.filter(isText) : [];
  return impersonate(own.token, { url, scopes, delegates: named }, context);
}

async function federated(
  identity: GoogleIdentity & { readonly kind: "oidc-google" },
  plan: MintPlan,
  context: MintContext,
): Promise<GoogleToken> {
  const provider = identity.workloadIdentityProvider.replace(/^(?:https:)?\/\/iam\.googleapis\.com\//, "");
  if (!PROVIDER.test(provider)) {
    throw new Failure(
      "config-invalid",
      "identity.oidc.workloadIdentityProvider is not a provider's full name",
      {
        hint: "write projects/<number>/locations/global/workloadIdentityPools/<pool>/providers/<provider>",
      },
    );
  }
  const { impersonationUrl } = await import("./impersonate.ts");
  const url = identity.serviceAccount === undefined ? undefined : impersonationUrl(identity.serviceAccount);
  const audience = `//iam.googleapis.com/${provider}`;
  const idToken = await context.idToken(plan.audience ?? audience);
  const { federatedToken } = await import("./clients.ts");
  return federatedToken(idToken, { audience, impersonationUrl: url }, plan.googleScopes, context);
}
