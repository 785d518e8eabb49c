/** The system calls of a walk, without allocation: numbers and addresses instead of objects. */
import { constants } from "node:fs";
import { address, bindNow, type Errno, errno, type FdNumber, SUCCESS } from "./ffi.js";
import { S_IFMT, S_ISVTX, STATX_ATTR_MOUNT_ROOT } from "./inode.js";

/**
 * The system calls of a walk. They are the hot path: they use numbers and addresses, allocate nothing, and return the errno
 * instead of throwing. Elsewhere, use files.ts and inode.ts.
 */
interface Calls {
  statx(dir: FdNumber, name: number, flags: number, mask: number, buffer: number): number;
  openat(dir: FdNumber, name: number, flags: number, mode: number): number;
  unlinkat(dir: FdNumber, name: number, flags: number): number;
  flock(fd: FdNumber, operation: number): number;
  futimens(fd: FdNumber, times: number): number;
  close(fd: FdNumber): number;
}

let calls: Calls | undefined;

/** Bound when the first walk starts, so that commands without a walk do not load libc. */
export function bound(): Calls {
  calls ??= {
    statx: bindNow("int statx(int dir, uintptr_t name, int flags, unsigned int mask, uintptr_t buffer)"),
    openat: bindNow("int openat(int dir, uintptr_t name, int flags, unsigned int mode)"),
    unlinkat: bindNow("int unlinkat(int dir, uintptr_t name, int flags)"),
    flock: bindNow("int flock(int fd, int operation)"),
    futimens: bindNow("int futimens(int fd, uintptr_t times)"),
    close: bindNow("int close(int fd)"),
  };
  return calls;
}

const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const AT_NO_AUTOMOUNT = 0x800;
const AT_EMPTY_PATH = 0x1000;
export const LOOK = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
export const STATX_BASIC_AND_BTIME = 0xfff;
const O_CLOEXEC = 0o2000000;
const LOCK_EX_NB = 2 | 4;
const LOCK_UN = 8;
const OPEN_ENTRY = constants.O_NOFOLLOW | constants.O_NONBLOCK | O_CLOEXEC;
export const OPEN_DIRECTORY = OPEN_ENTRY | constants.O_DIRECTORY;

export const ENOENT = 2 as Errno;
export const EACCES = 13 as Errno;
export const EPERM = 1 as Errno;
export const EBADF = 9 as Errno;
export const EAGAIN = 11 as Errno;
export const EBUSY = 16 as Errno;
export const ENOTEMPTY = 39 as Errno;

const STATX_ATTRS_FROZEN = 0x10 | 0x20;
export const HIGH = 4294967296;

/** The offset of each timestamp in struct statx, in words of four bytes. */
export const ATIME = 0x40 / 4;
export const BTIME = 0x50 / 4;
export const CTIME = 0x60 / 4;
export const MTIME = 0x70 / 4;

/** A struct statx, statx(2), that the kernel fills in place. Getters read its fields from the buffer. */
export class StatxBuffer {
  readonly words: Int32Array = new Int32Array(64);
  readonly unsigned: Uint32Array = new Uint32Array(this.words.buffer);
  readonly #short = new Uint16Array(this.words.buffer);
  readonly address = address(new Uint8Array(this.words.buffer));

  get mode(): number {
    return this.#short[0x1c / 2] as number;
  }

  get type(): number {
    return (this.#short[0x1c / 2] as number) & S_IFMT;
  }

  /** File type and sticky bit: the bits that select the fast path. */
  get typeAndSticky(): number {
    return (this.#short[0x1c / 2] as number) & (S_IFMT | S_ISVTX);
  }

  get uid(): number {
    return this.unsigned[0x14 / 4] as number;
  }

  get links(): number {
    return this.unsigned[0x10 / 4] as number;
  }

  get inode(): number {
    return this.wide(0x20 / 4);
  }

  /** Whether both describe the same inode. */
  isSameInode(other: StatxBuffer): boolean {
    return this.inode === other.inode && this.device === other.device;
  }

  /** The device of the inode's file system, as one number. */
  get device(): number {
    return (this.unsigned[0x88 / 4] as number) * HIGH + (this.unsigned[0x8c / 4] as number);
  }

  /** Immutable or append-only: chattr(1). */
  get isFrozen(): boolean {
    return ((this.unsigned[0x08 / 4] as number) & STATX_ATTRS_FROZEN) !== 0;
  }

  /** Bytes on disk. */
  get allocated(): number {
    return this.wide(0x30 / 4) * 512;
  }

  get isMountRoot(): boolean {
    return ((this.unsigned[0x08 / 4] as number) & STATX_ATTR_MOUNT_ROOT) !== 0;
  }

  /** Seconds since the epoch of the timestamp that starts at `word`. */
  seconds(word: number): number {
    return (this.words[word + 1] as number) * HIGH + (this.unsigned[word] as number);
  }

  nanoseconds(word: number): number {
    return this.unsigned[word + 2] as number;
  }

  private wide(word: number): number {
    return (this.unsigned[word + 1] as number) * HIGH + (this.unsigned[word] as number);
  }
}

/** The errno of a call that returned -1. */
function failureOf(result: number): Errno {
  return result === 0 ? SUCCESS : errno();
}

/** statx(2) of `name` in `dir`, into `into`. Follows no symlink and triggers no automount. */
export function statxInto(dir: FdNumber, name: number, into: StatxBuffer): Errno {
  return failureOf(bound().statx(dir, name, LOOK, STATX_BASIC_AND_BTIME, into.address));
}

const AT_FDCWD = -100 as FdNumber;
const AT_STATX_DONT_SYNC = 0x4000;

/**
 * statx(2) of what a link in /proc leads to. It asks no server of a network file system, which might not answer.
 */
export function statxLink(path: number, into: StatxBuffer): Errno {
  const flags = AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
  return failureOf(bound().statx(AT_FDCWD, path, flags, STATX_BASIC_AND_BTIME, into.address));
}

const EMPTY = Buffer.alloc(1);

/** statx(2) of the open inode. */
export function statxOf(fd: FdNumber, into: StatxBuffer): Errno {
  return failureOf(bound().statx(fd, address(EMPTY), AT_EMPTY_PATH, STATX_BASIC_AND_BTIME, into.address));
}

/** Undefined if the open failed, for the reason in `errno()`. */
function opened(result: number): FdNumber | undefined {
  return result < 0 ? undefined : (result as FdNumber);
}

/**
 * Opens a directory for listing; undefined if that fails, for the reason in `errno()`. Only its owner and root may use
 * O_NOATIME. For others, this opens it without, and the listing updates the atime.
 */
export function openForListing(dir: FdNumber, name: number): FdNumber | undefined {
  const { openat } = bound();
  const fd = opened(openat(dir, name, OPEN_DIRECTORY | constants.O_NOATIME, 0));
  return fd === undefined && errno() === EPERM ? opened(openat(dir, name, OPEN_DIRECTORY, 0)) : fd;
}

/** Opens a non-directory to lock it. Does not block on a FIFO, nor acquire a controlling terminal. */
export function openForLock(dir: FdNumber, name: number): FdNumber | undefined {
  return opened(bound().openat(dir, name, OPEN_ENTRY | constants.O_NOCTTY | constants.O_NOATIME, 0));
}

/** The same for writing: on NFS, only such an fd can have an exclusive lock. */
export function openForRemoteLock(dir: FdNumber, name: number): FdNumber | undefined {
  return opened(bound().openat(dir, name, OPEN_ENTRY | constants.O_NOCTTY | constants.O_RDWR, 0));
}

/** flock(2), exclusive and non-blocking. EAGAIN if another open file description holds a lock. */
export function lockExclusive(fd: FdNumber): Errno {
  return failureOf(bound().flock(fd, LOCK_EX_NB));
}

export function unlock(fd: FdNumber): void {
  bound().flock(fd, LOCK_UN);
}

export function unlinkName(dir: FdNumber, name: number): Errno {
  return failureOf(bound().unlinkat(dir, name, 0));
}

export function removeDirectoryName(dir: FdNumber, name: number): Errno {
  return failureOf(bound().unlinkat(dir, name, AT_REMOVEDIR));
}

const times = new Int32Array(8);
let timesAddress = 0;

/** Sets the access and modification times of the open inode to those in `from`. */
export function restoreTimes(fd: FdNumber, from: StatxBuffer): Errno {
  timesAddress ||= address(new Uint8Array(times.buffer));
  for (const [at, word] of [ATIME, MTIME].entries()) {
    times[at * 4] = from.words[word] as number;
    times[at * 4 + 1] = from.words[word + 1] as number;
    times[at * 4 + 2] = from.words[word + 2] as number;
  }
  return failureOf(bound().futimens(fd, timesAddress));
}

export function closeNumber(fd: FdNumber): void {
  bound().close(fd);
}
