// What a real login met, as findings: whose fault it is and the step that mends it depends on where the credential is from.

import { type CloudRegistry, clouds, recognizeCloud } from "../../core/clouds/clouds.ts";
import { inWords } from "../../core/duration.ts";
import type { Seen } from "../../core/findings.ts";
import type { ImageHome } from "../../core/image.ts";
import { HUB_KEY, type RegistryRef } from "../../core/registry.ts";
import type { LoginResult } from "../../registry/login.ts";
import { printable } from "./check.ts";
import type { Source } from "./source.ts";
import { meant, transportFinding } from "./transport-finding.ts";

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
      return image === undefined ? [] : imageFindings(ref, image, source, result, nowMs);
    case "refused":
      return [refused(ref, source, result, nowMs)];
    case "bad-answer":
      return [badAnswer(ref, result)];
    case "realm-refused":
      return [realmRefused(ref, source, result.realm)];
    case "transport":
      return [transportFinding(ref, result.error)];
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
    ...whatItTakes(ref, source, printable(name, 60)),
  };
}

/** What this registry takes for a password, where people often give something else. */
function whatItTakes(
  ref: RegistryRef,
  { credential }: Source,
  name: string,
): { readonly remedy: string; readonly cause?: string } {
  const cloud = recognizeCloud(ref);
  const ends = cloud === undefined ? undefined : endWords(cloud, credential?.username);
  if (ends !== undefined) {
    return {
      cause: `A password of ${ends} after it was made.`,
      remedy: `set the value of the secret ${name} to runner-native, and a new token is made whenever one is needed`,
    };
  }
  const takes =
    ref.key === HUB_KEY
      ? " (Docker Hub: an access token in place of the password)"
      : ref.key === "ghcr.io"
        ? " (GitHub: a classic personal access token with read:packages)"
        : "";
  return {
    remedy: `set the value of the secret ${name} to a user name and password that ${ref.key} takes${takes}`,
  };
}

/** Undefined for a password that need not be a token. */
function endWords({ kind }: CloudRegistry, username: string | undefined): string | undefined {
  switch (kind) {
    case "ecr":
    case "ecr-public":
      return "ECR ends 12 hours";
    case "gar":
      return username === clouds().gar.tokenUser ? "this kind ends an hour" : undefined;
  }
}

function imageFindings(
  ref: RegistryRef,
  image: ImageHome,
  source: Source,
  { manifest }: LoginResult,
  nowMs: number,
): readonly Seen[] {
  if (manifest === undefined || manifest.kind === "readable") return [];
  const name = `${ref.key}/${image.repository}${/:/.test(image.reference) ? "@" : ":"}${image.reference}`;
  const said = answerWords(manifest.status, manifest.said);
  const common = { severity: "error" as const, subject: name };
  if (source.from === "local login" && source.hidden !== undefined && manifest.kind !== "bad-answer") {
    const message = `${sourceWords(source, nowMs)}, may not read ${image.repository}, and hides what the platform gives: ${said}`;
    return [{ ...common, code: "local-login-wins", message, remedy: `docker logout ${ref.key}` }];
  }
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
  switch (cloud?.kind) {
    case "ecr":
      return `allow ecr:BatchGetImage, ecr:GetDownloadUrlForLayer and ecr:BatchCheckLayerAvailability on arn:${cloud.partition}:ecr:${cloud.region}:${cloud.account}:repository/${repository} in the policy of the role; for a role of another account also in the repository's policy`;
    case "gar":
      return "grant roles/artifactregistry.reader on the repository or project to the service account";
    case "ecr-public":
    case undefined:
      return `grant the user of the credential pull on ${repository}`;
  }
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

const answerWords = (status: number, said: string): string =>
  said === "" ? `HTTP ${status}` : `HTTP ${status}, ${said}`;
