// A registry that gave no answer, as a finding: the name, the network, the proxy or the certificate.

import type { Seen } from "../../core/findings.ts";
import { wellKnownNear } from "../../core/near-miss.ts";
import { HUB_KEY, type RegistryRef } from "../../core/registry.ts";
import { CA_VARIABLES } from "../../edge/ca-files.ts";
import type { TransportError } from "../../edge/transport-error.ts";
import { transportMessage } from "../../edge/transport-message.ts";

export function transportFinding(ref: RegistryRef, error: TransportError): Seen {
  const who = error.host === hostOf(ref) ? "the registry" : `${ref.key}, for its login,`;
  const { message, hint } = transportMessage(error, who);
  const common = {
    severity: "error" as const,
    subject: ref.key,
    ...(hint === undefined ? {} : { remedy: hint }),
  };
  const { setting } = error.details;
  if (setting !== undefined) {
    // The file is a finding of its own, under the same words.
    const seen = { severity: "error" as const, subject: setting.variable, message };
    const isFile = CA_VARIABLES.some((name) => name === setting.variable);
    return isFile
      ? { ...seen, code: "ca-file-unusable" }
      : { ...seen, code: "config-invalid", ...(hint === undefined ? {} : { remedy: hint }) };
  }
  const isProxys = error.kind.startsWith("proxy") || error.details.atProxy === true;
  if (isProxys) {
    // A proxy refuses what is not allowed and what it cannot find alike.
    const spelling = error.kind === "proxy-refused" && error.details.proxyStatus !== 407;
    const near = wellKnownNear(ref.key);
    const check = `check the spelling of ${ref.key}${near === undefined ? "" : ` (${near} was meant?)`}; ${hint ?? ""}`;
    return { ...common, code: "registry-unreachable", message, ...(spelling ? { remedy: check } : {}) };
  }
  if (error.kind === "tls") return untrusted(ref, error.systemCode, message);
  if (error.kind === "too-large") return { ...common, code: "registry-bad-answer", message };
  return { ...common, code: "registry-unreachable", message, ...meant(ref) };
}

/** What is wrong with a certificate, where the code tells; else nobody here knows who issued it. */
function untrusted(ref: RegistryRef, code: string, message: string): Seen {
  const common = { code: "registry-tls" as const, severity: "error" as const, subject: ref.key };
  if (/WRONG_VERSION|PACKET_LENGTH|EPROTO|HTTP_REQUEST|UNKNOWN_PROTOCOL/.test(code)) {
    return {
      ...common,
      message: `${ref.key} does not speak TLS (${code})`,
      cause:
        "A registry that speaks plain http is asked over https: a credential goes over http to loopback only.",
      remedy: `serve ${ref.key} over https; Docker's insecure-registries does not change this`,
    };
  }
  if (/EXPIRED|NOT_YET_VALID/.test(code)) {
    return {
      ...common,
      message,
      cause: "The certificate is out of date, or this machine's clock is off.",
      remedy: "renew the certificate of the registry; check the clock of this machine",
    };
  }
  if (/ALTNAME|HOSTNAME/.test(code)) {
    return {
      ...common,
      message,
      cause: "The certificate is for another name.",
      remedy: `check the host's spelling, or have a certificate made that names ${ref.key}`,
    };
  }
  const remedy = `name the authority's certificate file in SSL_CERT_FILE; for Docker also put it into /etc/docker/certs.d/${ref.key}/ca.crt`;
  return { ...common, message, remedy };
}

const hostOf = ({ key }: RegistryRef): string =>
  (key === HUB_KEY ? "registry-1.docker.io" : key).replace(/:[0-9]+$/, "").replace(/^\[|\]$/g, "");

/** A host that nobody knows is often a slip of the pen. */
export function meant(ref: RegistryRef): { readonly remedy?: string } {
  const near = wellKnownNear(ref.key);
  return near === undefined
    ? {}
    : { remedy: `check the spelling: ${near} was meant? Create the secret again for that host` };
}
