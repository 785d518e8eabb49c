/** What copying a tree is made of: its directories on the way down, and small looks at what is there. */
import { type Bytes, PARENT } from "../base/bytes.js";
import { failedWith, SyscallError } from "../base/errors.js";
import type { StopFlag } from "../base/stop.js";
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
} from "../sys/files.js";
import { type InodeId, isRegular, type Stat, statx } from "../sys/inode.js";
import { getXattr, listXattrs, setXattr } from "../sys/xattr.js";
import { removeTree, removeTreeInSlices, reopened } from "./tree.js";
import { temporaryName } from "./whole.js";

const USER_NAMESPACE = "user.";
export const LISTING_BUFFER = 8192;

export interface CopyOptions {
  /** Instead of the source's own. */
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** Whether what is missing is added to directories that are there and hold something. */
  readonly merge: boolean;
  /** Makes one inode, with whatever has to be set around that (a label). */
  readonly making: (path: () => Bytes, type: number, make: () => void) => void;
  /** What could not be copied below the top; the rest is. */
  readonly failed: (error: SyscallError) => void;
  readonly stop?: StopFlag | undefined;
}

/** What a copy gets from its source. */
export type Appearance = Pick<Stat, "mode" | "uid" | "gid" | "atime" | "mtime">;

/** A directory that is being copied, or copied to. */
export interface Side<Known = InodeId> {
  fd: Fd;
  readonly stat: Known;
}

/** One on the way down. There may be 30,000 of them, so it remembers no more than it needs. */
export interface Level {
  readonly name: Bytes;
  /** The name that it has at present: a temporary one if it is new, and lies in a directory that was there before. */
  actual: Bytes;
  readonly from: Side<InodeId & Appearance>;
  /** Under a temporary name it is locked, which shows that a run is at work. */
  readonly to: Side;
  readonly isNew: boolean;
  /** Whether it is marked as unfinished. */
  readonly isMarked: boolean;
  /** What is still to be copied, the next one last. */
  readonly names: Bytes[];
}

export function isUnderTemporaryName({ actual, name }: Level): boolean {
  return actual !== name;
}

/** Finds a directory that was closed on the way down again. */
export function reopenAbove(above: Side, side: Side): void {
  if (above.fd.isClosed) above.fd = reopened(side.fd, PARENT, above, O_PATH);
}

export function openCopy(dir: Fd, name: Bytes): Fd {
  return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOCTTY | O_NOFOLLOW);
}

/** How often a temporary name is tried that another run makes or removes at the same time. */
const ATTEMPTS = 20;

/**
 * Makes a directory under a temporary name, and locks it: another run removes what it can lock. undefined if that does not
 * succeed; the directory is then made under its own name.
 */
export function makeUnfinished(
  dir: Fd,
  name: Bytes,
  make: (actual: Bytes) => void,
): { readonly actual: Bytes; readonly to: Fd } | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const actual = temporaryName(dir, name);
    if (actual === undefined) return undefined;
    try {
      make(actual);
      const opened = openCopy(dir, actual);
      // Messages have the name that it will have.
      if (flock(opened, LOCK_EX | LOCK_NB) && statx(opened).nlink > 0)
        return { actual, to: new Fd(opened.number, name, dir) };
      opened.close();
    } catch (error) {
      // The other run was faster.
      if (!failedWith(error, "EEXIST", "ENOENT")) throw error;
    }
  }
  return undefined;
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

/** In a directory that was empty before something was copied into it, until all of that is there. */
const UNFINISHED = ".mayfly-unfinished" as Bytes;

/** The names in a directory that is to be copied, the first one last. */
export function namesToCopy(from: Fd, room: Buffer): Bytes[] {
  const names = [...entries(from, room)].map(({ name }) => name);
  return names
    .filter((name) => name !== UNFINISHED)
    .sort()
    .reverse();
}

/** What a directory, or a symlink to one, holds; undefined where nothing is there. Throws ENOTDIR for anything else. */
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

/** What a directory that was opened for listing holds. */
function contentOfListing(fd: Fd, mayBeMarked: boolean): Content {
  if (entries(fd, LISTING_BUFFER).next().done === true) return "nothing";
  if (!mayBeMarked || !isThere(fd, UNFINISHED)) return "filled";
  const mark = statx(fd, UNFINISHED);
  return isRegular(mark) && mark.uid === process.geteuid?.() ? "unfinished" : "filled";
}

/** Whether a directory that is there may be copied into: it is empty, or a run that did so was killed. */
export function acceptsCopy(directory: Fd): boolean {
  try {
    using listing = leavingAtime((quiet) => reopen(directory, O_RDONLY | O_DIRECTORY | quiet));
    return contentOfListing(listing, true) !== "filled";
  } catch (error) {
    // Who may not look into it cannot copy into it.
    if (failedWith(error, "EACCES")) return false;
    throw error;
  }
}

/** Marks an empty directory that is about to be filled. False if that fails: what is copied will meet the reason. */
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

/** Of the others, labels and capabilities are for the policy and for lines of their own. Best effort, as in cp(1). */
export function copyXattrs(from: Fd, to: Fd): void {
  for (const name of listXattrs(from).filter((one) => one.startsWith(USER_NAMESPACE))) {
    const value = getXattr(from, name);
    try {
      if (value !== undefined) setXattr(to, name, value);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
    }
  }
}

/** Gives a finished tree its name; it goes if something has that name by now. */
export function giveName(dir: Fd, temporary: Bytes, name: Bytes): void {
  try {
    renameat2(dir, temporary, dir, name, RENAME_NOREPLACE);
  } catch (error) {
    // Without the flag only an empty directory could be replaced.
    if (failedWith(error, "EINVAL", "ENOSYS")) renameat2(dir, temporary, dir, name);
    else {
      removeTree(dir, temporary);
      throw error;
    }
  }
}

/** Removes a tree, or as much of it as that time allows. */
export function removeFor(milliseconds: number, dir: Fd, name: Bytes): void {
  const until = performance.now() + milliseconds;
  const slices = removeTreeInSlices(dir, name);
  while (slices.next().done !== true && performance.now() < until);
  slices.return({ removed: 0, left: [] });
}
