// The real login: against a small registry that takes Basic or tokens, and against servers that want the credential for
// themselves. What counts most is where it does not go.

import { describe, expect, it, onTestFinished } from "vitest";
import { parseImage } from "../../../src/core/image.ts";
import { Secret } from "../../../src/core/secret.ts";
import { type LoginResult, login } from "../../../src/registry/login.ts";
import { makeImage, putImage } from "../../stand-ins/registry/oci-image.ts";
import { type RegistryOptions, startRegistry } from "../../stand-ins/registry/registry.ts";
import { httpFor } from "../edge/hostile-server.ts";
import { speaking } from "./speaking.ts";

const PASSWORD = "c4nary-password";
const right = { username: "demo", secret: new Secret(PASSWORD) };
const wrong = { username: "demo", secret: new Secret("c4nary-wrong") };
const basicOf = (password: string): string => Buffer.from(`demo:${password}`).toString("base64");

async function registryWith(options: RegistryOptions = {}) {
  const registry = await startRegistry({ users: { demo: PASSWORD }, ...options });
  onTestFinished(() => registry.close());
  putImage(registry.store, "team/app", "v1", makeImage());
  return registry;
}

interface Ask {
  readonly credential?: typeof right | undefined;
  readonly minted?: boolean;
  readonly image?: string;
}

function at(registry: string, { credential = right, minted = false, image }: Ask = {}): Promise<LoginResult> {
  const named = image === undefined ? undefined : parseImage(`${registry}/${image}`);
  return login({ registry, credential, minted, image: named }, httpFor());
}

describe.each(["basic", "token"] as const)("a registry with %s login", (auth) => {
  it("takes the right password, and lets the image be read", async () => {
    const { host } = await registryWith({ auth });
    expect(await at(host)).toEqual({ kind: "accepted" });
    expect(await at(host, { image: "team/app:v1" })).toMatchObject({
      kind: "accepted",
      manifest: { kind: "readable", status: 200 },
    });
  });

  it("refuses the wrong one with a status and in its own words", async () => {
    const { host } = await registryWith({ auth });
    const result = await at(host, { credential: wrong });
    expect(result).toMatchObject({ kind: "refused", status: 401 });
    expect("said" in result && result.said).toMatch(/^UNAUTHORIZED: [a-z ]+$/);
  });

  it("has no such image", async () => {
    const { host } = await registryWith({ auth });
    const result = await at(host, { image: "team/app:v2" });
    expect(result).toMatchObject({ kind: "accepted", manifest: { kind: "missing", status: 404 } });
  });

  it("lets log in and refuses the repository: the login is right all the same", async () => {
    const { host } = await registryWith({ auth, allows: (_, repository) => repository !== "team/app" });
    const result = await at(host, { image: "team/app:v1" });
    expect(result).toMatchObject({ kind: "accepted", manifest: { kind: "denied" } });
  });

  it("is only read from", async () => {
    const { host, journal } = await registryWith({ auth });
    await at(host, { image: "team/app:v1" });
    expect(
      journal.map(({ httpMethod }) => httpMethod).filter((name) => !/^(?:GET|HEAD)$/.test(name)),
    ).toEqual([]);
  });
});

it("an identity token is exchanged, not sent as a password", async () => {
  const { host, tokens, journal } = await registryWith({ auth: "token" });
  const credential = { username: "<token>", secret: new Secret(tokens.issueRefresh("demo")) };
  expect(await at(host, { credential })).toEqual({ kind: "accepted" });
  expect(journal.filter(({ path }) => path === "/token").map(({ grantType }) => grantType)).toEqual([
    "refresh_token",
  ]);
});

it("without a login: whether an image is open to everybody", async () => {
  const { host } = await registryWith({ auth: "token" });
  const named = parseImage(`${host}/team/app:v1`);
  const result = await login(
    { registry: host, credential: undefined, minted: false, image: named },
    httpFor(),
  );
  expect(result).toMatchObject({ kind: "refused", status: 401 });
});

it("a registry without a login says nothing about the password, and does not get it", async () => {
  const server = await speaking((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"));
  expect(await at(`127.0.0.1:${server.port}`)).toEqual({ kind: "open" });
  expect(server.heads.join("\n")).not.toMatch(/authorization/i);
});

describe("the credential stays here", () => {
  const challenge = (realm: string): string =>
    `HTTP/1.1 401 No\r\nwww-authenticate: Bearer realm="${realm}",service="s"\r\ncontent-length: 0\r\n\r\n`;

  it.each<[string, string, boolean]>([
    ["http to another host", "http://evil.example.test/token", false],
    ["http to a metadata address", "http://169.254.169.254/token", false],
    ["another scheme", "ftp://127.0.0.1/token", false],
    ["user info", "https://127.0.0.1@evil.example.test/token", false],
    ["a path alone", "/token", false],
    ["nothing", "", false],
    ["a line end", "https://evil.example.test/\\r\\nx: y", false],
    ["a minted token, https to another host", "https://evil.example.test/token", true],
    ["a minted token, another port of loopback", "http://127.0.0.1:1/token", true],
    ["a minted token, another name of loopback", "http://localhost/token", true],
  ])("%s", async (_, realm, minted) => {
    const server = await speaking((socket) => socket.write(challenge(realm)));
    const result = await at(`127.0.0.1:${server.port}`, { minted });
    expect(["realm-refused", "bad-answer"]).toContain(result.kind);
    expect(server.heads.join("\n")).not.toMatch(/authorization/i);
  });

  it("a redirect is not followed", async () => {
    const other = await speaking((socket) => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
    const server = await speaking((socket) =>
      socket.write(`HTTP/1.1 307 No\r\nlocation: ${other.origin}/v2/\r\ncontent-length: 0\r\n\r\n`),
    );
    const result = await at(`127.0.0.1:${server.port}`);
    expect(result).toEqual({ kind: "bad-answer", status: 307, said: `redirect to ${other.origin}/v2/` });
    expect(other.connections()).toBe(0);
  });

  it("a token that could not stand in a header is none", async () => {
    const server = await speaking((socket, head) => {
      const body = '{"token":"a\\r\\nx: y"}';
      if (head.startsWith("GET /v2/")) socket.write(challenge(`http://127.0.0.1:${server.port}/token`));
      else socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    });
    expect(await at(`127.0.0.1:${server.port}`)).toMatchObject({ kind: "bad-answer", status: 200 });
  });
});

describe("what a registry says", () => {
  const says = async (status: number, body: string): Promise<string> => {
    const server = await speaking((socket, head) => {
      const answer = /authorization/i.test(head) ? body : "";
      const line = answer === "" ? "401 No\r\nwww-authenticate: Basic realm=x" : `${status} No`;
      socket.write(`HTTP/1.1 ${line}\r\ncontent-length: ${Buffer.byteLength(answer)}\r\n\r\n${answer}`);
    });
    const result = await at(`127.0.0.1:${server.port}`);
    return "said" in result ? result.said : "";
  };

  it.each<[string, string, string]>([
    [
      "an error of the specification",
      '{"errors":[{"code":"DENIED","message":"no pull"}]}',
      "DENIED: no pull",
    ],
    ["GitHub's details", '{"details":"incorrect username or password"}', "incorrect username or password"],
    ["an OAuth error", '{"error":"invalid_grant","error_description":"bad"}', "bad"],
    ["text", "go away", "go away"],
    ["a page", "<html><body>c4nary</body></html>", "an HTML page"],
    ["escapes of a terminal", "\u001b[31mred\u001b[0m\r\nnext\u0007", "[31mred [0m next"],
    ["the password", `{"message":"bad password ${PASSWORD}"}`, "bad password [redacted]"],
    ["the whole header", `{"message":"Basic ${basicOf(PASSWORD)}"}`, "Basic [redacted]"],
    ["nothing of use", '{"errors":[]}', '{"errors":[]}'],
  ])("%s", async (_, body, shown) => {
    expect(await says(403, body)).toBe(shown);
  });

  it("is cut", async () => {
    expect((await says(401, "x".repeat(5000))).length).toBeLessThan(250);
  });
});

it("nobody answers, no registry answers", async () => {
  expect(await at("127.0.0.1:1")).toMatchObject({ kind: "transport", error: { systemCode: "ECONNREFUSED" } });
  const server = await speaking((socket) => socket.write("HTTP/1.1 404 No\r\ncontent-length: 4\r\n\r\nnope"));
  expect(await at(`127.0.0.1:${server.port}`)).toEqual({ kind: "bad-answer", status: 404, said: "nope" });
});
