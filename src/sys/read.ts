/** Reads whole files that other users may have created: only regular files, without blocking, up to a size limit. */
import { readSync } from "node:fs";
import { type Bytes, escapeForDisplay, fromBuffer } from "../base/bytes.js";
import { failedWith, SyscallError } from "../base/errors.js";
import {
  Fd,
  O_DIRECTORY,
  O_NOCTTY,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  openat,
  openat2,
  RESOLVE_IN_ROOT,
} from "./files.js";
import {
  isDirectory,
  isRegular,
  S_IFBLK,
  S_IFCHR,
  S_IFIFO,
  S_IFMT,
  S_IFSOCK,
  type Stat,
  statx,
} from "./inode.js";

const KIB = 1 << 10;
const MIB = 1 << 20;

/** The size limit of each kind of file, in bytes. */
export const LIMITS = {
  configuration: 64 * MIB,
  accounts: 256 * MIB,
  /** For os-release(5), machine-info(5) and unit files. */
  settings: 4 * MIB,
  machineId: KIB,
} as const;

/** The file is not a regular file, or is larger than its limit. */
export class UnusableFileError extends Error {
  override readonly name = "UnusableFileError";
  readonly code: "NOT_REGULAR" | "TOO_LARGE";
  readonly path: string;
  /** The reason, without the path. */
  readonly reason: string;

  constructor(code: UnusableFileError["code"], path: Bytes, reason: string) {
    super(`${escapeForDisplay(path)}: ${reason}`);
    this.code = code;
    this.path = escapeForDisplay(path);
    this.reason = reason;
  }
}

/** Opens `path` below `root`, and resolves symlinks as if `root` were `/`. Without a root, opens it on the host. */
export function openBelow(root: Bytes | undefined, path: Bytes, flags = O_RDONLY): Fd {
  if (root === undefined || root === "/") return openat(Fd.cwd, path, flags);
  using top = openat(Fd.cwd, root, O_PATH | O_DIRECTORY);
  return openat2(top, path, flags, RESOLVE_IN_ROOT);
}

/**
 * Opens a regular file for reading, or the null device, which reads as an empty file. Refuses anything else: a FIFO would
 * block, and a device may have no end.
 *
 * @throws UnusableFileError for other kinds of files.
 */
export function openRegular(root: Bytes | undefined, path: Bytes, flags = 0): Fd {
  const fd = openBelow(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | flags);
  try {
    const stat = statx(fd);
    if (isRegular(stat) || isNullDevice(stat)) return fd;
    // The same error as from reading it.
    if (isDirectory(stat)) throw new SyscallError("EISDIR", 21, "read", [`${fd}`], path);
    throw new UnusableFileError("NOT_REGULAR", path, `is ${kindName(stat)}, not a regular file`);
  } catch (error) {
    fd.close();
    throw error;
  }
}

/** Reads an open file from its current offset to the end. */
export function readAll(fd: Fd, limit: number, path: Bytes = fd.path): Bytes {
  const { size } = statx(fd);
  if (size > limit) throw tooLarge(path, limit, size);
  // Files of /proc and /sys report no size, so this reads up to the end.
  let buffer = Buffer.allocUnsafe(Math.max(Number(size) + 1, 4 * KIB));
  for (let length = 0; ; ) {
    if (length === buffer.length) buffer = Buffer.concat([buffer], length * 2);
    const got = readSync(fd.number, buffer, length, buffer.length - length, null);
    if (got === 0) return fromBuffer(buffer.subarray(0, length));
    length += got;
    if (length > limit) throw tooLarge(path, limit);
  }
}

/** The content of `path` below `root`; undefined if there is no such file. */
export function readBelow(root: Bytes | undefined, path: Bytes, limit: number): Bytes | undefined {
  try {
    using file = openRegular(root, path);
    return readAll(file, limit, path);
  } catch (error) {
    if (failedWith(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

const STANDARD_INPUT = new Fd(0, "standard input" as Bytes);

/** Reads standard input to the end. */
export function readStandardInput(limit: number): Bytes {
  return readAll(STANDARD_INPUT, limit);
}

/** Names of fds that the caller already opened. They may be pipes, such as `<(command)` in a shell. */
const OPEN_FILE = /^\/dev\/(?:stdin|fd\/\d+)$|^\/proc\/self\/fd\/\d+$/;

/** Whether the path refers to a file descriptor of this process. */
export function namesOpenFile(path: Bytes): boolean {
  return OPEN_FILE.test(path);
}

const KINDS: ReadonlyMap<number, string> = new Map([
  [S_IFIFO, "a FIFO"],
  [S_IFSOCK, "a socket"],
  [S_IFCHR, "a character device"],
  [S_IFBLK, "a block device"],
]);

function kindName(stat: Stat): string {
  return KINDS.get(stat.mode & S_IFMT) ?? "a file of an unknown type";
}

/** The device number of /dev/null. */
export function isNullDevice(stat: Stat): boolean {
  return (stat.mode & S_IFMT) === S_IFCHR && stat.rdevMajor === 1 && stat.rdevMinor === 3;
}

function tooLarge(path: Bytes, limit: number, size?: bigint): UnusableFileError {
  const unit = limit >= MIB ? `${limit / MIB} MiB` : `${limit / KIB} KiB`;
  const has = size === undefined ? "does not end" : `has ${size} bytes`;
  return new UnusableFileError("TOO_LARGE", path, `${has}; the limit is ${unit}`);
}
