// A transport error in words, for the platform and every cloud alike: which address with its port, by which way, after how
// long, and what to do where that follows from the error itself.

import { Failure } from "../core/failures.ts";
import type { TransportError } from "./transport-error.ts";

export interface TransportMessage {
  readonly message: string;
  /** Undefined where the caller knows better what to do next. */
  readonly hint: string | undefined;
}

const UNKNOWN_NAME: ReadonlySet<string> = new Set(["ENOTFOUND", "EAI_AGAIN"]);

/** `who`: as in `the platform`. */
export function transportMessage(error: TransportError, who: string): TransportMessage {
  const { details, kind, systemCode } = error;
  if (details.setting !== undefined) return settingMessage(details.setting);
  const at = `${who} at ${error.host.includes(":") ? `[${error.host}]` : error.host}${portOf(error)}`;
  if (details.proxy !== undefined) {
    const said = proxyMessage(error, details.proxy, portOf(error));
    if (said !== undefined) return said;
  }
  const code = systemCode === "" ? [] : [systemCode];
  switch (kind) {
    case "timeout":
      return { message: `${at} did not answer (${how(error).join(", ")})`, hint: undefined };
    case "tls":
      return { message: `the certificate of ${at} is not trusted${issuedBy(error)}`, hint: CA_HINT };
    case "too-large":
      return { message: `${at} answered with more than 1 MiB`, hint: undefined };
    default: {
      const unknown = UNKNOWN_NAME.has(systemCode) ? ["its name is not known"] : [];
      return {
        message: `${at} cannot be reached (${[...unknown, ...code, ...how(error)].join(", ")})`,
        hint: undefined,
      };
    }
  }
}

/** What the user has set and nobody can use is a mistake of the configuration, whoever was to be asked. */
export function settingFailure({ details }: TransportError): Failure | undefined {
  if (details.setting === undefined) return undefined;
  const { message, hint } = settingMessage(details.setting);
  return new Failure("config-invalid", message, { hint });
}

const settingMessage = ({ variable, reason }: { variable: string; reason: string }) => ({
  message: `${variable} ${reason}`,
  hint: `correct ${variable}, or unset it`,
});

const CA_HINT = "name the CA in SSL_CERT_FILE or NODE_EXTRA_CA_CERTS";

/** What is the proxy's doing. */
function proxyMessage(
  { kind, systemCode, details, host }: TransportError,
  { address, variable }: { address: string; variable: string },
  port: string,
): TransportMessage | undefined {
  const proxy = `the proxy ${address} of ${variable}`;
  const waited = waitedFor(details.waitedMs);
  if (kind === "proxy-refused") {
    const status = details.proxyStatus ?? 0;
    return {
      message: `${proxy} refused the connection to ${host}${port} with HTTP ${status}`,
      hint:
        status === 407
          ? `put a user name and password that the proxy accepts into ${variable}, or the host into NO_PROXY`
          : `have ${host}${port} allowed at the proxy, or put the host into NO_PROXY`,
    };
  }
  if (details.atProxy !== true) return undefined;
  if (kind === "timeout") return { message: `${proxy} did not answer${waited}`, hint: `check ${variable}` };
  if (kind === "tls") {
    return {
      message: `the certificate of ${proxy} is not trusted${systemCode === "" ? "" : ` (${systemCode})`}`,
      hint: CA_HINT,
    };
  }
  const what = UNKNOWN_NAME.has(systemCode) ? "has a name that is not known" : "cannot be reached";
  return {
    message: `${proxy} ${what}${systemCode === "" ? "" : ` (${systemCode})`}${waited}`,
    hint: `correct ${variable}, or put the host into NO_PROXY`,
  };
}

/** The way, and how long it was tried. */
function how({ details }: TransportError): string[] {
  const way =
    details.proxy === undefined
      ? "direct connection"
      : `through the proxy ${details.proxy.address} of ${details.proxy.variable}`;
  return details.waitedMs === undefined ? [way] : [way, `waited ${seconds(details.waitedMs)}`];
}

function issuedBy({ systemCode, details }: TransportError): string {
  const code = systemCode === "" ? "" : ` (${systemCode})`;
  return details.issuer === undefined ? code : `${code}, it was issued by "${details.issuer}"`;
}

const waitedFor = (ms: number | undefined): string => (ms === undefined ? "" : `, waited ${seconds(ms)}`);
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const portOf = ({ details }: TransportError): string =>
  details.port === undefined ? "" : `:${details.port}`;
