/** What copying a tree is made of: its directories on the way down, and small looks at what is there. */
import type { Bytes } from "../base/bytes.js";
import { failedWith, SyscallError } from "../base/errors.js";
import type { StopFlag } from "../base/stop.js";
import { entries, openDirectory } from "../sys/directory.js";
import {
  type Fd,
  flock,
  LOCK_EX,
  LOCK_NB,
  O_DIRECTORY,
  O_NOCTTY,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  openat,
  openat2,
  RENAME_NOREPLACE,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  renameat2,
  reopen,
} from "../sys/files.js";
import { type Stat, statx } from "../sys/inode.js";
import { getXattr, listXattrs, setXattr } from "../sys/xattr.js";
import { removeTree, removeTreeInSlices } from "./tree.js";

const SELF = "." as Bytes;
const USER_NAMESPACE = "user.";

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

/** A directory that is being copied, or copied to. */
export interface Side {
  fd: Fd;
  readonly stat: Stat;
}

export interface Level {
  readonly name: Bytes;
  readonly from: Side;
  readonly to: Side;
  readonly isNew: boolean;
  /** Of a new directory in one that was there: its name until it is complete, and the lock that says that it is being made. */
  readonly temporary: { readonly name: Bytes; readonly lock: Fd } | undefined;
  /** The name that it has at present. */
  actual: Bytes;
  readonly names: Iterator<Bytes>;
}

export function openCopy(dir: Fd, name: Bytes): Fd {
  return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOCTTY | O_NOFOLLOW);
}

export function hardLinkKey(stat: Stat): string {
  return `${stat.deviceMajor}:${stat.deviceMinor}:${stat.inode}`;
}

/** Where something was copied to, below the top of the copy. */
export interface Place {
  readonly levels: readonly Level[];
  readonly name: Bytes;
}

export function lockOn(directory: Fd): Fd {
  const lock = reopen(directory, O_RDONLY | O_DIRECTORY);
  flock(lock, LOCK_EX | LOCK_NB);
  return lock;
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

/** The directory of a place, below `top` and through no symlink. */
export function openCopied(top: Fd, { levels }: Place): Fd {
  const above = levels.map(({ actual }) => actual).join("/") as Bytes;
  return openat2(
    top,
    above === "" ? SELF : above,
    O_PATH | O_DIRECTORY,
    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
  );
}

/** What a directory, or a symlink to one, holds; undefined where nothing is there. Throws ENOTDIR for anything else. */
export function contentOf(dir: Fd, name: Bytes): "nothing" | "filled" | undefined {
  try {
    using fd = openDirectory(dir, name);
    return entries(fd).next().done === true ? "nothing" : "filled";
  } catch (error) {
    if (failedWith(error, "ENOENT")) return undefined;
    throw error;
  }
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
