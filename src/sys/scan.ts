/** The calls of a walk, without allocation: numbers and addresses instead of objects. */
import { constants } from "node:fs";
import { address, bindNow, errno } from "./ffi.js";
import { S_IFMT, S_ISVTX, STATX_ATTR_MOUNT_ROOT } from "./inode.js";

/**
 * The calls of a walk, made a million times: they take numbers and addresses, allocate nothing, and answer with the errno
 * (0 where all is well) instead of throwing. Whoever needs comfort takes files.ts and inode.ts.
 */
interface Calls {
  statx(dir: number, name: number, flags: number, mask: number, buffer: number): number;
  openat(dir: number, name: number, flags: number, mode: number): number;
  unlinkat(dir: number, name: number, flags: number): number;
  flock(fd: number, operation: number): number;
  futimens(fd: number, times: number): number;
  close(fd: number): number;
}

let calls: Calls | undefined;

/** Bound when the first walk starts: commands that never walk need no libc. */
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

export const ENOENT = 2;
export const EACCES = 13;
export const EPERM = 1;
export const EAGAIN = 11;
export const EBUSY = 16;
export const ENOTEMPTY = 39;

const STATX_ATTRS_FROZEN = 0x10 | 0x20;
export const HIGH = 4294967296;

/** Where each timestamp starts in struct statx, in words of four bytes. */
export const ATIME = 0x40 / 4;
export const BTIME = 0x50 / 4;
export const CTIME = 0x60 / 4;
export const MTIME = 0x70 / 4;

/** A struct statx that the kernel fills in place; its fields are read where they lie, see statx(2). */
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

  /** Type and sticky bit at once: what tells an ordinary entry from one that has guards of its own. */
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

  /** Whether both are looks at one inode. */
  isSameInode(other: StatxBuffer): boolean {
    return this.inode === other.inode && this.device === other.device;
  }

  /** One number for the device that the inode lies on. */
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

/** Fills `into` with what `name` in `dir` is; follows no symlink, triggers no automount. */
export function statxInto(dir: number, name: number, into: StatxBuffer): number {
  return bound().statx(dir, name, LOOK, STATX_BASIC_AND_BTIME, into.address) === 0 ? 0 : errno();
}

const EMPTY = Buffer.alloc(1);

/** The same of what `fd` itself holds. */
export function statxOf(fd: number, into: StatxBuffer): number {
  return bound().statx(fd, address(EMPTY), AT_EMPTY_PATH, STATX_BASIC_AND_BTIME, into.address) === 0
    ? 0
    : errno();
}

/** The errno of a failed open, negated; an fd is never negative. */
function openedOr(fd: number): number {
  return fd >= 0 ? fd : -errno();
}

/**
 * Opens a directory to list it. Only its owner and root may leave its atime alone (O_NOATIME): who is neither opens it
 * all the same, and the listing moves it.
 */
export function openDirectoryNumber(dir: number, name: number): number {
  const fd = openedOr(bound().openat(dir, name, OPEN_DIRECTORY | constants.O_NOATIME, 0));
  return fd === -EPERM ? openedOr(bound().openat(dir, name, OPEN_DIRECTORY, 0)) : fd;
}

/** Opens what is no directory, to lock it: without waiting for a fifo's other end, and without becoming a tty's owner. */
export function openForLock(dir: number, name: number): number {
  return openedOr(bound().openat(dir, name, OPEN_ENTRY | constants.O_NOCTTY | constants.O_NOATIME, 0));
}

/** flock(2), exclusive and without waiting: the errno, EAGAIN where somebody else holds a lock. */
export function lockExclusive(fd: number): number {
  return bound().flock(fd, LOCK_EX_NB) === 0 ? 0 : errno();
}

export function unlock(fd: number): void {
  bound().flock(fd, LOCK_UN);
}

export function unlinkName(dir: number, name: number): number {
  return bound().unlinkat(dir, name, 0) === 0 ? 0 : errno();
}

export function removeDirectoryName(dir: number, name: number): number {
  return bound().unlinkat(dir, name, AT_REMOVEDIR) === 0 ? 0 : errno();
}

const times = new Int32Array(8);
let timesAddress = 0;

/** Sets the access and modification time of what `fd` holds to those in `from`. */
export function restoreTimes(fd: number, from: StatxBuffer): number {
  timesAddress ||= address(new Uint8Array(times.buffer));
  for (const [at, word] of [ATIME, MTIME].entries()) {
    times[at * 4] = from.words[word] as number;
    times[at * 4 + 1] = from.words[word + 1] as number;
    times[at * 4 + 2] = from.words[word + 2] as number;
  }
  return bound().futimens(fd, timesAddress) === 0 ? 0 : errno();
}

export function closeNumber(fd: number): void {
  bound().close(fd);
}
