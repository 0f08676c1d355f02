// What a line says of a connection that did not work: address with port, way, seconds, and the next step where the error
// itself knows it.

import { expect, it } from "vitest";
import { TransportError } from "../../../src/edge/transport-error.ts";
import { transportMessage } from "../../../src/edge/transport-message.ts";

const DIRECT = { port: 443, waitedMs: 1234 };
const proxy = { address: "proxy.example:3128", variable: "https_proxy" };
const PROXIED = { ...DIRECT, proxy };
const AT_PROXY = { ...PROXIED, atProxy: true };
type Row = [string, ConstructorParameters<typeof TransportError>, string];

it.each<Row>([
  [
    "nobody there",
    ["connect", "app.example", "ECONNREFUSED", DIRECT],
    "the platform at app.example:443 cannot be reached (ECONNREFUSED, direct connection, waited 1.2 s)",
  ],
  [
    "a name that is not known",
    ["connect", "app.example", "ENOTFOUND", DIRECT],
    "the platform at app.example:443 cannot be reached (its name is not known, ENOTFOUND, direct connection, waited 1.2 s)",
  ],
  [
    "another port, an address of IPv6, nothing known of the time",
    ["broken", "2001:db8::1", "", { port: 8443 }],
    "the platform at [2001:db8::1]:8443 cannot be reached (direct connection)",
  ],
  [
    "silence",
    ["timeout", "app.example", "", DIRECT],
    "the platform at app.example:443 did not answer (direct connection, waited 1.2 s)",
  ],
  [
    "silence behind a proxy",
    ["timeout", "app.example", "", PROXIED],
    "the platform at app.example:443 did not answer (through the proxy proxy.example:3128 of https_proxy, waited 1.2 s)",
  ],
  [
    "a connection that breaks behind a proxy",
    ["broken", "app.example", "ECONNRESET", PROXIED],
    "the platform at app.example:443 cannot be reached (ECONNRESET, through the proxy proxy.example:3128 of https_proxy, waited 1.2 s)",
  ],
  [
    "a proxy that wants a password",
    ["proxy-refused", "app.example", "", { ...PROXIED, proxyStatus: 407 }],
    "the proxy proxy.example:3128 of https_proxy refused the connection to app.example:443 with HTTP 407; put a user name and password that the proxy accepts into https_proxy, or the host into NO_PROXY",
  ],
  [
    "a proxy that does not allow it",
    ["proxy-refused", "app.example", "", { ...PROXIED, proxyStatus: 403 }],
    "the proxy proxy.example:3128 of https_proxy refused the connection to app.example:443 with HTTP 403; have app.example:443 allowed at the proxy, or put the host into NO_PROXY",
  ],
  [
    "a proxy whose name is not known",
    ["connect", "app.example", "ENOTFOUND", AT_PROXY],
    "the proxy proxy.example:3128 of https_proxy has a name that is not known (ENOTFOUND), waited 1.2 s; correct https_proxy, or put the host into NO_PROXY",
  ],
  [
    "a proxy that is not there",
    ["connect", "app.example", "ECONNREFUSED", AT_PROXY],
    "the proxy proxy.example:3128 of https_proxy cannot be reached (ECONNREFUSED), waited 1.2 s; correct https_proxy, or put the host into NO_PROXY",
  ],
  [
    "a proxy that is silent",
    ["timeout", "app.example", "", AT_PROXY],
    "the proxy proxy.example:3128 of https_proxy did not answer, waited 1.2 s; check https_proxy",
  ],
  [
    "a variable of no use",
    [
      "setting",
      "app.example",
      "",
      { ...PROXIED, setting: { variable: "https_proxy", reason: "is not the URL of a proxy" } },
    ],
    "https_proxy is not the URL of a proxy; correct https_proxy, or unset it",
  ],
  [
    "a certificate with its issuer",
    ["tls", "app.example", "SELF_SIGNED_CERT_IN_CHAIN", { ...DIRECT, issuer: "Corp Inspection CA" }],
    'the certificate of the platform at app.example:443 is not trusted (SELF_SIGNED_CERT_IN_CHAIN), it was issued by "Corp Inspection CA"; name the CA in SSL_CERT_FILE or NODE_EXTRA_CA_CERTS',
  ],
  [
    "a certificate whose issuer nobody knows",
    ["tls", "app.example", "CERT_HAS_EXPIRED", DIRECT],
    "the certificate of the platform at app.example:443 is not trusted (CERT_HAS_EXPIRED); name the CA in SSL_CERT_FILE or NODE_EXTRA_CA_CERTS",
  ],
  [
    "a proxy's certificate",
    ["tls", "app.example", "CERT_HAS_EXPIRED", AT_PROXY],
    "the certificate of the proxy proxy.example:3128 of https_proxy is not trusted (CERT_HAS_EXPIRED); name the CA in SSL_CERT_FILE or NODE_EXTRA_CA_CERTS",
  ],
  [
    "too much",
    ["too-large", "app.example", "", DIRECT],
    "the platform at app.example:443 answered with more than 1 MiB",
  ],
])("%s", (_, error, expected) => {
  const { message, hint } = transportMessage(new TransportError(...error), "the platform");
  expect([message, ...(hint === undefined ? [] : [hint])].join("; ")).toBe(expected);
});
