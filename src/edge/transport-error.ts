// How a request fails without a usable response. Apart from the edge itself, so that whoever only handles failures loads
// no HTTP library. It never holds a header, a body, or a proxy's user name and password.

export type TransportTrouble =
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
  readonly trouble: TransportTrouble;
  readonly host: string;
  /** The system's or OpenSSL's code, such as ECONNREFUSED; empty when there is none. */
  readonly systemCode: string;
  readonly details: TransportDetails;

  constructor(trouble: TransportTrouble, host: string, systemCode: string, details: TransportDetails = {}) {
    super(`${trouble} ${host}${systemCode === "" ? "" : ` ${systemCode}`}`);
    this.trouble = trouble;
    this.host = host;
    this.systemCode = systemCode;
    this.details = details;
  }

  /** The same failure, with what only the caller of the connection knows. */
  with(host: string, details: TransportDetails): TransportError {
    return new TransportError(this.trouble, host, this.systemCode, { ...this.details, ...details });
  }
}

/** The proxy itself could not be reached; `cause` says why. */
export class ProxyTrouble extends Error {
  constructor(cause: unknown) {
    super("proxy", { cause });
  }
}
