// What a person should know of the files after configure: who else answers for a registry, which logins no longer count,
// and which file Podman reads first.

import type { FileReport, Warning } from "../core/configure-report.ts";
import { readDockerFile } from "../core/docker-file.ts";
import { HUB_KEY } from "../core/registry.ts";
import type { Local } from "../local.ts";
import { type Place, placesBefore } from "./places.ts";
import { readConfigFile } from "./replace-file.ts";

interface Done {
  readonly managed: readonly string[];
  readonly files: readonly FileReport[];
}

export function fileWarnings(
  { managed, files }: Done,
  places: readonly Place[],
  { context, directories }: Pick<Local, "context" | "directories">,
  helperNames: readonly string[],
): readonly Warning[] {
  // Whoever names files knows which ones are read.
  const usesDocker = places.some(({ reader }) => reader === "docker");
  const before = usesDocker ? placesBefore(context.env, directories, context.uid) : [];
  const unwritten = before.filter((path) => !places.some((place) => place.path === path));
  return [
    ...files.flatMap(otherHelpers),
    ...files.flatMap(hiddenLogins),
    ...unwritten.flatMap((path) => readFirst(path, managed, helperNames)),
  ];
}

function otherHelpers({ path, registries }: FileReport): readonly Warning[] {
  return registries.flatMap(({ registry, otherHelpers: others }) => {
    const keys = Object.keys(others);
    if (keys.length === 0) return [];
    const helpers = [...new Set(Object.values(others))].filter((helper) => helper !== "").join(", ");
    return [
      {
        code: "other-helper",
        message:
          helpers === ""
            ? `${path} has an entry for ${registry} that names no helper, so Docker asks none; it was kept`
            : `${path} gives ${registry} to another helper, ${helpers}, which was kept`,
        remedy: `delete ${keys.join(" and ")} from its credHelpers, then run configure again`,
      },
    ];
  });
}

function hiddenLogins({ path, registries }: FileReport): readonly Warning[] {
  const hidden = registries.filter((row) => row.hiddenLogins.length > 0).map(({ registry }) => registry);
  if (hidden.length === 0) return [];
  const [first = ""] = hidden;
  // Docker knows Docker Hub by no name.
  const at = first === HUB_KEY ? "" : ` ${first}`;
  return [
    {
      code: "login-hidden",
      message: `${path} holds a login for ${hidden.join(", ")} that no longer counts, and is not known to be the platform's`,
      remedy: `run docker logout${at} to drop it, or docker login${at} to use it instead of the platform's`,
    },
  ];
}

/** A login in a file that Podman reads first is found before the entry in Docker's. */
function readFirst(
  path: string,
  managed: readonly string[],
  helperNames: readonly string[],
): readonly Warning[] {
  const there = registriesIn(path, helperNames).filter((registry) => managed.includes(registry));
  if (there.length === 0) return [];
  return [
    {
      code: "read-first",
      message: `Podman, Buildah and Skopeo read ${path} first, which has ${[...new Set(there)].join(", ")}`,
      remedy: undefined,
      command: `docker-credential-ona configure --authfile ${path}`,
    },
  ];
}

/** Registries that the file answers for without us; none where it cannot be read, which is somebody else's affair. */
function registriesIn(path: string, helperNames: readonly string[]): readonly string[] {
  try {
    const { helpers, logins } = readDockerFile(readConfigFile(path).text);
    const others = [...helpers].filter(([, helper]) => !helperNames.includes(helper)).map(([key]) => key);
    const ours = new Set([...helpers.keys()].filter((key) => !others.includes(key)));
    return [...others, ...logins.map(({ ref }) => ref.key)].filter((registry) => !ours.has(registry));
  } catch {
    return [];
  }
}
