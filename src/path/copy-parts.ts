/** Parts of copying a tree: the stack of directories, and checks of existing entries. */
import { type Bytes, PARENT } from "../base/bytes.js";
import { failedWith, SyscallError } from "../base/errors.js";
import type { StopFlag } from "../base/stop.js";
import type { Nanoseconds } from "../base/time.js";
import { entries, leavingAtime, openDirectory } from "../sys/directory.js";
import {
  Fd,
  flock,
  LOCK_EX,
  LOCK_NB,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOCTTY,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_WRONLY,
  openat,
  RENAME_NOREPLACE,
  renameat2,
  reopen,
  tryUnlinkat,
  unlinkat,
} from "../sys/files.js";
import {
  chmod,
  chown,
  type InodeId,
  isRegular,
  isSymlink,
  PERMISSIONS,
  type Stat,
  setTimesOfHeld,
  statx,
} from "../sys/inode.js";
import { getXattr, listXattrs, setXattr } from "../sys/xattr.js";
import { removeTree, removeTreeInSlices, reopened } from "./tree.js";
import { requireNew } from "./whole.js";
import { closeWorkplace, openWorkplace, type Workplace } from "./workplace.js";

const USER_NAMESPACE = "user.";
export const LISTING_BUFFER = 8192;

export interface CopyOptions {
  /** The owner to set instead of the source's. */
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** Whether to add missing entries to existing directories that are not empty. */
  readonly merge: boolean;
  /** Creates one inode with the label that it needs. */
  readonly making: (path: () => Bytes, type: number, make: () => void) => void;
  /** Receives failures below the top. The rest is copied. */
  readonly failed: (error: SyscallError) => void;
  readonly stop?: StopFlag | undefined;
}

/** The attributes that a copy gets from its source. */
export type Appearance = Pick<Stat, "mode" | "uid" | "gid" | "atime" | "mtime">;

/** A directory that is being copied, or copied to. */
export interface Side<Known = InodeId> {
  fd: Fd;
  readonly stat: Known;
}

/** A directory on the path from the top. There may be 30,000 of them, so it stores no more than it needs. */
export interface CopyFrame {
  readonly name: Bytes;
  /** Where it is until it is complete, if it is new inside a directory that already existed. */
  workplace: Workplace | undefined;
  readonly from: Side<InodeId & Appearance>;
  /** Locks a directory with a temporary name, which shows that a run is using it. */
  readonly to: Side;
  readonly isNew: boolean;
  /** Whether it is marked as unfinished. */
  readonly isMarked: boolean;
  /** The names still to copy, the next one last. */
  readonly names: Bytes[];
}

/** Its path from the directory above it. */
export function pathFromAbove({ name, workplace }: CopyFrame): Bytes {
  return workplace?.path ?? name;
}

/** Reopens a directory that was closed on the way down. */
export function reopenAbove(above: Side, side: Side): void {
  if (above.fd.isClosed) above.fd = reopened(side.fd, PARENT, above, O_PATH);
}

export function openCopy(dir: Fd, name: Bytes): Fd {
  return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOCTTY | O_NOFOLLOW);
}

/** How often a temporary name is tried that another run makes or removes at the same time. */
const ATTEMPTS = 20;

/**
 * Makes a directory in a workplace, and locks it: another run removes what it can lock. undefined if that does not succeed;
 * the directory is then made under its own name.
 */
export function makeUnfinished(
  dir: Fd,
  name: Bytes,
  make: (dir: Fd, name: Bytes) => void,
): { readonly workplace: Workplace; readonly to: Fd } | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const workplace = openWorkplace(dir, name);
    if (workplace === undefined) return undefined;
    const to = makeLocked(workplace.room ?? dir, workplace.name, make);
    // Messages have the name that it will have.
    if (to !== undefined) return { workplace, to: new Fd(to.number, name, dir) };
    closeWorkplace(workplace, dir);
  }
  return undefined;
}

/** Undefined if another run was faster. */
function makeLocked(dir: Fd, name: Bytes, make: (dir: Fd, name: Bytes) => void): Fd | undefined {
  try {
    make(dir, name);
    const opened = openCopy(dir, name);
    if (flock(opened, LOCK_EX | LOCK_NB) && statx(opened).nlink > 0) return opened;
    opened.close();
    return undefined;
  } catch (error) {
    if (failedWith(error, "EEXIST", "ENOENT")) return undefined;
    throw error;
  }
}

export function isThere(dir: Fd, name: Bytes): boolean {
  try {
    statx(dir, name);
    return true;
  } catch (error) {
    if (failedWith(error, "ENOENT")) return false;
    throw error;
  }
}

/** Marks a directory that was empty, until everything has been copied into it. */
const UNFINISHED = ".mayfly-unfinished" as Bytes;

/** The names in a directory to copy, the first one last. */
export function namesToCopy(from: Fd, room: Buffer): Bytes[] {
  const names = [...entries(from, room)].map(({ name }) => name);
  return names
    .filter((name) => name !== UNFINISHED)
    .sort()
    .reverse();
}

/** Whether a directory, or a symlink to one, holds anything; undefined if nothing is there. @throws ENOTDIR for any other type. */
export function contentOf(dir: Fd, name: Bytes, mayBeMarked: boolean): Content | undefined {
  try {
    using fd = openDirectory(dir, name);
    return contentOfListing(fd, mayBeMarked);
  } catch (error) {
    if (failedWith(error, "ENOENT")) return undefined;
    throw error;
  }
}

export type Content = "nothing" | "unfinished" | "filled";

/** Whether an open directory holds anything. */
function contentOfListing(fd: Fd, mayBeMarked: boolean): Content {
  if (entries(fd, LISTING_BUFFER).next().done === true) return "nothing";
  if (!mayBeMarked || !isThere(fd, UNFINISHED)) return "filled";
  const mark = statx(fd, UNFINISHED);
  return isRegular(mark) && mark.uid === process.geteuid?.() ? "unfinished" : "filled";
}

/** Whether an existing directory may be copied into: it is empty, or a killed run had begun to fill it. */
export function acceptsCopy(directory: Fd): boolean {
  try {
    using listing = leavingAtime((quiet) => reopen(directory, O_RDONLY | O_DIRECTORY | quiet));
    return contentOfListing(listing, true) !== "filled";
  } catch (error) {
    // Without permission to list it, copying into it fails too.
    if (failedWith(error, "EACCES")) return false;
    throw error;
  }
}

/** Marks an empty directory before it is filled. False if that fails: copying will then fail for the same reason. */
export function markUnfinished(directory: Fd): boolean {
  try {
    openat(directory, UNFINISHED, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600).close();
    return true;
  } catch (error) {
    if (error instanceof SyscallError) return false;
    throw error;
  }
}

export function unmark(directory: Fd): void {
  tryUnlinkat(directory, UNFINISHED);
}

/**
 * Only `user.` attributes: labels come from the policy, and capabilities have lines of their own. Best effort, as in cp(1).
 */
function copyXattrs(from: Fd, to: Fd): void {
  for (const name of listXattrs(from).filter((one) => one.startsWith(USER_NAMESPACE))) {
    const value = getXattr(from, name);
    try {
      if (value !== undefined) setXattr(to, name, value);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
    }
  }
}

/** Gives a finished tree its name; removes the tree if the name is taken by now. */
function giveName(workplace: Workplace, dir: Fd, name: Bytes): void {
  const { room = dir, name: temporary } = workplace;
  try {
    renameat2(room, temporary, dir, name, RENAME_NOREPLACE);
  } catch (error) {
    // Without the flag, this could replace an empty directory.
    if (failedWith(error, "EINVAL", "ENOSYS")) renameat2(room, temporary, dir, name);
    else {
      removeTree(room, temporary);
      throw error;
    }
  } finally {
    closeWorkplace(workplace, dir);
  }
}

/** Removes a tree, or as much of it as the time limit allows. */
export function removeFor(milliseconds: number, dir: Fd, name: Bytes): void {
  const until = performance.now() + milliseconds;
  const slices = removeTreeInSlices(dir, name);
  while (slices.next().done !== true && performance.now() < until);
  slices.return({ removed: 0, left: [] });
}

export type CreateInode = (dir: Fd, name: Bytes) => Fd | undefined;

/** Opens what was just created, unless nobody could see it: another user may have put something else in its place. */
export function openMade(dir: Fd, name: Bytes, { mode }: Appearance, since: Nanoseconds | undefined): Fd {
  const fd = openat(dir, name, O_PATH | O_NOFOLLOW);
  if (since === undefined) return fd;
  try {
    requireNew(fd, since, mode);
    return fd;
  } catch (error) {
    throw closing(fd, error);
  }
}

/** Returns the error, for the caller to throw. */
export function closing(fd: Fd, error: unknown): unknown {
  fd.close();
  return error;
}

/** Gives a finished directory its name. */
export function push(level: CopyFrame, dir: Fd): void {
  const { workplace, name } = level;
  if (workplace === undefined) return;
  level.workplace = undefined;
  giveName(workplace, dir, name);
}

/** Removes the file again if writing its content fails. */
export function fillOrUnlink(dir: Fd, name: Bytes, fill: () => void): void {
  try {
    fill();
  } catch (error) {
    unlinkat(dir, name);
    throw error;
  }
}

/** Gives a copy the owner, mode, attributes and times that it has at the end. */
export function dress(
  fd: Fd,
  stat: Appearance,
  attributesFrom: Fd | undefined,
  { uid = stat.uid, gid = stat.gid }: CopyOptions,
): void {
  try {
    chown(fd, uid, gid);
  } finally {
    // If its owner cannot be changed, the copy still gets the mode and times of its source.
    if (!isSymlink(stat)) chmod(fd, stat.mode & PERMISSIONS);
    if (attributesFrom !== undefined) copyXattrs(attributesFrom, fd);
    setTimesOfHeld(fd, stat.atime, stat.mtime);
  }
}
