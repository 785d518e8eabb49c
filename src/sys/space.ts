/** Reads free space and inodes, and reserves space: statfs(2), fallocate(2). */
import { existsSync, type StatsFs, statfsSync } from "node:fs";
import { dirname, toBuffer } from "../base/bytes.js";
import { bind, errno } from "./ffi.js";
import { type Fd, procPath, requireSuccess } from "./files.js";

const fallocate = bind<[number, number, number | bigint, number | bigint], number>(
  "int fallocate(int fd, int mode, int64_t offset, int64_t length)",
);

export interface FreeSpace {
  /** Available to unprivileged users, in bytes. */
  readonly bytes: number;
  readonly inodes: number;
}

/** statfs(2) of an fd's file system. File systems without a fixed number of inodes report zero. */
export function freeSpace(fd: Fd): FreeSpace {
  const { bavail, bsize, ffree } = statfsOf(fd);
  return { bytes: bavail * bsize, inodes: ffree };
}

/** The size of a file system and what is free, as statfs(2) reports them. Without a fixed number of inodes both counts are zero. */
export interface FileSystemSpace {
  readonly bytes: { readonly size: number; readonly free: number; readonly available: number };
  readonly inodes: { readonly size: number; readonly free: number };
}

/** statfs(2) of an fd's file system; O_PATH is enough. */
export function fileSystemSpace(fd: Fd): FileSystemSpace {
  const { blocks, bfree, bavail, bsize, files, ffree } = statfsOf(fd);
  return {
    bytes: { size: blocks * bsize, free: bfree * bsize, available: bavail * bsize },
    inodes: { size: files, free: ffree },
  };
}

const TMPFS_MAGIC = 0x01021994;
const RAMFS_MAGIC = 0x858458f6;

/** Whether the fd's file system is in memory, so that fsync(2) has no effect. */
export function isInMemory(fd: Fd): boolean {
  const { type } = statfsOf(fd);
  return type === TMPFS_MAGIC || type === RAMFS_MAGIC;
}

function statfsOf(fd: Fd): StatsFs {
  try {
    return statfsSync(toBuffer(procPath(fd)));
  } catch (error) {
    // Without /proc only the path is left. An unnamed file is on its directory's file system.
    return existsSync("/proc/self") ? raise(error) : statfsSync(toBuffer(dirname(fd.path)));
  }
}

function raise(error: unknown): never {
  throw error;
}

/** Reserves `length` bytes on disk without changing the file's content; false if the file system does not support it. */
export function reserve(fd: Fd, length: number): boolean {
  if (fallocate(fd.number, FALLOC_FL_KEEP_SIZE, 0, length) === 0) return true;
  if (errno() === EOPNOTSUPP) return false;
  requireSuccess(-1, "fallocate", fd.path, () => [`${fd}`, `${length}`]);
  return false;
}

const FALLOC_FL_KEEP_SIZE = 1;
const EOPNOTSUPP = 95;
