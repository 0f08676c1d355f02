// A real login at a registry, for `doctor`: `/v2/`, then Basic or the token flow, then, for an image, whether its manifest
// may be read. A credential goes to the registry and, in a token flow, to a realm that core/challenge.ts allows; no
// redirect is followed, and what the registry says is shown only after the credential was taken out of it.

import { allowedRealm, parseChallenge, type Realm } from "../core/challenge.ts";
import { type Endpoint, isLoopback, parseEndpoint } from "../core/endpoint.ts";
import type { ImageHome } from "../core/image.ts";
import { HUB_KEY } from "../core/registry.ts";
import type { Credential } from "../core/secret.ts";
import type { Http, HttpResponse } from "../edge/http.ts";
import { TransportError } from "../edge/transport-error.ts";
import { registryText, tokenIn } from "./registry-text.ts";

export interface LoginRequest {
  /** Canonical key of the registry. */
  readonly registry: string;
  /** Undefined: without a login. */
  readonly credential: Credential | undefined;
  /** Made by a cloud: it goes to the registry's own host only. */
  readonly minted: boolean;
  readonly image: ImageHome | undefined;
}

export type LoginResult = (
  | { readonly kind: "accepted" }
  /** The registry asks for no login, so whether the credential is right is not known. */
  | { readonly kind: "open" }
  | { readonly kind: "refused" | "bad-answer"; readonly status: number; readonly said: string }
  | { readonly kind: "realm-refused"; readonly realm: string }
  | { readonly kind: "transport"; readonly error: TransportError; readonly at: string }
) & { readonly manifest?: ManifestResult };

export interface ManifestResult {
  readonly kind: "readable" | "denied" | "missing" | "bad-answer";
  readonly status: number;
  readonly said: string;
}

const HUB_API = "registry-1.docker.io";
const REQUEST_LIMIT_MS = 6000;
const CONNECT_LIMIT_MS = 4000;
/** A registry that speaks plain http may take a TLS greeting in silence. */
const LOOPBACK_LIMIT_MS = 1500;
const USER_AGENT = "docker-credential-ona";
const MANIFESTS = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "*/*",
].join(", ");

/** How a request is authorized, once the login is done. */
type Authorization = Readonly<Record<"authorization", string>> | Record<never, string>;

/** Never throws. */
export async function login(request: LoginRequest, http: Http): Promise<LoginResult> {
  let at = request.registry;
  const send: Send = (endpoint, method, path, headers, body) => {
    at = endpoint.origin;
    const onLoopback = isLoopback(endpoint.host);
    return http.send({
      method,
      endpoint,
      path,
      headers: { "user-agent": USER_AGENT, ...headers },
      ...(body === undefined ? {} : { body }),
      timeoutMs: REQUEST_LIMIT_MS,
      connectTimeoutMs: onLoopback ? LOOPBACK_LIMIT_MS : CONNECT_LIMIT_MS,
    });
  };
  try {
    return await new Login(request, send).run();
  } catch (error) {
    if (error instanceof TransportError) return { kind: "transport", error, at };
    throw error;
  }
}

type Send = (
  endpoint: Endpoint,
  method: "GET" | "HEAD" | "POST",
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
) => Promise<HttpResponse>;

class Login {
  readonly #request: LoginRequest;
  readonly #send: Send;

  constructor(request: LoginRequest, send: Send) {
    this.#request = request;
    this.#send = send;
  }

  async run(): Promise<LoginResult> {
    const { endpoint, answer } = await this.#firstAnswer();
    if (answer.status === 200) return this.#withManifest({ kind: "open" }, endpoint, async () => ({}));
    const challenge =
      answer.status === 401 ? parseChallenge(answer.headers["www-authenticate"] ?? "") : undefined;
    if (challenge === undefined) return { kind: "bad-answer", ...this.#seen(answer) };
    if (challenge.kind === "basic") return this.#basic(endpoint);
    const realm = allowedRealm(challenge.realm, endpoint, this.#request.minted);
    if (realm === undefined) return { kind: "realm-refused", realm: shownRealm(challenge.realm) };
    return this.#bearer(endpoint, realm, challenge.service);
  }

  /** Over https; a registry on loopback may speak plain http, as Docker lets it. */
  async #firstAnswer(): Promise<{ endpoint: Endpoint; answer: HttpResponse }> {
    const { registry } = this.#request;
    const address = registry === HUB_KEY ? HUB_API : registry;
    const endpoint = parseEndpoint(`https://${address}`);
    if (endpoint === undefined) throw new TransportError("connect", registry, "");
    const ask = async (one: Endpoint) => ({
      endpoint: one,
      answer: await this.#send(one, "GET", "/v2/", {}),
    });
    if (!isLoopback(endpoint.host)) return ask(endpoint);
    try {
      return await ask(endpoint);
    } catch (error) {
      const plain = parseEndpoint(`http://${address}`);
      if (plain === undefined || !(error instanceof TransportError) || error.kind === "timeout") throw error;
      try {
        return await ask(plain);
      } catch {
        throw error;
      }
    }
  }

  async #basic(endpoint: Endpoint): Promise<LoginResult> {
    const headers = this.#basicHeader();
    const answer = await this.#send(endpoint, "GET", "/v2/", headers);
    return this.#judged(answer, endpoint, async () => headers);
  }

  async #bearer(endpoint: Endpoint, realm: Realm, service: string | undefined): Promise<LoginResult> {
    const general = await this.#token(realm, service, undefined);
    // Without a login, what may be read depends on the image, and `/v2/` says nothing.
    if ("status" in general)
      return { kind: isRefusal(general) ? "refused" : "bad-answer", ...this.#seen(general) };
    const answer = await this.#send(endpoint, "GET", "/v2/", general);
    return this.#judged(answer, endpoint, () => this.#token(realm, service, this.#request.image));
  }

  #judged(
    answer: HttpResponse,
    endpoint: Endpoint,
    forImage: () => Promise<Authorization | HttpResponse>,
  ): Promise<LoginResult> | LoginResult {
    // Without a login only the manifest tells what is open to everybody.
    const isAnonymous = this.#request.credential === undefined;
    if (answer.status === 200 || (isAnonymous && isRefusal(answer))) {
      return this.#withManifest({ kind: isAnonymous ? "open" : "accepted" }, endpoint, forImage);
    }
    return { kind: isRefusal(answer) ? "refused" : "bad-answer", ...this.#seen(answer) };
  }

  async #withManifest(
    result: { readonly kind: "accepted" | "open" },
    endpoint: Endpoint,
    authorize: () => Promise<Authorization | HttpResponse>,
  ): Promise<LoginResult> {
    const { image } = this.#request;
    if (image === undefined) return result;
    const authorization = await authorize();
    // Some registries refuse the token already, others the manifest.
    if ("status" in authorization) {
      return { ...result, manifest: this.#manifest(authorization as HttpResponse) };
    }
    const path = `/v2/${image.repository}/manifests/${image.reference}`;
    const headers = { accept: MANIFESTS, ...authorization };
    const head = await this.#send(endpoint, "HEAD", path, headers);
    if (isGiven(head)) return { ...result, manifest: { kind: "readable", status: head.status, said: "" } };
    return { ...result, manifest: this.#manifest(await this.#send(endpoint, "GET", path, headers)) };
  }

  #manifest(answer: HttpResponse): ManifestResult {
    const seen = this.#seen(answer);
    if (isGiven(answer)) return { kind: "readable", ...seen };
    if (answer.status === 404) return { kind: "missing", ...seen };
    return { kind: isRefusal(answer) ? "denied" : "bad-answer", ...seen };
  }

  /** The header for what follows, or the answer that gave no token. */
  async #token(
    realm: Realm,
    service: string | undefined,
    image: ImageHome | undefined,
  ): Promise<Authorization | HttpResponse> {
    const { credential } = this.#request;
    const fields = [
      ...(service === undefined ? [] : [`service=${encodeURIComponent(service)}`]),
      ...(image === undefined ? [] : [`scope=${encodeURIComponent(`repository:${image.repository}:pull`)}`]),
      `client_id=${USER_AGENT}`,
    ];
    const identityToken = credential?.username === "<token>" ? credential.secret.expose() : undefined;
    const answer =
      identityToken === undefined
        ? await this.#send(
            realm.endpoint,
            "GET",
            withQuery(realm.path, fields, credential),
            this.#basicHeader(),
          )
        : await this.#send(
            realm.endpoint,
            "POST",
            realm.path,
            { "content-type": "application/x-www-form-urlencoded" },
            [
              ...fields,
              "grant_type=refresh_token",
              `refresh_token=${encodeURIComponent(identityToken)}`,
            ].join("&"),
          );
    const token = answer.status === 200 ? tokenIn(answer.body) : undefined;
    return token === undefined ? answer : { authorization: `Bearer ${token}` };
  }

  #basicHeader(): Readonly<Record<string, string>> {
    const { credential } = this.#request;
    if (credential === undefined) return {};
    const pair = `${credential.username}:${credential.secret.expose()}`;
    return { authorization: `Basic ${Buffer.from(pair, "utf8").toString("base64")}` };
  }

  #seen({ status, body, headers }: HttpResponse): { readonly status: number; readonly said: string } {
    const to = status >= 300 && status < 400 ? `redirect to ${headers.location ?? "nowhere"}` : undefined;
    return { status, said: registryText(to ?? body, this.#request.credential) };
  }
}

/** A redirect of a manifest leads to where it is stored: it may be read. */
const isGiven = ({ status }: HttpResponse): boolean => status >= 200 && status < 400;
const isRefusal = ({ status }: HttpResponse): boolean => status === 401 || status === 403;

function withQuery(path: string, fields: readonly string[], credential: Credential | undefined): string {
  const account = credential === undefined ? [] : [`account=${encodeURIComponent(credential.username)}`];
  return `${path}${path.includes("?") ? "&" : "?"}${[...account, ...fields].join("&")}`;
}

const shownRealm = (realm: string): string =>
  (realm.split("?")[0] ?? "").replace(/[^\x20-\x7e]+/g, "?").slice(0, 200);
