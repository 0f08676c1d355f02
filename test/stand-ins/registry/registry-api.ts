// The distribution API of the small registry, once a request is known to be allowed: manifests, blobs, uploads, tags.
// It must never look at credentials: that happens before.

import { digestOf, type RegistryStore } from "./registry-store.ts";
import type { RegistryAction } from "./registry-users.ts";

export interface ApiRequest {
  httpMethod: string;
  path: string;
  query: URLSearchParams;
  contentType: string;
  body: Buffer;
}

export interface ApiAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

interface Target {
  repository: string;
  kind: "manifests" | "blobs" | "uploads" | "tags";
  reference: string;
}

/** What a path is about; undefined for `/v2/` itself and for anything unknown. */
export function targetOf(path: string): Target | undefined {
  const name = "(?<repository>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)";
  const groups =
    new RegExp(`^/v2/${name}/(?<kind>manifests|tags)/(?<reference>[A-Za-z0-9_.:-]+)$`).exec(path)?.groups ??
    new RegExp(`^/v2/${name}/blobs/(?<kind>uploads)/(?<reference>[^/]*)$`).exec(path)?.groups ??
    new RegExp(`^/v2/${name}/(?<kind>blobs)/(?<reference>sha256:[0-9a-f]{64})$`).exec(path)?.groups;
  return groups as Target | undefined;
}

export function actionOf(httpMethod: string): RegistryAction {
  return httpMethod === "GET" || httpMethod === "HEAD" ? "pull" : "push";
}

export function apiAnswer(store: RegistryStore, request: ApiRequest): ApiAnswer {
  if (request.path === "/v2/" || request.path === "/v2") {
    return json(200, {});
  }
  if (request.path === "/v2/_catalog") {
    return json(200, { repositories: store.repositories() });
  }
  const target = targetOf(request.path);
  switch (target?.kind) {
    case "manifests":
      return manifests(store, request, target);
    case "blobs":
      return blobs(store, request, target);
    case "uploads":
      return uploads(store, request, target);
    case "tags":
      return json(200, { name: target.repository, tags: store.tags(target.repository) });
    default:
      return failure(404, "UNSUPPORTED", "no such endpoint");
  }
}

export function failure(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): ApiAnswer {
  const answer = json(status, { errors: [{ code, message }] });
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

function json(status: number, value: unknown): ApiAnswer {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: Buffer.from(JSON.stringify(value)),
  };
}

function empty(status: number, headers: Record<string, string>): ApiAnswer {
  return { status, headers, body: Buffer.alloc(0) };
}

function manifests(store: RegistryStore, request: ApiRequest, { repository, reference }: Target): ApiAnswer {
  if (request.httpMethod === "PUT") {
    return putManifest(store, request, repository, reference);
  }
  const manifest = store.manifest(repository, reference);
  if (manifest === undefined) {
    return failure(404, "MANIFEST_UNKNOWN", "manifest unknown");
  }
  const headers = { "content-type": manifest.mediaType, "docker-content-digest": manifest.digest };
  return { status: 200, headers, body: manifest.bytes };
}

function putManifest(
  store: RegistryStore,
  { body, contentType }: ApiRequest,
  repository: string,
  reference: string,
): ApiAnswer {
  const missing = store.missingFrom(repository, body);
  if (missing === undefined || (reference.startsWith("sha256:") && reference !== digestOf(body))) {
    return failure(400, "MANIFEST_INVALID", "manifest invalid");
  }
  if (missing.length > 0) {
    return failure(400, "MANIFEST_BLOB_UNKNOWN", `unknown: ${missing.join(" ")}`);
  }
  const { digest } = store.putManifest(repository, reference, body, contentType);
  return empty(201, { location: `/v2/${repository}/manifests/${digest}`, "docker-content-digest": digest });
}

function blobs(
  store: RegistryStore,
  { httpMethod }: ApiRequest,
  { repository, reference }: Target,
): ApiAnswer {
  const bytes = store.blob(repository, reference);
  if (bytes === undefined || actionOf(httpMethod) === "push") {
    return failure(404, "BLOB_UNKNOWN", "blob unknown");
  }
  const headers = { "content-type": "application/octet-stream", "docker-content-digest": reference };
  return { status: 200, headers, body: bytes };
}

function uploads(store: RegistryStore, request: ApiRequest, { repository, reference }: Target): ApiAnswer {
  const { httpMethod, query, body } = request;
  const digest = query.get("digest");
  if (httpMethod === "POST") {
    const mounted = store.blob(query.get("from") ?? "", query.get("mount") ?? "");
    if (mounted !== undefined) {
      return stored(store, repository, mounted, digestOf(mounted));
    }
    return digest === null
      ? accepted(repository, store.startUpload(), 0)
      : stored(store, repository, body, digest);
  }
  const size = store.appendUpload(reference, body);
  if (size === undefined) {
    return failure(404, "BLOB_UPLOAD_UNKNOWN", "upload unknown");
  }
  if (httpMethod !== "PUT") {
    return accepted(repository, reference, size);
  }
  return stored(store, repository, store.finishUpload(reference), digest ?? "");
}

function stored(store: RegistryStore, repository: string, bytes: Buffer, digest: string): ApiAnswer {
  return store.putBlob(repository, bytes, digest) === undefined
    ? failure(400, "DIGEST_INVALID", "digest does not match the content")
    : created(repository, digest);
}

function created(repository: string, digest: string): ApiAnswer {
  return empty(201, { location: `/v2/${repository}/blobs/${digest}`, "docker-content-digest": digest });
}

function accepted(repository: string, id: string, size: number): ApiAnswer {
  const range = `0-${Math.max(0, size - 1)}`;
  return empty(202, {
    location: `/v2/${repository}/blobs/uploads/${id}`,
    range,
    "docker-upload-uuid": id,
  });
}
