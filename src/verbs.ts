// The one table of verbs: what each is called, takes and says of itself. Usage, help, completion and man page are made
// from it, and arguments are read by it. A verb's code is loaded only when the verb is run.

import type { RunVerb } from "./commands/invocation.ts";
import type { OptionSpec, VerbSpec } from "./core/verb-spec.ts";

export interface Verb extends VerbSpec {
  /** Absent for the protocol's verbs, which helper.ts runs. */
  readonly load?: () => Promise<{ readonly run: RunVerb }>;
}

const JSON_OPTION: OptionSpec = { name: "json", help: "print the same facts as JSON" };
const FILE_OPTIONS: readonly OptionSpec[] = [
  { name: "docker-config", value: "DIR", help: "the directory of Docker's config.json" },
  { name: "authfile", value: "FILE", help: "an auth file of Podman, Buildah or Skopeo" },
];
const REGISTRY_OPTION: OptionSpec = {
  name: "registry",
  value: "HOST",
  multiple: true,
  help: "only this registry; may be given more than once",
};
const DRY_RUN_OPTION: OptionSpec = { name: "dry-run", help: "say what would change, and change nothing" };
const WATCH_OPTION: OptionSpec = { name: "watch", help: "follow changes until SIGTERM" };

const protocol = (name: string, summary: string, details: string): Verb => ({
  name,
  summary,
  details,
  options: [],
});

export const VERBS: readonly Verb[] = [
  protocol(
    "get",
    "print the credential of the server on stdin as JSON",
    'Reads a server from stdin and prints {"ServerURL","Username","Secret"}. Docker calls it before a pull or a push.',
  ),
  protocol(
    "store",
    "keep a credential from stdin as a local login",
    'Reads {"ServerURL","Username","Secret"} from stdin. Docker calls it at the end of a login.',
  ),
  protocol(
    "erase",
    "forget the local login and the cached answer of the server on stdin",
    "Docker calls it for a logout. The platform's secret is never touched.",
  ),
  protocol(
    "list",
    "print the known registries and their user names as JSON",
    "Asks for no value and mints no token.",
  ),
  {
    name: "configure",
    summary: "let Docker and Podman ask this program for every managed registry",
    details:
      "Adds a credHelpers entry for each registry that the platform has a secret for or the configuration names, and takes out entries of ours that are gone. Everything else in the file stays as it is. It may run at every start: a second run changes nothing.",
    options: [
      ...FILE_OPTIONS,
      REGISTRY_OPTION,
      { name: "prefetch", help: "fetch every credential into the cache too" },
      WATCH_OPTION,
      DRY_RUN_OPTION,
      JSON_OPTION,
    ],
    load: () => import("./commands/configure.ts"),
  },
  {
    name: "unconfigure",
    summary: "take exactly our entries out again",
    details: "Removes the entries that configure added, and its backup of the file.",
    options: [...FILE_OPTIONS, DRY_RUN_OPTION, JSON_OPTION],
    load: () => import("./commands/unconfigure.ts"),
  },
  {
    name: "doctor",
    summary: "check the set-up and say what is wrong and how to mend it",
    details:
      "Asks everything anew and changes nothing. Given registries or images it checks only those, with a real login; given a code from the end of an error line it explains it.",
    options: [JSON_OPTION, { name: "strict", help: "exit with 1 when something was found" }],
    operands: { form: "[HOST|IMAGE|CODE]...", least: 0, most: Number.POSITIVE_INFINITY },
    load: () => import("./commands/doctor/run.ts"),
  },
  {
    name: "export",
    summary: "write credentials for runtimes that cannot call a helper",
    details:
      "Writes a tree of hosts.toml files for containerd, an auth file for Docker and Podman, or a Secret for Kubernetes. With --watch it keeps them true until SIGTERM.",
    options: [
      {
        name: "format",
        value: "FORMAT",
        choices: ["containerd", "docker-config", "kubernetes"],
        required: true,
        help: "containerd, docker-config or kubernetes",
      },
      { name: "output", value: "PATH", required: true, help: "a file or directory; - for stdout" },
      REGISTRY_OPTION,
      { name: "name", value: "NAME", help: "name of the Kubernetes Secret" },
      { name: "namespace", value: "NAMESPACE", help: "namespace of the Kubernetes Secret" },
      WATCH_OPTION,
    ],
    load: () => import("./commands/export.ts"),
  },
  {
    name: "exec",
    summary: "run a command with credentials that tools without helpers can read",
    details:
      "Runs COMMAND with a private, short-lived DOCKER_CONFIG and REGISTRY_AUTH_FILE and with DOCKER_AUTH_CONFIG set, and cleans up behind it. The exit code is the command's own.",
    options: [REGISTRY_OPTION],
    operands: { form: "-- COMMAND [ARGUMENT]...", least: 1, most: Number.POSITIVE_INFINITY },
    takesCommand: true,
    load: () => import("./commands/exec.ts"),
  },
  {
    name: "kubelet",
    summary: "answer as a kubelet credential provider",
    details: "Reads a CredentialProviderRequest of credentialprovider.kubelet.k8s.io/v1 from stdin.",
    options: [],
    load: () => import("./commands/kubelet.ts"),
  },
  protocol("version", "print the version", "With --json: the same as data."),
  protocol("help", "print this text, or help VERB", "help VERB explains one verb."),
];

export const findVerb = (name: string): Verb | undefined => VERBS.find((verb) => verb.name === name);
