// Tokens through google-auth-library: the client that fits a credential file, on our transport. No client of its
// kind is asked to find its own way, so no gcloud is started, no project is looked up and nothing is logged.

import type {
  AwsClientOptions,
  ExternalAccountAuthorizedUserClientOptions,
  IdentityPoolClientOptions,
  PluggableAuthClientOptions,
} from "google-auth-library";
import { AwsClient } from "google-auth-library/build/src/auth/awsclient.js";
import { ExternalAccountAuthorizedUserClient } from "google-auth-library/build/src/auth/externalAccountAuthorizedUserClient.js";
import { IdentityPoolClient } from "google-auth-library/build/src/auth/identitypoolclient.js";
import { JWT } from "google-auth-library/build/src/auth/jwtclient.js";
import { PluggableAuthClient } from "google-auth-library/build/src/auth/pluggable-auth-client.js";
import { UserRefreshClient } from "google-auth-library/build/src/auth/refreshclient.js";
import { StsCredentials } from "google-auth-library/build/src/auth/stscredentials.js";
import { GOOGLE_LIFE_MS } from "../../core/clouds/google.ts";
import { isRecord, isText } from "../../core/entry.ts";
import { Failure } from "../../core/failures.ts";
import type { Secret } from "../../core/secret.ts";
import { withRetries } from "../../edge/retry.ts";
import type { AwsSupplier, MintContext } from "../cloud/context.ts";
import { readSeconds } from "../cloud/lifetime.ts";
import { callOf, FEDERATION } from "./calls.ts";
import { badAnswer, type GoogleCall, googleFailure } from "./errors.ts";
import { type GoogleTransport, googleTransport, judgeGoogle } from "./fetch.ts";
import { type CredentialFile, credentialFileName, tokenUriOf } from "./files.ts";
import type { GoogleToken } from "./metadata.ts";

/** What Google gives an impersonated account at most, where the organization allows it. */
const LONGEST_LIFE_MS = 12 * 3_600_000;

/** What all clients that we make have in common. */
interface TokenClient {
  readonly credentials: { readonly expiry_date?: number | null };
  getAccessToken(): Promise<{ token?: string | null; res?: unknown }>;
}

type Shared = ReturnType<typeof sharedOptions>;

/** Throws a Failure. The kinds of file are those that gcloud writes, but for impersonation. */
export async function fileToken(
  file: CredentialFile,
  scopes: readonly string[],
  context: MintContext,
): Promise<GoogleToken> {
  const transport = googleTransport(context, tokenUriOf(file));
  const shared = sharedOptions(transport, scopes);
  const call = callOf(file);
  try {
    const token = await ask(() => clientFor(file, shared, context), transport, context, call);
    return { ...token, ...longestLife(file) };
  } catch (error) {
    throw error instanceof Failure ? error : googleFailure(transport.outcome(), call, context);
  }
}

/** A federated token for an ID token that is at hand. Throws a Failure. */
export async function federatedToken(
  idToken: Secret,
  pool: { readonly audience: string; readonly impersonationUrl: string | undefined },
  scopes: readonly string[],
  context: MintContext,
): Promise<GoogleToken> {
  const transport = googleTransport(context);
  const make = () =>
    new PoolClient({
      ...sharedOptions(transport, scopes),
      type: "external_account",
      audience: pool.audience,
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      subject_token_supplier: { getSubjectToken: async () => idToken.expose() },
      ...(pool.impersonationUrl === undefined
        ? {}
        : { service_account_impersonation_url: pool.impersonationUrl }),
    });
  try {
    return await ask(make, transport, context, FEDERATION);
  } catch (error) {
    throw error instanceof Failure ? error : googleFailure(transport.outcome(), FEDERATION, context);
  }
}

/** A file of federation may order a longer life of the account that it impersonates. */
function longestLife(file: CredentialFile): Pick<GoogleToken, "longestMs"> {
  const wanted = isRecord(file.service_account_impersonation) ? file.service_account_impersonation : {};
  const seconds = readSeconds(wanted.token_lifetime_seconds) ?? 0;
  return seconds * 1000 > GOOGLE_LIFE_MS ? { longestMs: Math.min(seconds * 1000, LONGEST_LIFE_MS) } : {};
}

async function ask(
  make: () => TokenClient,
  transport: GoogleTransport,
  context: MintContext,
  call: GoogleCall,
): Promise<GoogleToken> {
  const client = make();
  const answer = await withRetries(
    context,
    () => client.getAccessToken(),
    () => judgeGoogle(transport.outcome()),
  );
  const said = client.credentials.expiry_date ?? endIn(answer.res, context.clock.nowMs());
  const expiresAtMs = typeof said === "number" ? said : Number.NaN;
  const token: unknown = answer.token;
  if (!isText(token) || !/^[\x21-\x7e]+$/.test(token)) throw badAnswer(call.api);
  return { token, expiresAtMs };
}

/** One client keeps its token's end to itself; the response says it too. */
function endIn(response: unknown, nowMs: number): number {
  const data = isRecord(response) ? response.data : undefined;
  const seconds = isRecord(data) ? readSeconds(data.expires_in) : undefined;
  return nowMs + (seconds ?? Number.NaN) * 1000;
}

function sharedOptions(transport: GoogleTransport, scopes: readonly string[]) {
  return {
    scopes: [...scopes],
    // Off: its interceptors print requests when GOOGLE_SDK_NODE_LOGGING is set.
    useAuthRequestParameters: false,
    transporterOptions: {
      fetchImplementation: transport.fetch,
      // Present, so that gaxios makes no proxy agent of its own; our fetch never asks it.
      agent: (): never => {
        throw new Error("no agent");
      },
      retryConfig: { retry: 0, noResponseRetries: 0 },
    },
  };
}

/** The library gives its token exchange a transport of its own; these classes give it ours. */
class PoolClient extends IdentityPoolClient {
  constructor(options: IdentityPoolClientOptions) {
    super(options);
    this.stsCredential = exchangeOver(this.transporter, this.getTokenUrl(), this.clientAuth);
  }
}

class AwsPoolClient extends AwsClient {
  constructor(options: AwsClientOptions, awsSecurityCredentialsSupplier: AwsSupplier) {
    super(options);
    // Its own asks the process's variables, and a metadata server in its own words. An option of it excludes the file's.
    Object.assign(this, { awsSecurityCredentialsSupplier });
    this.stsCredential = exchangeOver(this.transporter, this.getTokenUrl(), this.clientAuth);
  }
}

class ExecutablePoolClient extends PluggableAuthClient {
  constructor(options: PluggableAuthClientOptions) {
    super(options);
    this.stsCredential = exchangeOver(this.transporter, this.getTokenUrl(), this.clientAuth);
  }
}

type ExchangeOptions = Exclude<ConstructorParameters<typeof StsCredentials>[0], string | URL | undefined>;

function exchangeOver(
  transporter: NonNullable<ExchangeOptions["transporter"]>,
  tokenExchangeEndpoint: string,
  clientAuthentication: ExchangeOptions["clientAuthentication"],
): StsCredentials {
  const shared = { tokenExchangeEndpoint, transporter };
  return new StsCredentials(
    clientAuthentication === undefined ? shared : { ...shared, clientAuthentication },
  );
}

function clientFor(file: CredentialFile, shared: Shared, context: MintContext): TokenClient {
  switch (file.type) {
    case "service_account": {
      const client = new JWT(shared);
      client.fromJSON(file);
      return client;
    }
    case "authorized_user": {
      const client = new UserRefreshClient(shared);
      client.fromJSON(file);
      return client;
    }
    case "external_account_authorized_user":
      return new ExternalAccountAuthorizedUserClient({
        ...(file as unknown as ExternalAccountAuthorizedUserClientOptions),
        ...shared,
      });
    case "external_account":
      return externalClient(file, shared, context);
    default:
      throw unsupported(context, "is of a kind that is not supported");
  }
}

function externalClient(file: CredentialFile, shared: Shared, context: MintContext): TokenClient {
  const source = isRecord(file.credential_source) ? file.credential_source : {};
  if (source.certificate !== undefined) {
    throw unsupported(context, "wants a client certificate, which is not supported");
  }
  if (source.environment_id !== undefined) {
    const options = { ...file, ...shared } as unknown as AwsClientOptions;
    return new AwsPoolClient(options, context.others.awsSupplier(source, context));
  }
  if (source.executable !== undefined) {
    return new ExecutablePoolClient({ ...executableOptions(file, source, context), ...shared });
  }
  return new PoolClient({ ...(file as unknown as IdentityPoolClientOptions), ...shared });
}

/** The library's own least limit is 5 s. */
const MIN_EXECUTABLE_MS = 5000;

function executableOptions(
  file: CredentialFile,
  source: Record<string, unknown>,
  context: MintContext,
): PluggableAuthClientOptions {
  if (context.env.GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES !== "1") {
    throw unsupported(
      context,
      "runs a program, which GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1 would allow",
    );
  }
  const executable = isRecord(source.executable) ? source.executable : {};
  const timeout_millis = Math.max(MIN_EXECUTABLE_MS, Math.floor(context.deadline.remainingMs()));
  const bounded = { ...source, executable: { ...executable, timeout_millis } };
  return { ...file, credential_source: bounded } as unknown as PluggableAuthClientOptions;
}

function unsupported({ env }: MintContext, why: string): Failure {
  return new Failure("google-no-credentials", `${credentialFileName(env)} ${why}`, {
    hint: "use a service account, a user login or workload identity federation",
  });
}
