/** Creates inodes that appear complete or not at all: unnamed or under a temporary name until they are finished. */
import { type Bytes, SELF } from "../base/bytes.js";
import { failedWith, SyscallError, UnsafePathError } from "../base/errors.js";
import { type Nanoseconds, SECOND } from "../base/time.js";
import { openDirectory } from "../sys/directory.js";
import {
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  Fd,
  flock,
  LOCK_EX,
  LOCK_NB,
  linkat,
  O_NOFOLLOW,
  O_PATH,
  O_TMPFILE,
  O_WRONLY,
  openat,
  procPath,
  RENAME_NOREPLACE,
  renameat2,
  tryUnlinkat,
} from "../sys/files.js";
import { isDirectory, S_ISVTX, type Stat, sameInode, statx } from "../sys/inode.js";
import { memfdCreate } from "../sys/memfd.js";
import { randomHex } from "../sys/random.js";
import { removeTree } from "./tree.js";

const STATX_ATTR_APPEND = 0x20;
const WRITABLE_BY_OTHERS = 0o022;

/** How an inode is created and completed. */
export interface WholeMaking {
  /** Completes it before anybody can see it. If this fails, nothing appears. */
  readonly fill?: ((fd: Fd) => void) | undefined;
  /** Sets owner and mode. If this fails, it appears anyway. */
  readonly adjust: (fd: Fd) => void;
}

export interface Whole {
  readonly fd: Fd;
  /** The error that `adjust` threw. */
  readonly failure: unknown;
}

/**
 * Creates a file that has no name until it is complete. Undefined if that is not possible here: the caller then creates it
 * in another way, which also reports the reason.
 *
 * @throws SyscallError EEXIST if the name exists by then.
 */
export function makeUnnamed(dir: Fd, name: Bytes, mode: number, making: WholeMaking): Whole | undefined {
  const fd = attempted(() => openat(dir, SELF, O_TMPFILE | O_WRONLY, mode));
  if (fd === undefined) return undefined;
  return finishing(fd, making, () => linkat(Fd.cwd, procPath(fd), dir, name, AT_SYMLINK_FOLLOW));
}

/** The same for any other inode, under a temporary name. `make` creates it. */
export function makeUnderTemporaryName(
  dir: Fd,
  name: Bytes,
  make: (dir: Fd, name: Bytes) => Fd | undefined,
  making: WholeMaking,
): Whole | undefined {
  const temporary = temporaryName(dir, name);
  if (temporary === undefined) return undefined;
  const fd = attempted(() => make(dir, temporary) ?? openat(dir, temporary, O_PATH | O_NOFOLLOW));
  if (fd === undefined) return undefined;
  try {
    const whole = finishing(fd, making, () => renameat2(dir, temporary, dir, name, RENAME_NOREPLACE));
    if (whole === undefined) discard(dir, temporary);
    return whole;
  } catch (error) {
    discard(dir, temporary);
    throw error;
  }
}

/** Completes the inode at `fd` and gives it its name with `publish`. */
function finishing(fd: Fd, { fill, adjust }: WholeMaking, push: () => void): Whole | undefined {
  let failure: unknown;
  try {
    fill?.(fd);
    failure = failureOf(() => adjust(fd));
    push();
    return { fd, failure };
  } catch (error) {
    fd.close();
    const isRefused = error instanceof SyscallError && ["linkat", "renameat2"].includes(error.syscall);
    if (isRefused && error.code !== "EEXIST") return undefined;
    throw error;
  }
}

function failureOf(act: () => void): unknown {
  try {
    act();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Undefined if a call fails: creating it in the plain way will fail for the same reason. */
function attempted(act: () => Fd): Fd | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof SyscallError) return undefined;
    throw error;
  }
}

function discard(dir: Fd, temporary: Bytes): void {
  if (tryUnlinkat(dir, temporary) !== undefined) tryUnlinkat(dir, temporary, AT_REMOVEDIR);
}

/**
 * A temporary name in `dir` for the future `name`; undefined if nothing can be renamed. It is always the same, so that the
 * next run finds and removes what a killed run left without listing the directory. If it is taken, or another run uses it,
 * it gets a random suffix.
 */
export function temporaryName(dir: Fd, name: Bytes): Bytes | undefined {
  const above = statx(dir);
  if ((above.attributes & STATX_ATTR_APPEND) !== 0 || !isProtected(above)) return undefined;
  const usual = `.mayfly-${hash(name)}` as Bytes;
  if (removeLeftover(dir, above, usual)) return usual;
  return `${usual}-${randomHex(8)}` as Bytes;
}

/** True if the name is free now. */
function removeLeftover(dir: Fd, above: Stat, name: Bytes): boolean {
  const stat = failedStat(dir, name);
  if (stat === undefined) return true;
  if (!isOurs(stat) && (above.mode & WRITABLE_BY_OTHERS) !== 0) return false;
  if (!isDirectory(stat)) return tryUnlinkat(dir, name) === undefined;
  try {
    using open = openDirectory(dir, name, O_NOFOLLOW);
    if (!sameInode(statx(open), stat) || !flock(open, LOCK_EX | LOCK_NB)) return false;
    return removeTree(dir, name).left.length === 0;
  } catch (error) {
    if (error instanceof SyscallError) return false;
    throw error;
  }
}

function failedStat(dir: Fd, name: Bytes): Stat | undefined {
  try {
    return statx(dir, name);
  } catch (error) {
    if (failedWith(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Whether no other user can rename what is ours in this directory. */
function isProtected(directory: Stat): boolean {
  const { mode } = directory;
  return isOurs(directory) && ((mode & WRITABLE_BY_OTHERS) === 0 || (mode & S_ISVTX) !== 0);
}

/** File systems may store coarser times than the kernel's. */
const COARSEST = SECOND;

/** The kernel's own time, which no library can fake. */
export function kernelTime(): Nanoseconds {
  using file = memfdCreate(SELF);
  return statx(file).mtime;
}

/**
 * Refuses an inode that is older than the call that should have made it: another user who can rename in the directory put it
 * in the place of the new one.
 *
 * @throws UnsafePathError REPLACED_INODE
 */
export function requireNew(fd: Fd, since: Nanoseconds): void {
  const { btime } = statx(fd);
  if (btime === undefined || btime >= since - COARSEST) return;
  throw new UnsafePathError("REPLACED_INODE", fd.path, "was replaced while it was created");
}

const isOurs = ({ uid }: Stat): boolean => uid === process.geteuid?.();

/** FNV-1a, twice with different starts: 64 bits, so that no two names of a directory collide. */
function hash(name: Bytes): string {
  return [0x811c9dc5, 0x9747b28c].map((start) => fnv(name, start).toString(16).padStart(8, "0")).join("");
}

function fnv(name: Bytes, start: number): number {
  let value = start;
  for (let at = 0; at < name.length; at++) value = Math.imul(value ^ name.charCodeAt(at), 0x01000193);
  return value >>> 0;
}
