/** File descriptors, and the system calls that take a directory fd: openat(2), unlinkat(2) and others. */
import { constants } from "node:fs";
import { type Bytes, escapeForDisplay, fromBuffer, join } from "../base/bytes.js";
import { SyscallError } from "../base/errors.js";
import {
  bind,
  bindSyscall,
  cstring,
  errno,
  errnoName,
  type FdNumber,
  MOST_INTERRUPTIONS,
  syscallNumber,
} from "./ffi.js";

// Node's constants match the host's architecture; the others are the same on every Linux architecture.
export const O_RDONLY = 0;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const { O_CREAT, O_EXCL, O_APPEND, O_NONBLOCK, O_NOCTTY, O_DIRECTORY, O_NOFOLLOW, O_NOATIME } =
  constants;
const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;
export const O_TMPFILE = 0o20000000 | O_DIRECTORY;

/** The dirfd of the working directory. */
export const AT_FDCWD = -100 as FdNumber;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_REMOVEDIR = 0x200;
export const AT_SYMLINK_FOLLOW = 0x400;
export const AT_NO_AUTOMOUNT = 0x800;
export const AT_EMPTY_PATH = 0x1000;

export const RESOLVE_NO_XDEV = 0x01;
export const RESOLVE_NO_MAGICLINKS = 0x02;
export const RESOLVE_NO_SYMLINKS = 0x04;
export const RESOLVE_BENEATH = 0x08;
export const RESOLVE_IN_ROOT = 0x10;

export const RENAME_NOREPLACE = 1;
export const RENAME_EXCHANGE = 2;

export const LOCK_SH = 1;
export const LOCK_EX = 2;
export const LOCK_NB = 4;
export const LOCK_UN = 8;

const libc = {
  openat: bind<[number, Buffer, number, number], number>(
    "int openat(int dirfd, const void *path, int flags, unsigned int mode)",
  ),
  close: bind<[number], number>("int close(int fd)"),
  unlinkat: bind<[number, Buffer, number], number>("int unlinkat(int dirfd, const void *path, int flags)"),
  linkat: bind<[number, Buffer, number, Buffer, number], number>(
    "int linkat(int olddirfd, const void *oldpath, int newdirfd, const void *newpath, int flags)",
  ),
  symlinkat: bind<[Buffer, number, Buffer], number>(
    "int symlinkat(const void *target, int dirfd, const void *path)",
  ),
  readlinkat: bind<[number, Buffer, Buffer, number], number | bigint>(
    "long readlinkat(int dirfd, const void *path, void *buffer, size_t size)",
  ),
  mkdirat: bind<[number, Buffer, number], number>(
    "int mkdirat(int dirfd, const void *path, unsigned int mode)",
  ),
  mknodat: bind<[number, Buffer, number, number | bigint], number>(
    "int mknodat(int dirfd, const void *path, unsigned int mode, uint64_t dev)",
  ),
  flock: bind<[number, number], number>("int flock(int fd, int operation)"),
  // Called by number because musl has no renameat2.
  renameat2: bindSyscall<[number, Buffer, number, Buffer, number]>(
    syscallNumber({ x64: 316, ia32: 353, arm: 382, ppc64: 357, s390x: 347 }, 276),
    "int olddirfd, const void *oldpath, int newdirfd, const void *newpath, unsigned int flags",
  ),
  // Since Linux 5.1, system calls have the same number on all architectures.
  openat2: bindSyscall<[number, Buffer, Buffer, number]>(
    437,
    "int dirfd, const void *path, const void *how, size_t size",
  ),
};

const CLOSED = -1 as FdNumber;

/**
 * An open file descriptor. It remembers the path that it was opened by, for messages only (the file may have moved since),
 * and builds it only on demand. Closing it twice is harmless.
 */
export class Fd implements Disposable {
  static readonly cwd = new Fd(AT_FDCWD, "." as Bytes);
  #number: FdNumber;
  #dir: Fd | undefined;
  #name: Bytes;

  /** Takes over a descriptor that a system call returned. */
  constructor(number: number, name: Bytes, dir?: Fd) {
    this.#number = number as FdNumber;
    this.#name = name;
    this.#dir = dir === undefined || dir.number === AT_FDCWD || name.startsWith("/") ? undefined : dir;
  }

  /** Once it is closed, a number that no descriptor has: the kernel answers EBADF. */
  get number(): FdNumber {
    return this.#number;
  }

  get isClosed(): boolean {
    return this.#number === CLOSED;
  }

  get path(): Bytes {
    // A loop, because a chain may be 30,000 directories deep.
    const names: Bytes[] = [];
    let top: Fd = this;
    for (; top.#dir !== undefined; top = top.#dir) if (top.#name !== "") names.push(top.#name);
    if (names.length > 0) {
      const base = top.#name === "/" ? "" : top.#name;
      this.#name = `${base}/${names.reverse().join("/")}` as Bytes;
    } else this.#name = top.#name;
    this.#dir = undefined;
    return this.#name;
  }

  close(): void {
    if (this.#number < 0) return;
    libc.close(this.#number);
    this.#number = CLOSED;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The form used in error messages: `7</tmp>`. */
  toString(): string {
    return this.#number === AT_FDCWD ? "AT_FDCWD" : `${this.#number}<${escapeForDisplay(this.path)}>`;
  }
}

const quoted = (path: Bytes): string => JSON.stringify(escapeForDisplay(path));
const octal = (mode: number): string => `0${mode.toString(8)}`;

/** The path of `name` in `dir`, for messages and events. */
export function pathBelow(dir: Fd, name: Bytes): Bytes {
  if (name === "") return dir.path;
  return dir.number === AT_FDCWD || name.startsWith("/") ? name : join(dir.path, name);
}

/** Turns a result of -1 into a `SyscallError` for the call. Formats the arguments only on failure. */
export function requireSuccess(
  result: number | bigint,
  syscall: string,
  path: Bytes | (() => Bytes),
  args: () => string[],
): number {
  const value = Number(result);
  if (value >= 0) return value;
  const number = errno();
  throw new SyscallError(
    errnoName(number),
    number,
    syscall,
    args(),
    typeof path === "string" ? path : path(),
  );
}

type Detail = string | number | (() => string);

/** Like `requireSuccess`, for a call on `name` in `dir`. `details` are further arguments; pass expensive ones as functions. */
export function checkAt(
  result: number | bigint,
  syscall: string,
  dir: Fd,
  name: Bytes,
  ...details: readonly Detail[]
): number {
  if (typeof result === "number" && result >= 0) return result;
  const shown = (detail: Detail): string => (typeof detail === "function" ? detail() : `${detail}`);
  const args = (): string[] => [`${dir}`, quoted(name), ...details.map(shown)];
  return requireSuccess(result, syscall, () => pathBelow(dir, name), args);
}

const FLAG_NAMES: readonly (readonly [string, number])[] = [
  ["O_TMPFILE", O_TMPFILE],
  ["O_PATH", O_PATH],
  ["O_DIRECTORY", O_DIRECTORY],
  ["O_NOFOLLOW", O_NOFOLLOW],
  ["O_CREAT", O_CREAT],
  ["O_EXCL", O_EXCL],
  ["O_TRUNC", constants.O_TRUNC],
  ["O_APPEND", O_APPEND],
  ["O_NONBLOCK", O_NONBLOCK],
  ["O_NOCTTY", O_NOCTTY],
  ["O_NOATIME", O_NOATIME],
];

export function flagNames(flags: number): string {
  const names = [["O_RDONLY", "O_WRONLY", "O_RDWR"][flags & 3] ?? "O_ACCMODE"];
  let rest = flags & ~(3 | O_CLOEXEC);
  for (const [name, flag] of FLAG_NAMES) {
    if ((rest & flag) !== flag) continue;
    names.push(name);
    rest &= ~flag;
  }
  return names.join("|");
}

/** Opens `name` in `dir`. O_CLOEXEC is always added. */
export function openat(dir: Fd, name: Bytes, flags: number, mode = 0): Fd {
  const number = libc.openat(dir.number, cstring(name), flags | O_CLOEXEC, mode);
  checkAt(number, "openat", dir, name, () => flagNames(flags));
  return new Fd(number, name === "." ? ("" as Bytes) : name, dir);
}

/** openat2(2): opens `name`; `resolve` restricts how the kernel resolves it. */
export function openat2(dir: Fd, name: Bytes, flags: number, resolve: number, mode = 0): Fd {
  const how = Buffer.alloc(24);
  how.writeBigUInt64LE(BigInt(flags | O_CLOEXEC), 0);
  how.writeBigUInt64LE(BigInt(mode), 8);
  how.writeBigUInt64LE(BigInt(resolve), 16);
  const number = Number(libc.openat2(dir.number, cstring(name), how, how.length));
  checkAt(number, "openat2", dir, name, () => flagNames(flags), `resolve=${resolve}`);
  return new Fd(number, name, dir);
}

/** Reopens an O_PATH fd through /proc. Opens the same inode, even if its name has been replaced. */
export function reopen(fd: Fd, flags: number): Fd {
  const number = libc.openat(AT_FDCWD, cstring(procPath(fd)), flags | O_CLOEXEC, 0);
  checkAt(number, "openat", fd, procPath(fd), () => flagNames(flags));
  return new Fd(number, "" as Bytes, fd);
}

/** The magic link in /proc to the open inode: proc_pid_fd(5). */
export function procPath(fd: Fd): Bytes {
  return `/proc/self/fd/${fd.number}` as Bytes;
}

export function unlinkat(dir: Fd, name: Bytes, flags = 0): void {
  const result = libc.unlinkat(dir.number, cstring(name), flags);
  checkAt(result, "unlinkat", dir, name, flags === AT_REMOVEDIR ? "AT_REMOVEDIR" : flags);
}

/** Like `unlinkat`, but returns the errno's name, or undefined on success: for walks in which failures are common. */
export function tryUnlinkat(dir: Fd, name: Bytes, flags = 0): string | undefined {
  return libc.unlinkat(dir.number, cstring(name), flags) === 0 ? undefined : errnoName(errno());
}

export function linkat(oldDir: Fd, oldName: Bytes, newDir: Fd, newName: Bytes, flags = 0): void {
  const result = libc.linkat(oldDir.number, cstring(oldName), newDir.number, cstring(newName), flags);
  checkAt(result, "linkat", oldDir, oldName, () => `${newDir}, ${quoted(newName)}`, flags);
}

export function renameat2(oldDir: Fd, oldName: Bytes, newDir: Fd, newName: Bytes, flags = 0): void {
  const result = libc.renameat2(oldDir.number, cstring(oldName), newDir.number, cstring(newName), flags);
  checkAt(result, "renameat2", oldDir, oldName, () => `${newDir}, ${quoted(newName)}`, flags);
}

export function symlinkat(target: Bytes, dir: Fd, name: Bytes): void {
  const result = libc.symlinkat(cstring(target), dir.number, cstring(name));
  checkAt(result, "symlinkat", dir, name, () => quoted(target));
}

/** Reads a symlink's target, which updates the link's atime (at most once a day under relatime). */
export function readlinkat(dir: Fd, name: Bytes): Bytes {
  for (let size = 256; ; size *= 4) {
    const buffer = Buffer.allocUnsafe(size);
    const result = libc.readlinkat(dir.number, cstring(name), buffer, size);
    const length = checkAt(result, "readlinkat", dir, name);
    if (length < size) return fromBuffer(buffer.subarray(0, length));
  }
}

/** The umask applies to the mode; use chmod afterwards if the exact mode matters. */
export function mkdirat(dir: Fd, name: Bytes, mode: number): void {
  checkAt(libc.mkdirat(dir.number, cstring(name), mode), "mkdirat", dir, name, () => octal(mode));
}

/** `mode` includes the file type; `device` is a `dev_t`, or zero if the node is not a device. */
export function mknodat(dir: Fd, name: Bytes, mode: number, device: number | bigint = 0): void {
  checkAt(
    libc.mknodat(dir.number, cstring(name), mode, device),
    "mknodat",
    dir,
    name,
    octal(mode),
    `${device}`,
  );
}

/** flock(2). Returns false if LOCK_NB is set and another open file description holds the lock. */
export function flock(fd: Fd, operation: number): boolean {
  for (let interruptions = 0; ; interruptions++) {
    if (libc.flock(fd.number, operation) === 0) return true;
    const code = errnoName(errno());
    if (code === "EAGAIN") return false;
    if (code !== "EINTR" || interruptions >= MOST_INTERRUPTIONS)
      requireSuccess(
        -1,
        "flock",
        () => fd.path,
        () => [`${fd}`, `${operation}`],
      );
  }
}
