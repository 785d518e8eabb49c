/** Creates inodes that appear complete or not at all: unnamed or under a temporary name until they are finished. */
import { type Bytes, SELF } from "../base/bytes.js";
import { SyscallError, UnsafePathError } from "../base/errors.js";
import { type Nanoseconds, SECOND } from "../base/time.js";
import {
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  Fd,
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
import { isRemote } from "../sys/filesystem.js";
import { S_IFMT, statx } from "../sys/inode.js";
import { memfdCreate } from "../sys/memfd.js";
import { closeWorkplace, openWorkplace } from "./workplace.js";

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
  const workplace = openWorkplace(dir, name);
  if (workplace === undefined) return undefined;
  const { room = dir, name: temporary } = workplace;
  try {
    const fd = attempted(() => make(room, temporary) ?? openat(room, temporary, O_PATH | O_NOFOLLOW));
    if (fd === undefined) return undefined;
    const push = (): void => renameat2(room, temporary, dir, name, RENAME_NOREPLACE);
    return discardingUnless(room, temporary, () => finishing(fd, making, push));
  } finally {
    closeWorkplace(workplace, dir);
  }
}

/** Removes the inode under its temporary name if it could not be finished. */
function discardingUnless(dir: Fd, temporary: Bytes, finish: () => Whole | undefined): Whole | undefined {
  let whole: Whole | undefined;
  try {
    whole = finish();
    return whole;
  } finally {
    if (whole === undefined) discard(dir, temporary);
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

/** File systems may store coarser times than the kernel's. */
const COARSEST = SECOND;

/** The kernel's own time, which no library can fake. */
export function kernelTime(): Nanoseconds {
  using file = memfdCreate(SELF);
  return statx(file).mtime;
}

/**
 * Refuses an inode that is of another type (S_IFMT bits of `mode`), or older, than what the caller has just created: another
 * user who can rename in the directory put it in the place of that. The times of remote file systems are not comparable.
 *
 * @throws UnsafePathError REPLACED_INODE
 */
export function requireNew(fd: Fd, since: Nanoseconds, mode: number): void {
  const made = statx(fd);
  const isOld = made.btime !== undefined && made.btime < since - COARSEST && !isRemote(fd.number);
  if ((made.mode & S_IFMT) === (mode & S_IFMT) && !isOld) return;
  throw new UnsafePathError("REPLACED_INODE", fd.path, "was replaced while it was created");
}
