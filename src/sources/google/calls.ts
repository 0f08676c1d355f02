// The calls to Google's token endpoints, and what a refusal of each means to a user. Words only.

import { Failure } from "../../core/failures.ts";
import type { GoogleCall } from "./errors.ts";
import type { CredentialFile } from "./files.ts";

const denied = (message: string, hint: string): Failure => new Failure("google-denied", message, { hint });

export const FEDERATION: GoogleCall = {
  api: "Google's token exchange",
  refused: {
    message: "Google refuses the ID token, or the impersonation that follows",
    hint: "check the workload identity provider: issuer, allowed audiences, attribute condition, and who may impersonate",
  },
  problems: {
    audience: denied(
      "Google does not accept the audience of the ID token",
      "add the audience to the workload identity provider's allowed ones, or correct auth.audience",
    ),
    provider: denied(
      "Google knows no such workload identity provider, or it is disabled",
      "check workloadIdentityProvider: project number, pool and provider",
    ),
    issuer: denied(
      "the ID token is of another issuer than the workload identity provider's",
      "correct the issuer of the workload identity provider",
    ),
    condition: denied(
      "the workload identity provider's attribute condition rejects the ID token",
      "correct the attribute condition, or use the identity that it allows",
    ),
    expired: new Failure("id-token-failed", "Google says that the ID token has expired", {
      hint: "check this machine's clock and what renews the token",
    }),
  },
};

/** The call that the kind of a credential file leads to. */
export function callOf(file: CredentialFile): GoogleCall {
  switch (file.type) {
    case "service_account":
      return {
        api: "Google's token endpoint",
        refused: {
          message: "Google refuses the service account's key",
          hint: "check that the account and the key exist, or make a new key",
        },
      };
    case "external_account":
      return FEDERATION;
    default:
      return {
        api: "Google's token endpoint",
        refused: {
          message: "the Google login has ended or was revoked",
          hint: "run gcloud auth application-default login",
        },
      };
  }
}
