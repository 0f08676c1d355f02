// The calls to Google's token endpoints, and what a refusal of each means to a user. Words only.

import type { GoogleCall } from "./errors.ts";
import type { CredentialFile } from "./files.ts";

export const FEDERATION: GoogleCall = {
  api: "Google's token exchange",
  refused: {
    message: "Google refuses the ID token, or the impersonation that follows",
    hint: "check the workload identity provider: issuer, allowed audiences, attribute condition, and who may impersonate",
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
