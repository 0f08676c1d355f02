// What a real login met, as findings: whose fault it is and the step that mends it depends on where the credential is from.

import { inWords } from "../../core/duration.ts";
import type { Seen } from "../../core/findings.ts";
import type { ImageHome } from "../../core/image.ts";
import { wellKnownNear } from "../../core/near-miss.ts";
import { type RegistryRef, recognizeCloud } from "../../core/registry.ts";
import type { LoginResult } from "../../registry/login.ts";
import { printable } from "./check.ts";
import type { Source } from "./source.ts";

export function loginFindings(
  ref: RegistryRef,
  image: ImageHome | undefined,
  source: Source,
  result: LoginResult,
  nowMs: number,
): readonly Seen[] {
  switch (result.kind) {
    case "accepted":
    case "open":
      return image === undefined ? [] : imageFindings(ref, image, source, result);
    case "refused":
      return [refused(ref, source, result, nowMs)];
    case "bad-answer":
      return [badAnswer(ref, result)];
    case "realm-refused":
      return [realmRefused(ref, source, result.realm)];
    case "transport":
      return [transport(ref, result)];
  }
}

/** Where the credential comes from, as it stands in a sentence. */
export function sourceWords(source: Source, nowMs: number): string {
  const { from, login, contenders, minted } = source;
  const winner = contenders.find(({ wins }) => wins)?.candidate;
  if (from === "local login" && login !== undefined) {
    return `the local login of ${printable(login.credential.username, 60)}, made ${inWords(nowMs - login.madeAtMs)} ago`;
  }
  if (winner !== undefined) {
    const scope = winner.scope === undefined ? "" : ` (${winner.scope})`;
    return `${minted ? "a minted token, as asked by " : ""}the secret ${printable(winner.name, 60)}${scope}`;
  }
  return minted ? "a minted token, as the configuration says" : "nothing";
}

function refused(
  ref: RegistryRef,
  source: Source,
  { status, said }: { readonly status: number; readonly said: string },
  nowMs: number,
): Seen {
  const message = `${ref.key} refuses the login with ${sourceWords(source, nowMs)}: ${answerWords(status, said)}`;
  const common = { severity: "error" as const, subject: ref.key };
  if (source.from === "local login") {
    const behind = source.hidden === undefined ? "" : "; it hides the platform's credential";
    return {
      ...common,
      code: "local-login-wins",
      message: message + behind,
      cause:
        "A local login wins over the platform's secret until docker logout, and user name or password in it is wrong or has expired.",
      remedy: `docker logout ${ref.key}${source.hidden === undefined ? ", then log in again" : ""}`,
    };
  }
  if (source.minted) {
    return {
      ...common,
      code: "login-refused",
      message,
      cause:
        "The cloud made a token that its registry does not take: another account or partition, a registry policy, or a clock that is off.",
      remedy:
        "check that the registry exists in that account and region, and that the identity may pull from it",
    };
  }
  const name = source.contenders.find(({ wins }) => wins)?.candidate.name ?? "";
  return {
    ...common,
    code: "login-refused",
    message,
    cause: "User name or password in the secret is wrong, has expired or was revoked.",
    remedy: `set the value of the secret ${printable(name, 60)} to a user name and password that ${ref.key} takes`,
  };
}

function imageFindings(
  ref: RegistryRef,
  image: ImageHome,
  source: Source,
  { manifest }: LoginResult,
): readonly Seen[] {
  if (manifest === undefined || manifest.kind === "readable") return [];
  const name = `${ref.key}/${image.repository}${/:/.test(image.reference) ? "@" : ":"}${image.reference}`;
  const said = answerWords(manifest.status, manifest.said);
  const common = { severity: "error" as const, subject: name };
  switch (manifest.kind) {
    case "missing":
      return [
        {
          ...common,
          code: "image-missing",
          message: `${ref.key} has no ${image.repository}:${image.reference} that this credential may see: ${said}`,
        },
      ];
    case "denied":
      return [
        {
          ...common,
          code: "image-denied",
          message: `the login works, but ${ref.key} does not let it read ${image.repository}: ${said}`,
          remedy: grantWords(ref, image, source),
        },
      ];
    case "bad-answer":
      return [
        {
          ...common,
          code: "registry-bad-answer",
          message: `${ref.key} did not answer for ${image.repository} as a registry does: ${said}`,
        },
      ];
  }
}

function grantWords(ref: RegistryRef, { repository }: ImageHome, source: Source): string {
  const cloud = recognizeCloud(ref);
  if (source.credential === undefined)
    return `create a registry secret for ${ref.key}, or check the image's name`;
  if (cloud?.kind === "ecr") {
    return `allow ecr:BatchGetImage, ecr:GetDownloadUrlForLayer and ecr:BatchCheckLayerAvailability on arn:${cloud.partition}:ecr:${cloud.region}:${cloud.account}:repository/${repository} in the policy of the role; for a role of another account also in the repository's policy`;
  }
  if (cloud?.kind === "gar")
    return "grant roles/artifactregistry.reader on the repository or project to the service account";
  return `grant the user of the credential pull on ${repository}`;
}

function badAnswer(
  ref: RegistryRef,
  { status, said }: { readonly status: number; readonly said: string },
): Seen {
  return {
    code: "registry-bad-answer",
    severity: "error",
    subject: ref.key,
    message: `${ref.key} did not answer as a registry does: ${answerWords(status, said)}`,
    ...meant(ref),
  };
}

function realmRefused(ref: RegistryRef, source: Source, realm: string): Seen {
  const why = source.minted
    ? "a cloud's token goes to its own registry only"
    : "credentials go to https only";
  return {
    code: "realm-refused",
    severity: "error",
    subject: ref.key,
    message: `${ref.key} sends its login to ${realm === "" ? "nowhere" : realm}, where this credential does not go: ${why}`,
  };
}

function transport(ref: RegistryRef, { error, at }: Extract<LoginResult, { kind: "transport" }>): Seen {
  const code = error.systemCode === "" ? "" : ` (${error.systemCode})`;
  const common = { severity: "error" as const, subject: ref.key };
  const where = at.replace(/^https?:\/\//, "") === ref.key ? ref.key : `${ref.key}, at ${printable(at)},`;
  if (error.trouble === "tls") {
    return {
      ...common,
      code: "registry-tls",
      message: `the certificate of ${where} is not trusted${code}`,
      remedy: `name the authority's certificate file in SSL_CERT_FILE; for Docker also put it into /etc/docker/certs.d/${ref.key}/ca.crt`,
    };
  }
  if (error.trouble === "too-large") {
    return { ...common, code: "registry-bad-answer", message: `${where} answered with more than 1 MiB` };
  }
  const how =
    error.systemCode === "ENOTFOUND" || error.systemCode === "EAI_AGAIN"
      ? `there is no host of this name${code}`
      : error.trouble === "timeout"
        ? "it did not answer in time"
        : error.trouble === "proxy"
          ? `the proxy refuses or is of no use${code}`
          : `no connection${code}`;
  return {
    ...common,
    code: "registry-unreachable",
    message: `${where} cannot be reached: ${how}`,
    ...meant(ref),
  };
}

/** A host that nobody knows is often a slip of the pen. */
function meant(ref: RegistryRef): { readonly remedy?: string } {
  const near = wellKnownNear(ref.key);
  return near === undefined
    ? {}
    : { remedy: `check the spelling: ${near} was meant? Create the secret again for that host` };
}

const answerWords = (status: number, said: string): string =>
  said === "" ? `HTTP ${status}` : `HTTP ${status}, ${said}`;
