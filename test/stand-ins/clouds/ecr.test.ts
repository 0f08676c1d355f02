// ECR and ECR Public through the real SDK: what they grant, and above all what they refuse.

import { ECRClient, GetAuthorizationTokenCommand } from "@aws-sdk/client-ecr";
import { GetAuthorizationTokenCommand as GetPublicAuthorizationTokenCommand } from "@aws-sdk/client-ecr-public";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Clouds, startClouds } from "./clouds.ts";
import { asCredentials, ask, ecrClient, ecrPublicClient, nameOfRefusal } from "./ecr-client.ts";

let clouds: Clouds;
beforeEach(async () => {
  clouds = await startClouds({ ecr: {}, ecrPublic: {} });
});
afterEach(() => clouds.close());

describe("ECR grants", () => {
  test("a token of the documented shape, for 12 hours, known to a registry", async () => {
    const { authorizationData } = await ask(ecrClient(clouds, clouds.ring.permanent()));
    const [datum] = authorizationData ?? [];
    const [user = "", password = ""] = Buffer.from(datum?.authorizationToken ?? "", "base64")
      .toString()
      .split(":");
    expect(user).toBe("AWS");
    const envelope: unknown = JSON.parse(Buffer.from(password, "base64").toString());
    expect(envelope).toMatchObject({ version: "2", type: "DATA_KEY", expiration: expect.any(Number) });
    expect(datum?.proxyEndpoint).toBe("https://111122223333.dkr.ecr.eu-central-1.amazonaws.com");
    const lifeMs = (datum?.expiresAt?.getTime() ?? 0) - clouds.clock.nowMs();
    expect(lifeMs).toBeGreaterThan(12 * 3600_000 - 60_000);
    expect(lifeMs).toBeLessThanOrEqual(12 * 3600_000);
    expect(clouds.isValidEcrPassword("AWS", password)).toBe(true);
    expect(clouds.isValidEcrPassword("AWS", password, { region: "eu-central-1", service: "ecr" })).toBe(true);
    expect(clouds.isValidEcrPassword("AWS", password, { region: "us-east-1" })).toBe(false);
    expect(clouds.isValidEcrPassword("aws", password)).toBe(false);
    expect(clouds.isValidEcrPassword("AWS", `${password}x`)).toBe(false);
    clouds.clock.advance(12 * 3600_000 + 1);
    expect(clouds.isValidEcrPassword("AWS", password)).toBe(false);
  });

  test("a temporary key with its session token", async () => {
    const key = clouds.ring.temporary("arn:aws:sts::1:assumed-role/r/s", clouds.clock.nowMs() + 60_000);
    await ask(ecrClient(clouds, key));
    expect(clouds.ecr.journal.last()).toMatchObject({
      operation: "GetAuthorizationToken",
      status: 200,
      principal: key.principal,
      region: "eu-central-1",
    });
  });

  test("one datum per account asked for, all with one token", async () => {
    const command = new GetAuthorizationTokenCommand({ registryIds: ["111111111111", "222222222222"] });
    const { authorizationData } = await ecrClient(clouds, clouds.ring.permanent(), "cn-north-1")
      .send(command)
      .catch(() => ({ authorizationData: [] }));
    expect(authorizationData).toEqual([]);
    const inChina = clouds.ring.permanent("arn:aws-cn:iam::111111111111:user/d");
    const answer = await ecrClient(clouds, inChina, "cn-north-1").send(command);
    expect(answer.authorizationData?.map((it) => it.proxyEndpoint)).toEqual([
      "https://111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn",
      "https://222222222222.dkr.ecr.cn-north-1.amazonaws.com.cn",
    ]);
    expect(new Set(answer.authorizationData?.map((it) => it.authorizationToken)).size).toBe(1);
  });

  test("ECR Public, with the token in one object", async () => {
    const answer = await ecrPublicClient(clouds, clouds.ring.permanent()).send(
      new GetPublicAuthorizationTokenCommand({}),
    );
    const text = Buffer.from(answer.authorizationData?.authorizationToken ?? "", "base64").toString();
    expect(clouds.isValidEcrPassword("AWS", text.slice(4), { service: "ecr-public" })).toBe(true);
    expect(clouds.ecrPublic.journal.last()?.region).toBe("us-east-1");
  });
});

describe("ECR refuses", () => {
  const soon = () => clouds.clock.nowMs() + 60_000;
  const rows: [string, () => ECRClient, string, RegExp][] = [
    [
      "an unknown key",
      () => {
        const key = clouds.ring.permanent();
        clouds.ring.revoke(key.accessKeyId);
        return ecrClient(clouds, key);
      },
      "UnrecognizedClientException",
      /security token.*invalid/,
    ],
    [
      "a wrong secret",
      () => ecrClient(clouds, { ...clouds.ring.permanent(), secretAccessKey: "x".repeat(40) }),
      "InvalidSignatureException",
      /does not match/,
    ],
    [
      "a temporary key without its token",
      () =>
        ecrClient(clouds, {
          ...clouds.ring.temporary("arn:aws:iam::1:user/a", soon()),
          sessionToken: undefined,
        }),
      "UnrecognizedClientException",
      /invalid/,
    ],
    [
      "a temporary key with another's token",
      () =>
        ecrClient(clouds, {
          ...clouds.ring.temporary("arn:aws:iam::1:user/a", soon()),
          sessionToken: clouds.ring.temporary("arn:aws:iam::1:user/b", soon()).sessionToken,
        }),
      "UnrecognizedClientException",
      /invalid/,
    ],
    [
      "a permanent key with a token",
      () => ecrClient(clouds, { ...clouds.ring.permanent(), sessionToken: "made-up" }),
      "UnrecognizedClientException",
      /invalid/,
    ],
    [
      "a temporary key that has ended",
      () => ecrClient(clouds, clouds.ring.temporary("arn:aws:iam::1:user/a", soon() - 61_000)),
      "ExpiredTokenException",
      /expired/,
    ],
    [
      "a key of another partition",
      () => ecrClient(clouds, clouds.ring.permanent("arn:aws-us-gov:iam::1:user/a")),
      "UnrecognizedClientException",
      /invalid/,
    ],
    [
      "a principal without the permission",
      () => {
        clouds.ring.deny("arn:aws:iam::1:user/a", "ecr:GetAuthorizationToken");
        return ecrClient(clouds, clouds.ring.permanent("arn:aws:iam::1:user/a"));
      },
      "AccessDeniedException",
      /not authorized to perform: ecr:GetAuthorizationToken/,
    ],
    [
      "a region it does not live in",
      () => {
        clouds.ecr.settings.regions = ["us-west-2"];
        return ecrClient(clouds, clouds.ring.permanent());
      },
      "InvalidSignatureException",
      /valid region, not 'eu-central-1'/,
    ],
  ];
  test.each(rows)("%s", async (_name, makeClient, code, message) => {
    const asked = ask(makeClient());
    await expect(asked).rejects.toMatchObject({ name: code, message: expect.stringMatching(message) });
    expect(clouds.ecr.journal.last()).toMatchObject({ status: 400, code });
    expect(clouds.ecr.journal.granted()).toBe(0);
  });

  const tampered: [string, (request: { body: string; headers: Record<string, string> }) => void][] = [
    [
      "another body",
      (request) => {
        request.body = "[]";
      },
    ],
    [
      "another date",
      (request) => {
        request.headers["x-amz-date"] = new Date(Date.now() - 9_000)
          .toISOString()
          .replace(/[-:]|\.\d{3}/g, "");
      },
    ],
    [
      "another host",
      (request) => {
        request.headers.host = "localhost:1";
      },
    ],
  ];
  test.each(tampered)("%s under an old signature", async (_name, tamper) => {
    const ecr = ecrClient(clouds, clouds.ring.permanent());
    ecr.middlewareStack.add(
      (next) => (args) => {
        // `request` is typed unknown by the SDK; it is its own HttpRequest after signing.
        tamper(args.request as { body: string; headers: Record<string, string> });
        return next(args);
      },
      { step: "finalizeRequest", priority: "low" },
    );
    expect(await nameOfRefusal(ask(ecr))).toBe("InvalidSignatureException");
  });

  test("a signature made for another service", async () => {
    const wrongDoor = new ECRClient({
      region: "us-east-1",
      endpoint: clouds.ecrPublic.url,
      credentials: asCredentials(clouds.ring.permanent()),
    });
    expect(await nameOfRefusal(ask(wrongDoor))).toBe("UnknownOperationException");
    wrongDoor.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { headers: Record<string, string> };
        request.headers["x-amz-target"] = "SpencerFrontendService.GetAuthorizationToken";
        return next(args);
      },
      { step: "build", priority: "low" },
    );
    await expect(ask(wrongDoor)).rejects.toMatchObject({
      name: "InvalidSignatureException",
      message: expect.stringContaining("correct service: 'ecr-public'"),
    });
  });

  test("a call without a signature", async () => {
    const answer = await fetch(clouds.ecr.url, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
      },
      body: "{}",
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ __type: "MissingAuthenticationTokenException" });
  });

  test("ECR Public outside us-east-1, and without the bearer token permission", async () => {
    const command = new GetPublicAuthorizationTokenCommand({});
    const key = clouds.ring.permanent();
    await expect(ecrPublicClient(clouds, key, "us-west-2").send(command)).rejects.toMatchObject({
      message: expect.stringContaining("not 'us-west-2'"),
    });
    clouds.ring.deny(key.principal, "sts:GetServiceBearerToken");
    await expect(ecrPublicClient(clouds, key).send(command)).rejects.toMatchObject({
      name: "AccessDeniedException",
      message: expect.stringContaining("sts:GetServiceBearerToken"),
    });
    clouds.ring.allow(key.principal, "sts:GetServiceBearerToken");
    await ecrPublicClient(clouds, key).send(command);
  });
});
