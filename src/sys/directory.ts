/** Lists directories: getdents64(2). */
import type { Bytes } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { address, bindSyscall, syscallNumber } from "./ffi.js";
import { checkAt, type Fd, O_DIRECTORY, O_NOATIME, O_RDONLY, openat } from "./files.js";

// Called by number because musl names the function getdents.
export const getdents64 = bindSyscall<[number, number, number]>(
  syscallNumber({ x64: 217, ia32: 220, arm: 217, ppc64: 202, s390x: 220 }, 61),
  "int fd, uintptr_t buffer, size_t size",
);

export interface DirectoryEntry {
  readonly name: Bytes;
  /** DT_DIR is 4, DT_REG 8, DT_LNK 10; 0 if the file system does not report the type. */
  readonly type: number;
  readonly inode: bigint;
}

export const DT_DIR = 4;
export const DT_LNK = 10;
const NAME_OFFSET = 19;

/**
 * The entries of an open directory from its current offset, without `.` and `..`. `room` is the size of the buffer in
 * bytes, or a buffer to reuse if the caller reads each listing to its end. On an O_NOATIME fd, getdents64 does not
 * update the atime; Node's readdir does, which would protect the directory from ageing.
 */
export function* entries(dir: Fd, room: number | Buffer = 32768): Generator<DirectoryEntry> {
  const buffer = typeof room === "number" ? Buffer.allocUnsafeSlow(room) : room;
  const at = address(buffer);
  for (;;) {
    const length = checkAt(getdents64(dir.number, at, buffer.length), "getdents64", dir, "" as Bytes);
    if (length === 0) return;
    for (let offset = 0; offset < length; offset += buffer.readUInt16LE(offset + 16)) {
      const end = buffer.indexOf(0, offset + NAME_OFFSET);
      const name = buffer.toString("latin1", offset + NAME_OFFSET, end) as Bytes;
      if (name === "." || name === "..") continue;
      yield { name, type: buffer[offset + 18] ?? 0, inode: buffer.readBigUInt64LE(offset) };
    }
  }
}

/** Opens a directory for listing, with O_NOATIME if permitted; `flags` are added. */
export function openDirectory(dir: Fd, name: Bytes, flags = 0): Fd {
  return leavingAtime((quiet) => openat(dir, name, O_RDONLY | O_DIRECTORY | flags | quiet));
}

/**
 * Opens with O_NOATIME, so that reading does not protect from ageing. The kernel allows that only for the owner and
 * root; for others, opens without it.
 */
export function leavingAtime(open: (quiet: number) => Fd): Fd {
  try {
    return open(O_NOATIME);
  } catch (error) {
    if (!failedWith(error, "EPERM")) throw error;
    return open(0);
  }
}
