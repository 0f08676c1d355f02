// The names of the files of local logins. Every login is a file of its own, whose name says when it was made and whether
// it was compared with the platform, so that each act on it is one step of the file system: to confirm it is to rename
// just that file, to drop it is to remove just that one. Neither can bring back what was erased, nor hit a newer one.

/** From `<40 hex of the key>-<15 digits>-<8 characters>-<c or u>.json`. */
export interface LoginFile {
  readonly name: string;
  /** The key's part. */
  readonly of: string;
  /** Time and chance; of two, the greater text is the newer login. */
  readonly version: string;
  readonly confirmed: boolean;
}

const KEY_LENGTH = 40;
const VERSION_LENGTH = 24;
const NAME_LENGTH = KEY_LENGTH + VERSION_LENGTH + 8;

export function loginFileName(of: string, version: string, confirmed: boolean): string {
  return `${of}-${version}-${confirmed ? "c" : "u"}.json`;
}

/** The version of a login made now that is to win over `newest`, also when the clock has gone back since. */
export function nextVersion(nowMs: number, newest: string | undefined, chance: string): string {
  const floorMs = newest === undefined ? 0 : Number(newest.slice(0, 15)) + 1;
  return `${String(Math.max(Math.floor(nowMs), floorMs)).padStart(15, "0")}-${chance}`;
}

/** What of `names` is a login of `of` (of any key when undefined), the newest last. */
export function loginFiles(names: readonly string[], of?: string): readonly LoginFile[] {
  const files: LoginFile[] = [];
  for (const name of names) {
    if (of !== undefined && !name.startsWith(of)) continue;
    const file = parseName(name);
    if (file !== undefined) files.push(file);
  }
  return files.length < 2 ? files : files.sort((a, b) => (a.version < b.version ? -1 : 1));
}

/** No patterns: a warm answer comes by. What is not exactly of the form is not ours. */
function parseName(name: string): LoginFile | undefined {
  if (name.length !== NAME_LENGTH) return undefined;
  const of = name.slice(0, KEY_LENGTH);
  const version = name.slice(KEY_LENGTH + 1, KEY_LENGTH + 1 + VERSION_LENGTH);
  const confirmed = name.charCodeAt(NAME_LENGTH - 6) === 0x63;
  const isExact = name === loginFileName(of, version, confirmed);
  return isExact && Number(version.slice(0, 15)) >= 0 ? { name, of, version, confirmed } : undefined;
}
