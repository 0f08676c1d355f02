// Gives registries to us in one Docker or auth file, or takes them back: reads, judges, remembers what is ours, keeps a
// copy of what was there, and writes; again where somebody else wrote meanwhile. No login that leaves the file stays in
// the copy.

import {
  type Change,
  changeDockerFile,
  NOTHING_OWNED,
  type Owned,
  type RegistryChange,
  type Wish,
} from "../core/docker-config.ts";
import { readDockerFile, writtenLogins } from "../core/docker-file.ts";
import { Failure, InvalidInput, toFailure } from "../core/failures.ts";
import type { StoredLogin } from "../core/stored-login.ts";
import type { Clock, Deadline } from "../edge/clock.ts";
import { sideBySide } from "../edge/side-by-side.ts";
import { exists } from "../store/atomic-file.ts";
import { withLease } from "../store/lease.ts";
import type { OwnedFile, Ownership } from "../store/ownership.ts";
import { sweepBeside } from "../store/sweep.ts";
import { adopted } from "./adopt.ts";
import { backupOf, makeBackup, removeBackup, scrubBackup } from "./backup.ts";
import { type ConfigFile, checkWritable, readConfigFile, replaceConfigFile } from "./replace-file.ts";

export interface FileWish extends Omit<Wish, "owned" | "isPlatforms"> {
  /** Is this login the platform's own? Asked only for registries that are to be ours. */
  readonly isPlatforms: (login: StoredLogin) => Promise<boolean>;
}

export interface FileTools {
  readonly ownership: Ownership;
  readonly uid: number;
  readonly clock: Clock;
  readonly deadline: Deadline;
  /** Say what would change, and change nothing. */
  readonly dryRun: boolean;
  /** Every name that means us, for what nobody remembers. */
  readonly helperNames: readonly string[];
  /** The file is let go: nobody will need a copy of it. */
  readonly isRelease?: boolean;
}

export interface FileOutcome {
  readonly path: string;
  readonly target: string;
  readonly changed: boolean;
  readonly created: boolean;
  /** The copy of what was there before, if there is one of ours. */
  readonly backup: string | undefined;
  readonly registries: readonly RegistryChange[];
  /** Why the record of what is ours could not be saved. */
  readonly notRemembered: Failure | undefined;
}

/** Writers that come between so often are no accident. */
const MAX_TRIES = 50;
/** Logins that are compared at once. */
const AT_ONCE = 4;
const PAUSE_MS = 20;

/** Throws a Failure when the file cannot be read or written; it is then as it was. */
export async function changeConfigFile(path: string, wish: FileWish, tools: FileTools): Promise<FileOutcome> {
  const { clock, deadline, ownership } = tools;
  const plan = await planFor(path, path, wish, tools);
  if (!tools.dryRun) sweepTemporaries(plan.file, tools);
  if (!plan.isNew || tools.dryRun) return outcomeOf(plan, plan.owned?.backup ?? false, undefined);
  const lease = { path: ownership.leasePath(), clock, deadline, poll: () => undefined };
  return withLease(lease, () => writeInTurn(path, path, wish, tools));
}

/** Takes out everything of ours that `owned` names, and the copy. Throws a Failure as above. */
export async function releaseConfigFile(owned: OwnedFile, tools: FileTools): Promise<FileOutcome> {
  const { clock, deadline, ownership } = tools;
  const wish: FileWish = {
    registries: [],
    isGone: () => true,
    isPlatforms: async () => false,
    helper: "",
    helperNames: [],
  };
  const { target, path } = owned;
  const releasing = { ...tools, isRelease: true };
  if (tools.dryRun) return outcomeOf(await planFor(target, path, wish, releasing), owned.backup, undefined);
  const lease = { path: ownership.leasePath(), clock, deadline, poll: () => undefined };
  return withLease(lease, async () => {
    const outcome = await writeInTurn(target, path, wish, releasing);
    sweepTemporaries(readConfigFile(target), tools);
    if (outcome.backup !== undefined) removeBackup(path);
    ownership.remove(target);
    return outcome;
  });
}

/** What a run that was killed left beside the file and beside its copy, logins included. */
function sweepTemporaries({ target, stat }: ConfigFile, { uid, clock }: FileTools): void {
  for (const owner of new Set([uid, stat?.uid ?? uid])) {
    for (const file of [target, backupOf(target)]) {
      sweepBeside(file, ".", { uid: owner, mode: stat?.mode ?? 0o600, nowMs: clock.nowMs() });
    }
  }
}

interface Plan {
  readonly file: ConfigFile;
  /** Where people know the file; a release reads it where it lies. */
  readonly path: string;
  readonly owned: OwnedFile | undefined;
  readonly change: Change;
  readonly isNew: boolean;
  readonly isPlatforms: (login: StoredLogin) => boolean;
}

async function planFor(from: string, path: string, wish: FileWish, tools: FileTools): Promise<Plan> {
  const file = readConfigFile(from);
  const recorded = tools.ownership.find(file.target);
  const owned =
    recorded ?? adopted(file, path, tools, tools.isRelease === true ? undefined : wish.registries);
  const before: Owned = owned ?? NOTHING_OWNED;
  const isPlatforms = await judged(file, wish);
  const change = inFile(path, () => changeDockerFile(file.text, { ...wish, owned: before, isPlatforms }));
  const isNew = change.text !== file.text || !isSame(recorded ?? NOTHING_OWNED, change.owned);
  return { file, path, owned, change, isNew, isPlatforms };
}

/** Which logins of the file are the platform's: asked before anything is decided, since asking takes time. */
async function judged(file: ConfigFile, wish: FileWish): Promise<(login: StoredLogin) => boolean> {
  const wanted = new Set(wish.registries.map(({ key }) => key));
  const { root } = inFile(file.path, () => readDockerFile(file.text));
  const logins = writtenLogins(root).filter(({ ref }) => wanted.has(ref.key));
  const verdicts = await sideBySide(logins, AT_ONCE, (login) => wish.isPlatforms(login));
  const own = logins.filter((_, index) => verdicts[index]);
  return ({ ref, credential }) =>
    own.some((login) => login.ref.key === ref.key && isSameLogin(login, { credential }));
}

function isSameLogin(a: Pick<StoredLogin, "credential">, b: Pick<StoredLogin, "credential">): boolean {
  if (a.credential === undefined || b.credential === undefined) return false;
  return (
    a.credential.username === b.credential.username &&
    a.credential.secret.expose() === b.credential.secret.expose()
  );
}

async function writeInTurn(
  from: string,
  path: string,
  wish: FileWish,
  tools: FileTools,
): Promise<FileOutcome> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const plan = await planFor(from, path, wish, tools);
    const written = plan.isNew ? write(plan, tools) : outcomeOf(plan, plan.owned?.backup ?? false, undefined);
    if (written !== undefined) return written;
    await tools.clock.sleep(PAUSE_MS * Math.random());
  }
  throw new Failure("docker-file-broken", `${path} is written again and again by another program`, {
    hint: "try again",
  });
}

/** Undefined: the file is not what was planned for any more. Throws a Failure; then everything is as it was. */
function write(plan: Plan, tools: FileTools): FileOutcome | undefined {
  const { file, path, owned, change } = plan;
  const { ownership, uid, isRelease = false } = tools;
  const isChanged = change.text !== file.text;
  if (isChanged) checkWritable(file, uid);
  const hadBackup = owned?.backup ?? false;
  const mayCopy = isChanged && !isRelease && file.stat !== undefined;
  const makesBackup = mayCopy && !hadBackup && !exists(backupOf(path));
  const backup = hadBackup || makesBackup;
  // Before the file: whoever is ended in between owns what is not there, which harms nobody.
  const both = { keys: { ...owned?.keys, ...change.owned.keys }, madeHelpers: owned?.madeHelpers ?? false };
  let notRemembered = remember(plan, both, backup, tools);
  try {
    const gone = change.registries.flatMap(({ removedLogins }) => removedLogins);
    if (makesBackup) makeBackup(file, path, gone, uid);
    else if (hadBackup && gone.length > 0) scrubBackup(path, plan.isPlatforms, uid);
    if (isChanged && !replaceConfigFile(file, change.text, uid)) return undefined;
  } catch (error) {
    if (makesBackup) discardBackup(path);
    if (owned === undefined) ownership.remove(file.target);
    else remember(plan, owned, hadBackup, tools);
    throw error;
  }
  notRemembered = remember(plan, change.owned, backup, tools) ?? notRemembered;
  return outcomeOf(plan, backup, notRemembered);
}

/** Nothing else is said in the place of what went wrong first. */
function discardBackup(path: string): void {
  try {
    removeBackup(path);
  } catch {
    // It stays, and holds what the file holds.
  }
}

function remember(
  { path, file: { target } }: Plan,
  what: Owned,
  backup: boolean,
  { ownership, clock }: FileTools,
): Failure | undefined {
  try {
    if (Object.keys(what.keys).length === 0 && !backup) ownership.remove(target);
    else ownership.save(target, { ...what, path, target, backup }, clock.nowMs());
    return undefined;
  } catch (error) {
    return toFailure(error);
  }
}

function outcomeOf(
  { file, path, change }: Plan,
  hasBackup: boolean,
  notRemembered: Failure | undefined,
): FileOutcome {
  const changed = change.text !== file.text;
  return {
    path,
    target: file.target,
    changed,
    created: changed && file.stat === undefined,
    backup: hasBackup ? backupOf(path) : undefined,
    registries: change.registries,
    notRemembered,
  };
}

/** What is wrong inside of a text is said with the file's name. */
function inFile<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    throw new Failure("docker-file-broken", `${path}: ${error.message}`, {
      hint: "correct it; it was not changed",
    });
  }
}

function isSame(a: Owned, b: Owned): boolean {
  const text = (owned: Owned): string =>
    JSON.stringify([Object.entries(owned.keys).toSorted(), owned.madeHelpers]);
  return text(a) === text(b);
}
