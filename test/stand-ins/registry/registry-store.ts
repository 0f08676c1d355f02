// What the small registry holds: blobs by repository and digest, manifests by repository and reference, uploads under way.
// It must never accept bytes under a digest that is not theirs.

import { createHash, randomUUID } from "node:crypto";

export interface Manifest {
  mediaType: string;
  digest: string;
  bytes: Buffer;
}

export class RegistryStore {
  /** Key: repository, space, digest. A blob belongs to the repositories that have it, to no other. */
  readonly #blobs = new Map<string, Buffer>();
  /** Key: repository, space, tag or digest. */
  readonly #manifests = new Map<string, Manifest>();
  readonly #uploads = new Map<string, Buffer[]>();

  blob(repository: string, digest: string): Buffer | undefined {
    return this.#blobs.get(`${repository} ${digest}`);
  }

  /** Undefined if the bytes do not have that digest. */
  putBlob(repository: string, bytes: Buffer, digest = digestOf(bytes)): string | undefined {
    if (digestOf(bytes) !== digest) {
      return undefined;
    }
    this.#blobs.set(`${repository} ${digest}`, bytes);
    return digest;
  }

  manifest(repository: string, reference: string): Manifest | undefined {
    return this.#manifests.get(`${repository} ${reference}`);
  }

  putManifest(repository: string, reference: string, bytes: Buffer, mediaType: string): Manifest {
    const manifest = { mediaType, digest: digestOf(bytes), bytes };
    this.#manifests.set(`${repository} ${manifest.digest}`, manifest);
    this.#manifests.set(`${repository} ${reference}`, manifest);
    return manifest;
  }

  tags(repository: string): string[] {
    return [...this.#manifests.keys()]
      .filter((key) => key.startsWith(`${repository} `) && !key.includes("sha256:"))
      .map((key) => key.slice(repository.length + 1))
      .sort();
  }

  repositories(): string[] {
    return [...new Set([...this.#manifests.keys()].map((key) => key.slice(0, key.indexOf(" "))))].sort();
  }

  /** Digests that a manifest names and that are not here; undefined if it is no manifest. */
  missingFrom(repository: string, bytes: Buffer): string[] | undefined {
    const named = namedDigests(bytes);
    return named?.filter(
      (digest) =>
        this.blob(repository, digest) === undefined && this.manifest(repository, digest) === undefined,
    );
  }

  startUpload(): string {
    const id = randomUUID();
    this.#uploads.set(id, []);
    return id;
  }

  /** The size so far; undefined for an unknown upload. */
  appendUpload(id: string, bytes: Buffer): number | undefined {
    const parts = this.#uploads.get(id);
    parts?.push(bytes);
    return parts?.reduce((size, part) => size + part.length, 0);
  }

  finishUpload(id: string): Buffer {
    const bytes = Buffer.concat(this.#uploads.get(id) ?? []);
    this.#uploads.delete(id);
    return bytes;
  }
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

function namedDigests(bytes: Buffer): string[] | undefined {
  interface Descriptor {
    digest?: unknown;
    urls?: unknown;
  }
  try {
    const json = JSON.parse(bytes.toString("utf8")) as {
      config?: Descriptor;
      layers?: Descriptor[];
      manifests?: Descriptor[];
    };
    const config = json.config === undefined ? [] : [json.config];
    return [...config, ...(json.layers ?? []), ...(json.manifests ?? [])]
      .filter(({ urls }) => urls === undefined)
      .map(({ digest }) => String(digest));
  } catch {
    return undefined;
  }
}
