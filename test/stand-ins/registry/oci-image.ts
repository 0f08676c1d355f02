// A tiny valid image made without any tool, and how to bring it into a registry.
// It must never differ between two runs with the same content: digests are compared.

import { gzipSync } from "node:zlib";
import { digestOf, type RegistryStore } from "./registry-store.ts";

export interface OciImage {
  /** Digest of the manifest: what clients print as the image's digest. */
  digest: string;
  manifest: Buffer;
  /** Config first, then the layers. */
  blobs: Buffer[];
}

export const manifestType = "application/vnd.oci.image.manifest.v1+json";

/** One layer with these files (path to text). No file can be run: there is no shell in it. */
export function makeImage(files: Record<string, string> = { "hello.txt": "hello\n" }): OciImage {
  const archive = tar(files);
  const layer = gzipSync(archive);
  // gzip notes the system it was made on; a fixed byte keeps the digest the same everywhere.
  layer[9] = 0xff;
  const config = json({
    created: "2026-01-01T00:00:00Z",
    architecture: process.arch === "arm64" ? "arm64" : "amd64",
    os: "linux",
    config: { Cmd: ["/none"] },
    rootfs: { type: "layers", diff_ids: [digestOf(archive)] },
    history: [{ created: "2026-01-01T00:00:00Z", created_by: "made by hand" }],
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: manifestType,
    config: descriptor("application/vnd.oci.image.config.v1+json", config),
    layers: [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer)],
  });
  return { digest: digestOf(manifest), manifest, blobs: [config, layer] };
}

/** Puts an image straight into the small registry, without going over the wire. */
export function putImage(store: RegistryStore, repository: string, tag: string, image: OciImage): void {
  for (const blob of image.blobs) {
    store.putBlob(repository, blob);
  }
  store.putManifest(repository, tag, image.manifest, manifestType);
}

/** Pushes an image over http to any registry; `authorization` has to be worth a push. */
export async function pushImage(
  origin: string,
  repository: string,
  tag: string,
  image: OciImage,
  authorization: string,
): Promise<void> {
  const send = async (method: string, url: string, body: Buffer | undefined, type: string) => {
    const headers = { authorization, "content-type": type };
    const response = await fetch(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    });
    await response.arrayBuffer();
    if (!response.ok) {
      throw new Error(`push: ${method} ${new URL(url).pathname} was answered with ${response.status}`);
    }
    return response;
  };
  for (const blob of image.blobs) {
    const started = await send("POST", `${origin}/v2/${repository}/blobs/uploads/`, undefined, "text/plain");
    const upload = new URL(started.headers.get("location") ?? "", origin);
    upload.searchParams.set("digest", digestOf(blob));
    await send("PUT", upload.href, blob, "application/octet-stream");
  }
  await send("PUT", `${origin}/v2/${repository}/manifests/${tag}`, image.manifest, manifestType);
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function descriptor(mediaType: string, bytes: Buffer): object {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}

/** A ustar archive of plain files. */
function tar(files: Record<string, string>): Buffer {
  const entries = Object.entries(files).flatMap(([path, text]) => {
    const content = Buffer.from(text);
    const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
    return [tarHeader(path, content.length), content, padding];
  });
  return Buffer.concat([...entries, Buffer.alloc(1024)]);
}

function tarHeader(path: string, size: number): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, width: number) => `${value.toString(8).padStart(width - 1, "0")}\0`;
  header.write(path, 0);
  header.write(octal(0o644, 8), 100);
  header.write(octal(0, 8), 108);
  header.write(octal(0, 8), 116);
  header.write(octal(size, 12), 124);
  header.write(octal(0, 12), 136);
  header.write("        ", 148);
  header.write("0", 156);
  header.write("ustar\u000000", 257);
  const checksum = header.reduce((sum, byte) => sum + byte, 0);
  header.write(`${checksum.toString(8).padStart(6, "0")}\0 `, 148);
  return header;
}
