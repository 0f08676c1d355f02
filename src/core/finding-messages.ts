// Every code that only `doctor` gives, in one table beside failure-messages.ts: what was seen, what is behind it, what mends it.

import type { Message } from "./failure-messages.ts";
import type { FindingCode } from "./findings.ts";

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
    cause:
      "No connection over TLS is made while it is named: what is set and of no use never counts as unset.",
    remedy: "Correct the path, or the file (PEM with BEGIN CERTIFICATE), or unset the variable.",
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
