// How a request fails without a usable response. Apart from the edge itself, so that whoever only handles failures loads
// no HTTP library. It never holds a header, a body, or a proxy's user name and password.

export type TransportErrorKind =
  | "connect"
  /** A variable sets what is of no use: no address of a proxy, no file with certificates. Nothing was asked. */
  | "setting"
  /** The proxy answered, and not with a way to the target; asking again could lock an account. */
  | "proxy-refused"
  | "timeout"
  | "tls"
  | "too-large"
  | "broken"
  | "not-allowed";

/** A proxy as it may be shown. */
export interface ProxyName {
  /** `host:port` */
  readonly address: string;
  /** The variable that names it. */
  readonly variable: string;
}

export interface TransportDetails {
  readonly port?: number;
  /** The proxy of the way that was taken; undefined for a direct one. */
  readonly proxy?: ProxyName | undefined;
  /** It is the proxy that could not be reached, was silent, or whose certificate is not trusted. */
  readonly atProxy?: boolean;
  /** The status with which the proxy refused. */
  readonly proxyStatus?: number;
  /** Milliseconds from the request to the failure. */
  readonly waitedMs?: number;
  /** The variable that is of no use, and why: never its value where that may hold a password. */
  readonly setting?: { readonly variable: string; readonly reason: string };
  /** Who issued a certificate that is not trusted. */
  readonly issuer?: string | undefined;
}

/** No usable HTTP response came. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  readonly kind: TransportErrorKind;
  readonly host: string;
  /** The system's or OpenSSL's code, such as ECONNREFUSED; empty when there is none. */
  readonly systemCode: string;
  readonly details: TransportDetails;

  constructor(kind: TransportErrorKind, host: string, systemCode: string, details: TransportDetails = {}) {
    super(`${kind} ${host}${systemCode === "" ? "" : ` ${systemCode}`}`);
    this.kind = kind;
    this.host = host;
    this.systemCode = systemCode;
    this.details = details;
  }

  /** The same failure, with what only the caller of the connection knows. */
  with(host: string, details: TransportDetails): TransportError {
    return new TransportError(this.kind, host, this.systemCode, { ...this.details, ...details });
  }
}

const CONNECT_CODES: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
]);
const TLS_CODE = /CERT|TLS|SSL|SIGNATURE|EPROTO|UNABLE_TO/;

/** What the system, the TLS library or undici threw. `aborted`: our own time was over by then. */
export function toTransportError(
  error: unknown,
  host: string,
  aborted: boolean,
  details: TransportDetails = {},
): TransportError {
  if (error instanceof TransportError) return error.with(host, details);
  const code = systemCodeOf(error);
  if (TLS_CODE.test(code)) return new TransportError("tls", host, code, details);
  if (code === "UND_ERR_CONNECT_TIMEOUT") return new TransportError("timeout", host, "connect", details);
  if (CONNECT_CODES.has(code)) return new TransportError("connect", host, code, details);
  return new TransportError(aborted ? "timeout" : "broken", host, aborted ? "" : code, details);
}

function systemCodeOf(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: unknown };
  if (typeof code === "string" && /^[A-Z0-9_]{2,60}$/.test(code)) return code;
  if (Array.isArray(errors) && errors.length > 0) return systemCodeOf(errors[0]);
  return cause === undefined ? "" : systemCodeOf(cause);
}
