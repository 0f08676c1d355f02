// A Secret of the type kubernetes.io/dockerconfigjson as a manifest for `kubectl apply`: YAML, as people keep manifests. Its
// text values are written as JSON strings where YAML could read them otherwise.

import { authFile, type PreviousExport, readAuthFile } from "./auth-file.ts";
import { base64, type ExportEntry, fromBase64 } from "./entry.ts";

const FIRST_LINE = "# Written by docker-credential-ona export; do not edit, it is replaced.";
const DATA = /^ {2}\.dockerconfigjson: "?([A-Za-z0-9+/=]*)"?$/m;

export interface ManifestNames {
  readonly name: string;
  /** Undefined: the one that kubectl is set to. */
  readonly namespace: string | undefined;
}

export function manifest(entries: readonly ExportEntry[], { name, namespace }: ManifestNames): string {
  const lines = [
    FIRST_LINE,
    "apiVersion: v1",
    "kind: Secret",
    "metadata:",
    `  name: ${scalar(name)}`,
    ...(namespace === undefined ? [] : [`  namespace: ${scalar(namespace)}`]),
    "  labels:",
    "    app.kubernetes.io/managed-by: docker-credential-ona",
    "type: kubernetes.io/dockerconfigjson",
    "data:",
    `  .dockerconfigjson: ${base64(authFile(entries))}`,
  ];
  return `${lines.join("\n")}\n`;
}

export function readManifest(text: string): PreviousExport {
  if (text.trim() === "") return { kind: "empty" };
  if (!text.startsWith(`${FIRST_LINE}\n`)) return { kind: "foreign" };
  const inner = readAuthFile(fromBase64(DATA.exec(text)?.[1] ?? "") ?? "");
  return { kind: "ours", entries: inner.kind === "ours" ? inner.entries : [] };
}

/** A DNS subdomain (RFC 1123), as Kubernetes wants names of Secrets. */
export function isSecretName(text: string): boolean {
  return text.length <= 253 && text.split(".").every(isLabel);
}

/** A DNS label, as Kubernetes wants names of namespaces. */
export function isLabel(text: string): boolean {
  return /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/.test(text);
}

/** Plain where YAML reads it as the very text; `on`, `1e3` and the like are put in quotes. */
function scalar(text: string): string {
  const isPlain = /^[a-z][a-z0-9-]*$/.test(text) && !/^(?:y|n|yes|no|on|off|true|false|null)$/.test(text);
  return isPlain ? text : JSON.stringify(text);
}
