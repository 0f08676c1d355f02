// Every code of a failure in one table: what its line says, what is behind it, what mends it. `doctor CODE` reads it, the
// table in docs/messages.md is made from it, and a code without its row does not compile. Loaded only where it is shown.

import type { FailureCode } from "./failures.ts";

export interface Message {
  /** The line, `<…>` standing for what differs. */
  readonly message: string;
  readonly cause: string;
  readonly remedy: string;
}

/** The codes at the end of a failed `get`. */
export const FAILURE_MESSAGES: Readonly<Record<FailureCode, Message>> = {
  "config-invalid": {
    message: "<the configuration, a variable or a file> is broken: <place>: <what is wrong>",
    cause:
      "The configuration file, or a variable that is set, has a mistake. What is set wrongly never counts as unset.",
    remedy: "Correct the key, variable or file that the line names.",
  },
  "config-unsafe": {
    message:
      "the configuration is not used: <file or directory> <belongs to another user | can be written by others>",
    cause: "The file decides where credentials go, and somebody else could change it.",
    remedy:
      "Run chmod go-w on the file or directory that the line names, or make it belong to you or to root.",
  },
  "no-token": {
    message: "no platform token was found",
    cause: "None of the sources of a platform token holds one, so the platform cannot be asked.",
    remedy:
      "Set DOCKER_CREDENTIAL_ONA_TOKEN, or name token.file, token.jsonFile or token.command in the configuration.",
  },
  "token-refused": {
    message: "the platform refused the token from <source>",
    cause: "The token has expired, was revoked, or belongs to another installation of the platform.",
    remedy:
      "Renew the token at the source that the line names, and check that ONA_BASE_URL is the platform that issued it.",
  },
  "permission-denied": {
    message: "the platform does not give the secret's value to the token from <source> (<principal>)",
    cause: "Only an environment's own token may read values; personal and service-account tokens may not.",
    remedy:
      "Use the environment's own token: unset the variable that the line names, or put the environment's token first.",
  },
  "lookup-refused": {
    message: "the platform does not say which secrets there are: it answered <code>",
    cause: "The token may neither read the environment nor list the secrets of any scope that is known.",
    remedy: "Use the environment's own token, check ONA_ENVIRONMENT_ID, or name scopes in the configuration.",
  },
  "platform-unreachable": {
    message: "the platform at <address> cannot be reached (<reason>)",
    cause: "No connection came about, or something that is not the platform answered in its place.",
    remedy:
      "Check the network, HTTPS_PROXY and NO_PROXY, and ONA_BASE_URL; if the platform is down, wait for it.",
  },
  "platform-timeout": {
    message: "the platform at <address> did not answer in time",
    cause: "A connection or an answer took longer than the run may take; often a firewall drops the packets.",
    remedy:
      "Try again; check the network and the proxy variables; raise deadlineMs if the platform is only slow.",
  },
  "platform-tls": {
    message: "the certificate of the platform at <address> is not trusted (<reason>)",
    cause:
      "The certificate was issued by an authority that this machine does not know: often a proxy that looks into TLS.",
    remedy: "Name that authority's certificate file in SSL_CERT_FILE or NODE_EXTRA_CA_CERTS.",
  },
  "platform-rate-limited": {
    message: "the platform at <address> is rate-limiting (HTTP 429)",
    cause: "Too many requests came from here in a short time.",
    remedy: "Try again in a minute.",
  },
  "platform-bad-answer": {
    message: "the platform at <address> did not answer as the platform does",
    cause: "Something else answers there: a login page, a gateway, or a wrong address.",
    remedy: "Check ONA_BASE_URL (it ends in /api) and the proxy.",
  },
  "platform-redirect": {
    message: "the platform at <address> answered with a redirect, which is refused",
    cause: "A redirect is not followed, so that the token goes nowhere else.",
    remedy: "Set ONA_BASE_URL to the address that answers without a redirect.",
  },
  "platform-refused": {
    message: "the platform answered <method> with <code>",
    cause: "The platform was reached and refused this request.",
    remedy: "Try again; if it stays, run it with DOCKER_CREDENTIAL_ONA_TRACE=1 and report the code.",
  },
  "secret-missing": {
    message: "the platform does not have the value of the secret <name>",
    cause: "The environment still lists the secret, but it was deleted on the platform.",
    remedy: "Create the secret again, or make a new environment.",
  },
  "value-invalid": {
    message: "the value of the secret <name> <what is wrong>",
    cause: "The value is no user name with a password in any form that is read.",
    remedy: "Set the secret's value to user:password, or to a JSON object with username and password.",
  },
  "native-unsupported": {
    message: "its secret says runner-native, but it is no ECR or Google registry",
    cause:
      "runner-native means a token of this machine's cloud identity, which only ECR and Google registries take.",
    remedy: "Store user:password in the secret, or set aliasOf for this registry in the configuration.",
  },
  "imds-no-answer": {
    message: "the EC2 metadata server did not answer",
    cause: "A hop limit of 1 keeps containers away from the metadata server; or a firewall does.",
    remedy:
      "Raise it: aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2 --instance-id ID; or use identity.oidc.",
  },
  "wrong-cloud": {
    message: "this machine is on <one cloud> and has no identity of <the other> for <the registry>",
    cause: "The secret wants a token of a cloud that this machine is not on.",
    remedy: "Use a secret with user name and password, or identity.oidc.",
  },
  "aws-no-credentials": {
    message: "no AWS identity was found",
    cause: "Neither the machine nor the variables and files of the AWS tools give keys.",
    remedy: "Attach an instance profile, sign in with the AWS CLI, or configure identity.oidc.",
  },
  "aws-sso-expired": {
    message: "the SSO login of the AWS profile <name> has ended",
    cause: "The profile's login at IAM Identity Center lasts some hours.",
    remedy: "Run aws sso login --profile NAME.",
  },
  "aws-denied": {
    message: "AWS refused <action> to this identity",
    cause:
      "The role has no permission for it: the platform's roles come without any ECR permission. Or the keys are wrong.",
    remedy: "Allow the action in the policy of the role, then make a new environment; see docs/ecr.md.",
  },
  "aws-role-denied": {
    message: "AWS does not let this identity assume <role>",
    cause: "The role's trust policy, or the platform's permission boundary, which refuses most roles.",
    remedy: "Use identity.oidc, or a repository policy that names the environment's own role.",
  },
  "aws-throttled": {
    message: "<the API> is rate-limiting",
    cause: "Too many requests came from this account.",
    remedy: "Try again in a minute.",
  },
  "aws-clock-skew": {
    message: "this machine's clock is <how far> off, AWS refuses its signature",
    cause: "AWS accepts signatures within five minutes of its own time.",
    remedy: "Set the clock (NTP) and try again.",
  },
  "aws-unreachable": {
    message: "<the API> at <address> cannot be reached (<reason>)",
    cause:
      "No connection to AWS: the network, a proxy, a missing VPC endpoint, or a certificate that is not trusted.",
    remedy: "Check the network, HTTPS_PROXY and NO_PROXY, the VPC endpoint, and AWS_CA_BUNDLE.",
  },
  "aws-bad-answer": {
    message: "<the API> did not answer as AWS does",
    cause: "Something else answers at AWS's address.",
    remedy: "Check the proxy and the AWS_ENDPOINT_URL variables.",
  },
  "google-no-credentials": {
    message: "no Google identity was found",
    cause: "No metadata server answers and no application default credentials are there.",
    remedy: "Attach a service account to the VM, or run gcloud auth application-default login.",
  },
  "google-denied": {
    message: "Google refused a token to this identity",
    cause:
      "The service account lacks a role, the VM lacks an access scope, or the credential file is no longer valid.",
    remedy: "Grant roles/artifactregistry.reader and the cloud-platform scope, or renew the credential file.",
  },
  "google-throttled": {
    message: "<the API> is rate-limiting",
    cause: "Too many requests came from this project.",
    remedy: "Try again in a minute.",
  },
  "google-unreachable": {
    message: "<the API> at <address> cannot be reached (<reason>)",
    cause: "No connection to Google: the network, a proxy, or a certificate that is not trusted.",
    remedy: "Check the network, HTTPS_PROXY and NO_PROXY, and SSL_CERT_FILE.",
  },
  "google-bad-answer": {
    message: "<the API> did not answer as Google does",
    cause: "Something else answers at Google's address.",
    remedy: "Check the proxy, GCE_METADATA_HOST and the credential file.",
  },
  "id-token-failed": {
    message: "no OIDC token for <audience> could be had",
    cause: "The platform, or idToken.command, gave no ID token; OIDC is a feature of the Enterprise plan.",
    remedy: "Check that OIDC is enabled for the organization, or correct idToken.command.",
  },
  "token-expired": {
    message: "the cloud gave a token that ends in <time>",
    cause: "The token is over before it could be used: mostly this machine's clock is ahead.",
    remedy: "Set the clock (NTP) and try again.",
  },
  deadline: {
    message: "it took longer than the deadline allows",
    cause:
      "The run has deadlineMs for everything, waiting for other processes included; or stdin was never closed.",
    remedy: "Try again, or raise deadlineMs.",
  },
  "store-failed": {
    message: "the login could not be saved or removed: <reason>",
    cause: "The state directory is not private to this user, cannot be written, or its disk is full.",
    remedy: "Free or repair it, or name another directory in DOCKER_CREDENTIAL_ONA_STATE_DIR.",
  },
  "docker-file-broken": {
    message: "<file> <is a directory | is read-only | is not valid JSON | ...>",
    cause:
      "Docker and Podman ignore or refuse a broken file, and then ask no helper; configure leaves it as it is.",
    remedy: "Correct the file's JSON, or its owner and mode, and run configure again.",
  },
  "output-foreign": {
    message: "<path> is there and was not written by export",
    cause: "The file at the place of an export is somebody else's; what is in it would be lost.",
    remedy: "Move the file away, merge the lines that the message shows, or name another --output.",
  },
  "output-failed": {
    message: "<path> <cannot be written | is not a regular file>",
    cause: "The place of an export cannot be written, or is no place for a file.",
    remedy: "Name another --output, or repair the directory or disk that the line names.",
  },
  internal: {
    message: "unexpected <error>",
    cause: "A mistake of this program.",
    remedy: "Set DOCKER_CREDENTIAL_ONA_TRACE=1, run it again and report it.",
  },
};
