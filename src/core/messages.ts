// Every code in one table: what its line says, what is behind it, what mends it. `doctor CODE` reads it, the table in
// docs/messages.md is made from it, and a code without its row does not compile. It is loaded only where it is shown.

import type { FailureCode } from "./failures.ts";
import type { FindingCode } from "./findings.ts";

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
    message: "the platform at <address> is rate-limiting",
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
  internal: {
    message: "unexpected <error>",
    cause: "A mistake of this program.",
    remedy: "Set DOCKER_CREDENTIAL_ONA_TRACE=1, run it again and report it.",
  },
};

/** The codes that only `doctor` gives. */
export const FINDING_MESSAGES: Readonly<Record<FindingCode, Message>> = {
  "helper-not-on-path": {
    message: "<program> is not on PATH",
    cause:
      "Docker starts a helper by its name, found on PATH; without it every pull from these registries fails.",
    remedy:
      "Install it into a directory of PATH, for example sudo ln -s PATH_OF_THE_PROGRAM /usr/local/bin/docker-credential-ona.",
  },
  "helper-other-on-path": {
    message: "another <program> comes first on PATH: <path>",
    cause: "Docker starts the first one, so what this one would answer does not count.",
    remedy: "Remove the other file, or put this one's directory first in PATH.",
  },
  "registry-not-configured": {
    message: "Docker is not told to ask this program for <registry>",
    cause: "Without an entry in credHelpers Docker and Podman never ask it, and pull without a credential.",
    remedy: "Run docker-credential-ona configure.",
  },
  "other-helper": {
    message: "<file> gives <registry> to another helper, <name>",
    cause: "Docker asks the helper that its file names, and no other.",
    remedy: "Set the entry in credHelpers to ona, if the platform's secret is meant to be used.",
  },
  "login-in-docker-file": {
    message: "<file> holds a login of its own for <registry>",
    cause:
      "A login in auths is used where no credHelpers entry stands in the same file; it does not follow the platform's secret.",
    remedy: "Run docker logout for the registry, then docker-credential-ona configure.",
  },
  "docker-file-broken": {
    message: "<file> cannot be used: <reason>",
    cause: "Docker and Podman ignore or refuse a broken file, and then ask no helper.",
    remedy: "Correct the file's JSON, or its owner and mode.",
  },
  "environment-mismatch": {
    message: "the token belongs to the environment <id>, but <where> says <other id>",
    cause: "The platform shows an environment its own secrets only.",
    remedy: "Correct or unset the environment id that the line names.",
  },
  "clock-off": {
    message: "this machine's clock is <how far> off the platform's",
    cause:
      "Lifetimes of tokens and cached answers are judged by this clock, and clouds refuse signatures that are minutes off.",
    remedy: "Set the clock (NTP).",
  },
  "cache-not-used": {
    message: "the cache directory <path> is not used: <reason>",
    cause:
      "A directory that others could read or change is not trusted; without a cache every pull asks the platform and the cloud.",
    remedy:
      "Remove the directory or give it to this user with mode 0700, or name another in DOCKER_CREDENTIAL_ONA_CACHE_DIR.",
  },
  "state-not-used": {
    message: "the state directory <path> cannot be used: <reason>",
    cause: "Local logins and the failure log live there; docker login to these registries fails.",
    remedy: "Give it to this user with mode 0700, or name another in DOCKER_CREDENTIAL_ONA_STATE_DIR.",
  },
  "disk-full": {
    message: "there is no space left for <path>",
    cause: "Answers and logins cannot be saved: pulls get slower, and docker login fails.",
    remedy: "Free space on that file system, or name a directory on another.",
  },
  "ca-file-unusable": {
    message: "<variable> names <path>, which <reason>",
    cause: "The certificates that it should add are not trusted, so connections that need them fail.",
    remedy: "Correct the path, or the file: PEM with BEGIN CERTIFICATE.",
  },
  "login-refused": {
    message: "<registry> refuses the login with <where the credential comes from>",
    cause: "User name or password is wrong, or has expired.",
    remedy:
      "Set the right user name and password in the secret, or log in again where the credential is a local login.",
  },
  "wrong-secret-wins": {
    message: "the secret <name> wins and is refused; the secret <other> would be accepted",
    cause: "Of several secrets for one registry one answers: by scope, then by kind, then by name.",
    remedy: "Delete or correct the secret that wins, or set precedence in the configuration.",
  },
  "secrets-compete": {
    message: "the secrets <names> are for one registry, <registry>; <name> wins",
    cause:
      "A helper is asked for a registry, never for a repository: one of them answers for all of it, and paths do not count.",
    remedy: "Keep one secret for each registry and scope.",
  },
  "local-login-wins": {
    message: "a local login hides what the platform gives for <registry>",
    cause: "What docker login stored wins until docker logout; it does not follow the platform's secret.",
    remedy: "Run docker logout for the registry.",
  },
  "registry-unreachable": {
    message: "<registry> cannot be reached (<reason>)",
    cause: "The name is not known, nobody answers there, or a proxy or firewall is in between.",
    remedy: "Check the spelling of the host, the network, HTTPS_PROXY and NO_PROXY.",
  },
  "registry-tls": {
    message: "the certificate of <registry> is not trusted (<reason>)",
    cause:
      "It was issued by an authority that this machine does not know, for another name, or is out of date.",
    remedy:
      "Name the authority's certificate file in SSL_CERT_FILE; for Docker also put it into /etc/docker/certs.d/REGISTRY/ca.crt.",
  },
  "registry-bad-answer": {
    message: "<registry> did not answer as a registry does (<what came>)",
    cause: "Something else answers there, or the registry is out of order.",
    remedy: "Check the host and the proxy; try again later.",
  },
  "realm-refused": {
    message: "<registry> sends its login to <realm>, where this credential does not go",
    cause: "A credential goes to https only, and a cloud's token to its own registry only.",
    remedy: "Check that the registry is the right one; its administrator sets the realm.",
  },
  "image-denied": {
    message: "<registry> does not let this credential read <image>",
    cause: "The login works, but the user, role or service account may not pull from this repository.",
    remedy: "Grant pull on the repository.",
  },
  "image-missing": {
    message: "<registry> has no <image>",
    cause: "Repository or tag does not exist; some registries say so too where reading is not allowed.",
    remedy: "Check the spelling of repository and tag, and the permission to read it.",
  },
  "near-miss": {
    message: "there is no secret for <registry>, but one for <other>",
    cause: "A credential goes only to the registry whose name is equal; these differ by a little.",
    remedy:
      "Make the secret for the host as the image names it, or use the secret's spelling in the image name.",
  },
  "no-credential": {
    message: "nothing has a credential for <registry>",
    cause:
      "There is no secret, no local login and no entry in the configuration for it; pulls go on without a credential.",
    remedy: "Create a container registry secret for this host on the platform, or run docker login.",
  },
  "not-a-registry": {
    message: "<text> is no registry that a helper is asked for",
    cause: "A helper answers for host[:port] and https://, never for http:// or user names in an address.",
    remedy: "Use the host as it stands in the image name.",
  },
  "secret-skipped": {
    message: "the secret <name> is not used: its host, <host>, is no registry",
    cause: "The host field holds something that is no host name with an optional port.",
    remedy: "Create the secret again with the registry's host, such as ghcr.io.",
  },
  "secret-host-spelling": {
    message: "the host of the secret <name> is written <as it is>; it counts as <registry>",
    cause: "Scheme and path of a secret's host do not count: the secret answers for the whole registry.",
    remedy: "Create the secret again with the bare host.",
  },
  "secret-propagating": {
    message: "a new value of the secret <name> is on its way",
    cause: "The environment has not taken over the latest value yet; that takes up to two minutes.",
    remedy: "Wait two minutes and try again.",
  },
  "secret-failed": {
    message: "the environment could not take over the secret <name>: <what the platform says>",
    cause: "The platform reports a failure of this secret.",
    remedy: "Set the secret's value again, or make a new environment.",
  },
  "google-scope-missing": {
    message: "the VM's access scopes do not include cloud-platform",
    cause:
      "A token of this VM is limited to its access scopes, whatever the roles of its service account allow.",
    remedy:
      "Stop the VM and give it the scope: gcloud compute instances set-service-account VM --scopes cloud-platform.",
  },
  "check-unfinished": {
    message: "<what was checked> took too long",
    cause: "All checks together end within 15 seconds.",
    remedy: "Run it again for one registry; check the network.",
  },
};
