// The little that is needed of POSIX paths; loading node:path would cost more than all of it.

export function joinPath(directory: string, name: string, below?: string): string {
  return below === undefined ? `${directory}/${name}` : `${directory}/${name}/${below}`;
}

export function isAbsolutePath(path: string): boolean {
  return path.charCodeAt(0) === 0x2f;
}

/** The directory that holds `path`. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? "/" : path.slice(0, slash);
}

/** An absolute path without `.`, `..`, repeated slashes and a slash at the end, behind which a link would be followed. */
export function normalPath(path: string): string {
  // Most paths are; telling so takes a fifth of the time.
  if (!path.includes("//") && !path.includes("/.") && path.charCodeAt(path.length - 1) !== 0x2f) return path;
  const kept: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") kept.pop();
    else if (part !== "" && part !== ".") kept.push(part);
  }
  return `/${kept.join("/")}`;
}
