// A throw-away certificate authority and a server certificate for loopback, made without any tool.
// They must never be written into the repository or trusted by anything but the test that made them.

import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** PEM texts. `key` and `cert` go into a server, `ca` into its clients. */
export interface LoopbackCertificate {
  key: string;
  cert: string;
  ca: string;
}

interface KeyPair {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

/** Valid from an hour ago for a day, for 127.0.0.1, ::1, localhost and `extraNames`. */
export function makeLoopbackCertificate(extraNames: readonly string[] = []): LoopbackCertificate {
  const authority = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const server = generateKeyPairSync("ec", { namedCurve: "P-256" });
  // Two authorities of one name without key ids would be taken for each other.
  const issuer = `stand-in authority ${randomBytes(4).toString("hex")}`;
  const isAuthority = extension("551d13", true, sequence(bool(true)));
  const names = extension("551d11", false, subjectAltNames(["localhost", ...extraNames]));
  return {
    key: server.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: certificate("stand-in server", server, names, issuer, authority),
    ca: certificate(issuer, authority, isAuthority, issuer, authority),
  };
}

function certificate(
  subject: string,
  keys: KeyPair,
  extensions: Buffer,
  issuer: string,
  authority: KeyPair,
): string {
  const algorithm = sequence(objectId("2a8648ce3d040302"));
  const nowMs = Date.now();
  const body = sequence(
    tagged(0xa0, tagged(0x02, Buffer.from([2]))),
    tagged(0x02, Buffer.from([1, ...randomBytes(8)])),
    algorithm,
    name(issuer),
    sequence(time(nowMs - 3_600_000), time(nowMs + 86_400_000)),
    name(subject),
    keys.publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(extensions)),
  );
  const signature = sign("sha256", body, authority.privateKey);
  return pem(sequence(body, algorithm, tagged(0x03, Buffer.concat([Buffer.from([0]), signature]))));
}

function pem(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

function name(commonName: string): Buffer {
  const attribute = sequence(objectId("550403"), tagged(0x0c, Buffer.from(commonName)));
  return sequence(tagged(0x31, attribute));
}

function time(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().replaceAll(/[-:T]/g, "").slice(2, 14);
  return tagged(0x17, Buffer.from(`${digits}Z`));
}

function subjectAltNames(dnsNames: readonly string[]): Buffer {
  const ipv6Loopback = Buffer.concat([Buffer.alloc(15), Buffer.from([1])]);
  return sequence(
    ...dnsNames.map((dnsName) => tagged(0x82, Buffer.from(dnsName))),
    tagged(0x87, Buffer.from([127, 0, 0, 1])),
    tagged(0x87, ipv6Loopback),
  );
}

function extension(id: string, isCritical: boolean, value: Buffer): Buffer {
  const critical = isCritical ? [bool(true)] : [];
  return sequence(objectId(id), ...critical, tagged(0x04, value));
}

function bool(value: boolean): Buffer {
  return tagged(0x01, Buffer.from([value ? 0xff : 0]));
}

function objectId(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, "hex"));
}

function sequence(...parts: Buffer[]): Buffer {
  return tagged(0x30, ...parts);
}

/** One DER value: tag, length, content. */
function tagged(tag: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), content]);
}
