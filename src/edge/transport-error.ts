// How a request fails without a usable response. Apart from the edge itself, so that whoever only handles failures loads
// no HTTP library.

export type TransportTrouble =
  | "connect"
  | "proxy"
  | "timeout"
  | "tls"
  | "too-large"
  | "broken"
  | "not-allowed";

/** No usable HTTP response came. */
export class TransportError extends Error {
  override readonly name = "TransportError";
  readonly trouble: TransportTrouble;
  readonly host: string;
  /** The system's or OpenSSL's code, such as ECONNREFUSED; empty when there is none. */
  readonly systemCode: string;

  constructor(trouble: TransportTrouble, host: string, systemCode: string) {
    super(`${trouble} ${host}${systemCode === "" ? "" : ` ${systemCode}`}`);
    this.trouble = trouble;
    this.host = host;
    this.systemCode = systemCode;
  }
}
