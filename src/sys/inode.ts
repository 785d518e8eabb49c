/** Reads and changes the metadata of inodes: statx(2), chmod(2), chown(2), utimensat(2). */
import { type Bytes, EMPTY } from "../base/bytes.js";
import type { Nanoseconds } from "../base/time.js";
import { SECOND } from "../base/time.js";
import { bind, bindSyscall, cstring, errno, errnoName } from "./ffi.js";
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_NO_AUTOMOUNT,
  AT_SYMLINK_NOFOLLOW,
  checkAt,
  Fd,
  procPath,
} from "./files.js";

export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFLNK = 0o120000;
export const S_IFREG = 0o100000;
export const S_IFBLK = 0o060000;
export const S_IFDIR = 0o040000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;
export const S_ISVTX = 0o1000;
/** All bits that chmod(2) sets, and those without the set-id and sticky bits. */
export const PERMISSIONS = 0o7777;
export const ACCESS = 0o777;

const STATX_BASIC_AND_BTIME = 0xfff;
const STATX_BTIME = 0x800;
const STATX_MNT_ID = 0x1000;
export const STATX_ATTR_MOUNT_ROOT = 0x2000;

const libc = {
  statx: bind<[number, Buffer, number, number, Buffer], number>(
    "int statx(int dirfd, const void *path, int flags, unsigned int mask, void *buffer)",
  ),
  fchmodat: bind<[number, Buffer, number, number], number>(
    "int fchmodat(int dirfd, const void *path, unsigned int mode, int flags)",
  ),
  fchownat: bind<[number, Buffer, number, number, number], number>(
    "int fchownat(int dirfd, const void *path, unsigned int uid, unsigned int gid, int flags)",
  ),
  utimensat: bind<[number, Buffer, Buffer, number], number>(
    "int utimensat(int dirfd, const void *path, const void *times, int flags)",
  ),
  // Since Linux 6.6; the same number everywhere.
  fchmodat2: bindSyscall<[number, Buffer, number, number]>(
    452,
    "int dirfd, const void *path, unsigned int mode, unsigned int flags",
  ),
};

/** The result of statx(2). Timestamps that the file system does not store (often btime) are undefined. */
export interface Stat {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  readonly size: bigint;
  /** Bytes on disk. */
  readonly allocated: bigint;
  readonly inode: bigint;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** The device number of a device node. */
  readonly rdevMajor: number;
  readonly rdevMinor: number;
  readonly mountId: bigint;
  readonly isMountRoot: boolean;
  /** STATX_ATTR_* bits. */
  readonly attributes: number;
  readonly atime: Nanoseconds;
  readonly mtime: Nanoseconds;
  readonly ctime: Nanoseconds;
  readonly btime: Nanoseconds | undefined;
}

/** statx(2) of `name` in `dir`, or of `dir` itself for the empty name. Follows no symlink and triggers no automount. */
export function statx(dir: Fd, name: Bytes = "" as Bytes, flags = AT_SYMLINK_NOFOLLOW): Stat {
  return decodeStatx(statxOf(dir, name, flags));
}

function statxOf(dir: Fd, name: Bytes, flags: number): Buffer {
  const buffer = Buffer.alloc(256);
  const how = flags | AT_NO_AUTOMOUNT | (name === "" ? AT_EMPTY_PATH : 0);
  const result = libc.statx(dir.number, cstring(name), how, STATX_BASIC_AND_BTIME | STATX_MNT_ID, buffer);
  checkAt(result, "statx", dir, name);
  return buffer;
}

/** @throws SyscallError the failure of statx(2), if it does not find `path`. Follows symlinks. */
export function requireThere(path: Bytes): void {
  statxOf(Fd.cwd, path, 0);
}

// Offsets in struct statx, statx(2).
function decodeStatx(buffer: Buffer): Stat {
  const mask = buffer.readUInt32LE(0);
  const attributes = Number(buffer.readBigUInt64LE(0x08));
  return {
    mode: buffer.readUInt16LE(0x1c),
    uid: buffer.readUInt32LE(0x14),
    gid: buffer.readUInt32LE(0x18),
    nlink: buffer.readUInt32LE(0x10),
    inode: buffer.readBigUInt64LE(0x20),
    size: buffer.readBigUInt64LE(0x28),
    allocated: buffer.readBigUInt64LE(0x30) * 512n,
    attributes,
    isMountRoot: (attributes & STATX_ATTR_MOUNT_ROOT) !== 0,
    atime: timestamp(buffer, 0x40),
    btime: (mask & STATX_BTIME) !== 0 ? timestamp(buffer, 0x50) : undefined,
    ctime: timestamp(buffer, 0x60),
    mtime: timestamp(buffer, 0x70),
    rdevMajor: buffer.readUInt32LE(0x80),
    rdevMinor: buffer.readUInt32LE(0x84),
    deviceMajor: buffer.readUInt32LE(0x88),
    deviceMinor: buffer.readUInt32LE(0x8c),
    mountId: buffer.readBigUInt64LE(0x90),
  };
}

function timestamp(buffer: Buffer, offset: number): Nanoseconds {
  return buffer.readBigInt64LE(offset) * SECOND + BigInt(buffer.readUInt32LE(offset + 8));
}

export function isDirectory(stat: Pick<Stat, "mode">): boolean {
  return (stat.mode & S_IFMT) === S_IFDIR;
}

export function isSymlink(stat: Pick<Stat, "mode">): boolean {
  return (stat.mode & S_IFMT) === S_IFLNK;
}

export function isRegular(stat: Pick<Stat, "mode">): boolean {
  return (stat.mode & S_IFMT) === S_IFREG;
}

/** A device number, encoded as by makedev(3). */
export function makeDevice(major: number, minor: number): bigint {
  const [high, low] = [BigInt(major), BigInt(minor)];
  return ((high & ~0xfffn) << 32n) | ((high & 0xfffn) << 8n) | ((low & ~0xffn) << 12n) | (low & 0xffn);
}

/** The identity of an inode on this host. */
export type InodeId = Pick<Stat, "inode" | "deviceMajor" | "deviceMinor">;

export function inodeId({ inode, deviceMajor, deviceMinor }: InodeId): InodeId {
  return { inode, deviceMajor, deviceMinor };
}

/** Whether both identify the same inode. Compares devices too: inode numbers are unique only per file system. */
export function sameInode(a: InodeId, b: InodeId): boolean {
  return a.inode === b.inode && a.deviceMajor === b.deviceMajor && a.deviceMinor === b.deviceMinor;
}

// STATX_TYPE, _MODE, _NLINK, _UID, _GID, _INO.
const STATX_WHO_AND_WHICH = 0x11f;
const ROOM_FOR_STATX = 256;

/**
 * The identity, owner and permissions of an inode, to check each time that a verified directory has not changed. It
 * allocates nothing, whereas `statx` creates a dozen values.
 */
export class InodeMark {
  readonly #seen = Buffer.alloc(ROOM_FOR_STATX);
  readonly #words = new Uint32Array(this.#seen.buffer, this.#seen.byteOffset, ROOM_FOR_STATX / 4);

  /** Reads `path` (a C string) relative to `dir`; false if statx(2) fails. */
  look(dir: Fd, path: Buffer, flags = AT_SYMLINK_NOFOLLOW): boolean {
    return libc.statx(dir.number, path, flags | AT_NO_AUTOMOUNT, STATX_WHO_AND_WHICH, this.#seen) === 0;
  }

  /** Reads the open inode. */
  lookAt(fd: Fd): void {
    const result = libc.statx(fd.number, NOTHING, AT_EMPTY_PATH, STATX_WHO_AND_WHICH, this.#seen);
    checkAt(result, "statx", fd, EMPTY);
  }

  get mode(): number {
    return this.#seen.readUInt16LE(0x1c);
  }

  get uid(): number {
    return this.#words[0x14 / 4] ?? -1;
  }

  /** The link count: zero once the inode has no name, even for a directory. */
  get nlink(): number {
    return this.#words[0x10 / 4] ?? 0;
  }

  /** Whether both describe the same inode with the same owner, group and permissions. */
  equals(other: InodeMark): boolean {
    for (const word of MARKING) if (this.#words[word] !== other.#words[word]) return false;
    return true;
  }
}

// 32-bit words of struct statx: uid, gid, mode, both halves of the inode number, device major and minor.
const MARKING = [0x14, 0x18, 0x1c, 0x20, 0x24, 0x88, 0x8c].map((offset) => offset / 4);
const NOTHING = Buffer.alloc(1);

/** Changes the mode of an open inode (O_PATH works): with fchmodat2 since Linux 6.6, else through /proc. */
export function chmod(fd: Fd, mode: number): void {
  if (libc.fchmodat2(fd.number, cstring(EMPTY), mode, AT_EMPTY_PATH) === 0) return;
  const unsupported = ["ENOSYS", "EPERM", "EINVAL"].includes(errnoName(errno()));
  const result = unsupported ? libc.fchmodat(AT_FDCWD, cstring(procPath(fd)), mode, 0) : -1;
  checkAt(result, "fchmodat", fd, EMPTY, `0${mode.toString(8)}`);
}

const UNCHANGED = 0xffffffff;

/** Changes the owner of an open inode (O_PATH and symlinks work). Undefined keeps the current id. */
export function chown(fd: Fd, uid: number | undefined, gid: number | undefined): void {
  const result = libc.fchownat(fd.number, cstring(EMPTY), uid ?? UNCHANGED, gid ?? UNCHANGED, AT_EMPTY_PATH);
  checkAt(result, "fchownat", fd, EMPTY, uid ?? -1, gid ?? -1);
}

const UTIME_NOW = 0x3fffffffn;
const UTIME_OMIT = 0x3ffffffen;

function timespecs(atime: Nanoseconds, mtime: Nanoseconds | undefined): Buffer {
  const buffer = Buffer.alloc(32);
  for (const [index, time] of [atime, mtime].entries()) {
    if (time === undefined) {
      buffer.writeBigInt64LE(UTIME_OMIT, index * 16 + 8);
      continue;
    }
    const fraction = ((time % SECOND) + SECOND) % SECOND;
    buffer.writeBigInt64LE((time - fraction) / SECOND, index * 16);
    buffer.writeBigInt64LE(fraction, index * 16 + 8);
  }
  return buffer;
}

/** Sets the times of `name` in `dir`; follows no symlink. An undefined mtime is kept. */
export function setTimesAt(dir: Fd, name: Bytes, atime: Nanoseconds, mtime: Nanoseconds | undefined): void {
  const result = libc.utimensat(dir.number, cstring(name), timespecs(atime, mtime), AT_SYMLINK_NOFOLLOW);
  checkAt(result, "utimensat", dir, name);
}

/** Sets the times of an open inode (O_PATH and symlinks work). */
export function setTimesOfHeld(fd: Fd, atime: Nanoseconds, mtime: Nanoseconds): void {
  const result = libc.utimensat(AT_FDCWD, cstring(procPath(fd)), timespecs(atime, mtime), 0);
  checkAt(result, "utimensat", fd, EMPTY);
}

/** Sets both times of an open inode to the present of its file system: on a network, the server's clock. */
export function touch(fd: Fd): void {
  const buffer = Buffer.alloc(32);
  for (const at of [8, 24]) buffer.writeBigInt64LE(UTIME_NOW, at);
  checkAt(libc.utimensat(AT_FDCWD, cstring(procPath(fd)), buffer, 0), "utimensat", fd, EMPTY);
}
