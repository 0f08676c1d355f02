import { parse } from "smol-toml";
import { describe, expect, it } from "vitest";
import { authFile, authsOf, readAuthFile } from "../../../../src/core/export/auth-file.ts";
import {
  endpointsOf,
  hostDirectory,
  hostsToml,
  linesToMerge,
  readHostsToml,
  registryOfDirectory,
} from "../../../../src/core/export/containerd.ts";
import { basicAuth, type ExportEntry, fromBase64 } from "../../../../src/core/export/entry.ts";
import { isLabel, isSecretName, manifest, readManifest } from "../../../../src/core/export/kubernetes.ts";
import { parseRegistry, type RegistryRef } from "../../../../src/core/registry.ts";
import { Secret } from "../../../../src/core/secret.ts";

const ref = (text: string): RegistryRef => {
  const registry = parseRegistry(text);
  if (registry === undefined) throw new Error(`no registry: ${text}`);
  return registry;
};
const entry = (host: string, username = "user", secret = "pass:word", expiresAtMs?: number): ExportEntry => ({
  registry: ref(host),
  credential: { username, secret: new Secret(secret) },
  expiresAtMs,
});
const exposed = (entries: readonly ExportEntry[]): unknown =>
  entries.map(({ registry, credential, expiresAtMs }) => [
    registry.key,
    credential.username,
    credential.secret.expose(),
    expiresAtMs,
  ]);

const END_MS = Date.parse("2026-11-28T21:14:19.123Z");
const awkward = "p\"ä\\ss:wörd'\u0007 # ]]>\n";

describe("user:secret in base64", () => {
  it.each([
    ["plain", "user", "pass", "dXNlcjpwYXNz"],
    ["a colon in the secret", "user", "a:b", "dXNlcjphOmI="],
    ["an empty secret", "user", "", "dXNlcjo="],
    ["other alphabets are UTF-8", "ü", "ß", "w7w6w58="],
  ])("%s", (_, username, secret, expected) => {
    expect(basicAuth({ username, secret: new Secret(secret) })).toBe(expected);
  });

  it("cannot hold a user name with a colon", () => {
    expect(basicAuth({ username: "a:b", secret: new Secret("c") })).toBeUndefined();
  });

  it.each([
    ["no base64", "%%%"],
    ["a length that base64 does not have", "YWJjZ"],
    ["bytes that are no UTF-8", "/w=="],
  ])("is not read from %s", (_, encoded) => {
    expect(fromBase64(encoded)).toBeUndefined();
  });

  it("keeps a byte-order mark, which is part of the user name", () => {
    expect(fromBase64("77u/dTpw")).toBe("\ufeffu:p");
  });

  it("holds a secret of 1 MiB", () => {
    const secret = "x".repeat(1024 * 1024);
    expect(fromBase64(basicAuth({ username: "u", secret: new Secret(secret) }) ?? "")).toBe(`u:${secret}`);
  });
});

describe("an auth file", () => {
  it("names Docker Hub as Docker and as Podman do", () => {
    expect(Object.keys(authsOf([entry("docker.io")]))).toEqual(["https://index.docker.io/v1/", "docker.io"]);
  });

  it("has a key that JavaScript takes for itself", () => {
    expect(authFile([entry("__proto__", "u", "p")])).toContain('"__proto__": {');
  });

  it("leaves out a user name with a colon", () => {
    expect(authsOf([entry("a.test", "a:b"), entry("b.test")])).toEqual({
      "b.test": { auth: "dXNlcjpwYXNzOndvcmQ=" },
    });
  });

  it("holds an identity token as Docker does", () => {
    expect(authsOf([entry("a.test", "<token>", "refresh")])).toEqual({
      "a.test": { auth: "PHRva2VuPjo=", identitytoken: "refresh" },
    });
  });

  it("is the same whatever the order of the credentials", () => {
    const entries = [entry("b.test"), entry("a.test:5000"), entry("docker.io"), entry("a.test")];
    expect(Object.keys(authsOf(entries))).toEqual([
      "a.test",
      "a.test:5000",
      "b.test",
      "https://index.docker.io/v1/",
      "docker.io",
    ]);
    expect(authFile(entries.toReversed())).toBe(authFile(entries));
  });

  it("reads back what it wrote", () => {
    const entries = [
      entry("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "AWS", awkward, END_MS),
      entry("docker.io"),
      entry("reg.test:5000", "<token>", "refresh"),
    ];
    const read = readAuthFile(authFile(entries));
    expect(read.kind).toBe("ours");
    expect(read.kind === "ours" && exposed(read.entries)).toEqual(exposed(entries));
  });

  it.each([
    ["nothing", "", "empty"],
    ["white space", "\n", "empty"],
    ["an empty object", "{}", "empty"],
    ["no logins", '{"auths": {}}', "empty"],
    ["another empty object", '{"other": {}}', "foreign"],
    ["logins that are a list", '{"auths": []}', "foreign"],
    ["logins that are a number", '{"auths": 5}', "foreign"],
    ["somebody's login", '{"auths": {"a.test": {"auth": "dTpw"}}}', "foreign"],
    ["somebody's settings", '{"currentContext": "x"}', "foreign"],
    ["ours after docker login wrote it anew", '{"auths": {"a.test": {}}}', "foreign"],
    ["a mark that is none", '{"docker-credential-ona": "x"}', "foreign"],
    ["no JSON", "auths: {}", "foreign"],
    ["half a file", '{"auths":', "foreign"],
    ["an array", "[]", "foreign"],
  ])("%s is %s: %s", (_, text, kind) => {
    expect(readAuthFile(text).kind).toBe(kind);
  });

  it.each([
    ["a number", { "a.test": 5 }],
    ["no time", { "a.test": "soon" }],
    ["another registry's", { "b.test": "2026-11-28T21:14:19Z" }],
    ["text for all", "2026-11-28T21:14:19Z"],
    ["nothing", undefined],
  ])("an end that is %s is none", (_, expires) => {
    const auths = { "a.test": { auth: "dTpw" } };
    const read = readAuthFile(JSON.stringify({ auths, "docker-credential-ona": { expires } }));
    expect(read.kind === "ours" && exposed(read.entries)).toEqual([["a.test", "u", "p", undefined]]);
  });

  it("takes nothing odd for an entry", () => {
    const auths = {
      "a.test": 1,
      "b.test": { auth: "%%%" },
      "e.test": { auth: 5 },
      "f.test": {},
      "g.test": null,
      "http://c.test": { auth: "dTpw" },
      "d.test": { auth: "dQ==" },
    };
    expect(readAuthFile(JSON.stringify({ auths, "docker-credential-ona": {} }))).toEqual({
      kind: "ours",
      entries: [],
    });
  });
});

describe("a manifest", () => {
  const names = { name: "registry-login", namespace: "team-a" };

  it("is what kubectl reads", () => {
    const text = manifest([entry("a.test")], names);
    expect(text.replace(/dockerconfigjson: .*/, "dockerconfigjson: …")).toBe(
      [
        "# Written by docker-credential-ona export; do not edit, it is replaced.",
        "apiVersion: v1",
        "kind: Secret",
        "metadata:",
        "  name: registry-login",
        "  namespace: team-a",
        "  labels:",
        "    app.kubernetes.io/managed-by: docker-credential-ona",
        "type: kubernetes.io/dockerconfigjson",
        "data:",
        "  .dockerconfigjson: …",
        "",
      ].join("\n"),
    );
    const inner = JSON.parse(fromBase64(/json: (\S+)$/m.exec(text)?.[1] ?? "") ?? "");
    expect(inner.auths).toEqual({ "a.test": { auth: "dXNlcjpwYXNzOndvcmQ=" } });
  });

  it("puts in quotes what YAML would read as something else", () => {
    expect(manifest([], { name: "1e3", namespace: "on" })).toMatch(/name: "1e3"\n {2}namespace: "on"/);
    expect(manifest([], { name: "a.b", namespace: undefined })).toMatch(/name: "a.b"\n {2}labels/);
  });

  it("reads back what it wrote", () => {
    const entries = [entry("docker.io", "u", awkward), entry("z.test:1", "AWS", "x", END_MS)];
    const read = readManifest(manifest(entries, names));
    expect(read.kind === "ours" && exposed(read.entries)).toEqual(exposed(entries));
  });

  it.each([
    ["nothing", "", "empty"],
    ["somebody's", "apiVersion: v1\nkind: Secret\n", "foreign"],
    ["ours, spoilt", `${manifest([], names).split("\n").slice(0, 4).join("\n")}\n`, "ours"],
  ])("%s", (_, text, kind) => {
    expect(readManifest(text).kind).toBe(kind);
  });

  it.each([
    ["a", true],
    ["a.b-c.d1", true],
    ["1", true],
    ["", false],
    ["A", false],
    ["-a", false],
    ["a-", false],
    ["a_b", false],
    ["a..b", false],
    ["a\n", false],
    ["a".repeat(64), false],
  ])("a Secret may be called %j: %s", (name, expected) => {
    expect(isSecretName(name)).toBe(expected);
  });

  it("gives no entry for a file of ours that was spoilt", () => {
    const head = "# Written by docker-credential-ona export; do not edit, it is replaced.\n";
    for (const rest of ["", "data:\n  .dockerconfigjson: %\n", "data:\n  .dockerconfigjson: e30=\n"]) {
      expect(readManifest(head + rest), rest).toEqual({ kind: "ours", entries: [] });
    }
    expect(readManifest("\n \n").kind).toBe("empty");
  });

  it("a Secret's name has at most 253 characters", () => {
    expect(isSecretName(`${"a.".repeat(126)}a`)).toBe(true);
    expect(isSecretName(`${"a.".repeat(126)}ab`)).toBe(false);
  });

  it("a namespace has no dots", () => {
    expect([isLabel("team-a"), isLabel("team.a")]).toEqual([true, false]);
  });
});

describe("hosts.toml", () => {
  it.each([
    ["docker.io", "docker.io"],
    ["https://index.docker.io/v1/", "docker.io"],
    ["ghcr.io", "ghcr.io"],
    ["reg.test:5000", "reg.test_5000_"],
    ["127.0.0.1:15000", "127.0.0.1_15000_"],
    ["[::1]:5000", "[::1]_5000_"],
    ["[::1]", "[::1]"],
  ])("%s is in the directory %s", (host, directory) => {
    expect(hostDirectory(ref(host))).toBe(directory);
    expect(parseRegistry(registryOfDirectory(directory))).toEqual(ref(host));
  });

  it.each([
    ["docker.io", ["https://registry-1.docker.io"]],
    ["ghcr.io", ["https://ghcr.io"]],
    ["reg.test:80", ["https://reg.test:80"]],
    ["reg.test:5000", ["https://reg.test:5000"]],
    ["localhost.evil.test:5000", ["https://localhost.evil.test:5000"]],
    ["127.0.0.1.evil.test:5000", ["https://127.0.0.1.evil.test:5000"]],
    ["[::2]:5000", ["https://[::2]:5000"]],
    ["localhost", ["https://localhost"]],
    ["localhost:80", ["http://localhost:80"]],
    ["localhost:5000", ["http://localhost:5000", "https://localhost:5000"]],
    ["127.8.9.1:5000", ["http://127.8.9.1:5000", "https://127.8.9.1:5000"]],
    ["127.10.200.1:5000", ["http://127.10.200.1:5000", "https://127.10.200.1:5000"]],
    ["[::1]:5000", ["http://[::1]:5000", "https://[::1]:5000"]],
    ["[::1]:80", ["http://[::1]:80"]],
    ["[::1]", ["https://[::1]"]],
  ])("%s is reached at %j", (host, endpoints) => {
    expect(endpointsOf(ref(host))).toEqual(endpoints);
  });

  it("has the header in the host's own table", () => {
    const text = hostsToml(entry("ghcr.io", "user", "pass")) ?? "";
    expect(text).toBe(
      [
        "# Written by docker-credential-ona export; do not edit, it is replaced.",
        "",
        'server = "https://ghcr.io"',
        "",
        '[host."https://ghcr.io".header]',
        'Authorization = "Basic dXNlcjpwYXNz"',
        "",
      ].join("\n"),
    );
  });

  it("does not check a loopback registry's certificate, as containerd does not", () => {
    expect(parse(hostsToml(entry("localhost:5000", "u", "p")) ?? "")).toEqual({
      server: "http://localhost:5000",
      host: {
        "http://localhost:5000": { header: { Authorization: "Basic dTpw" } },
        "https://localhost:5000": { skip_verify: true, header: { Authorization: "Basic dTpw" } },
      },
    });
  });

  it("names the certificates that lie beside it, for https alone", () => {
    const tls = {
      ca: ["ca.crt"],
      client: [
        ["client.cert", "client.key"],
        ["both.pem", ""],
      ],
    } as const;
    const header = { Authorization: "Basic dTpw" };
    const client = [["client.cert", "client.key"], "both.pem"];
    expect(parse(hostsToml(entry("reg.test", "u", "p"), tls) ?? "")).toEqual({
      server: "https://reg.test",
      host: { "https://reg.test": { ca: ["ca.crt"], client, header } },
    });
    expect(parse(hostsToml(entry("localhost:5000", "u", "p"), tls) ?? "").host).toEqual({
      "http://localhost:5000": { header },
      "https://localhost:5000": { ca: ["ca.crt"], client, header },
    });
  });

  it("gives no entry for a file of ours whose header is none", () => {
    const head = "# Written by docker-credential-ona export; do not edit, it is replaced.\n";
    const table = '[host."https://ghcr.io".header]\n';
    for (const rest of [
      "",
      "host = 5\n",
      "[host]\nx = 5\n",
      '[host."https://ghcr.io"]\nheader = 5\n',
      `${table}Authorization = 5\n`,
      `${table}Authorization = "Bearer dTpw"\n`,
      `${table}Authorization = "dTpw"\n`,
      `${table}Authorization = "Basic %%%"\n`,
      `${table}Authorization = "Basic dXA="\n`,
    ]) {
      expect(readHostsToml(head + rest, ref("ghcr.io")), rest).toEqual({ kind: "ours", entries: [] });
    }
    expect(readHostsToml("\n", ref("ghcr.io")).kind).toBe("empty");
  });

  it("reads an entry without a user or an end", () => {
    const one = entry("ghcr.io", "", "p");
    const read = readHostsToml(hostsToml(one) ?? "", one.registry);
    expect(read.kind === "ours" && exposed(read.entries)).toEqual(exposed([one]));
  });

  it("only a port at the end of a directory's name is a port", () => {
    expect(registryOfDirectory("reg_80_test")).toBe("reg_80_test");
  });

  it.each([
    ["a user name with a colon", "a:b"],
    ["an identity token", "<token>"],
  ])("cannot carry %s", (_, username) => {
    expect(hostsToml(entry("ghcr.io", username))).toBeUndefined();
  });

  it("reads back what it wrote", () => {
    const one = entry("reg.test:5000", "AWS", awkward, END_MS);
    const read = readHostsToml(hostsToml(one) ?? "", one.registry);
    expect(read.kind === "ours" && exposed(read.entries)).toEqual(exposed([one]));
  });

  it.each([
    ["nothing", "", "empty"],
    ["somebody's", 'server = "https://ghcr.io"\n', "foreign"],
    [
      "somebody's, with our line further down",
      "# mine\n# Written by docker-credential-ona export\n",
      "foreign",
    ],
    ["ours, spoilt", "# Written by docker-credential-ona export; do not edit, it is replaced.\n[[[", "ours"],
  ])("%s", (_, text, kind) => {
    expect(readHostsToml(text, ref("ghcr.io")).kind).toBe(kind);
  });

  it("the lines to merge name no secret", () => {
    expect(linesToMerge(ref("ghcr.io"))).toBe(
      '[host."https://ghcr.io".header]\nAuthorization = "Basic base64 of USER:SECRET"',
    );
  });
});
