/** Reads and sets file attributes: chattr(1), ioctl_iflags(2). */
import type { Fd } from "./files.js";
import { ioctl, request } from "./ioctl.js";

// ioctl_iflags(2): the argument is an int, but the request numbers encode the size of a C long.
const LONG = ["ia32", "arm", "mips", "mipsel"].includes(process.arch) ? 4 : 8;
const FS_IOC_GETFLAGS = request("read", 0x66, 1, LONG);
const FS_IOC_SETFLAGS = request("write", 0x66, 2, LONG);

/** The attributes of a file or directory that is open for reading. */
export function getAttributes(fd: Fd): number {
  const buffer = Buffer.alloc(8);
  ioctl(fd, FS_IOC_GETFLAGS, buffer, "FS_IOC_GETFLAGS");
  return buffer.readUInt32LE(0);
}

/** Replaces all attributes. The kernel rejects some combinations; some file systems silently drop unsupported attributes. */
export function setAttributes(fd: Fd, attributes: number): void {
  const buffer = Buffer.alloc(8);
  buffer.writeUInt32LE(attributes >>> 0, 0);
  ioctl(fd, FS_IOC_SETFLAGS, buffer, "FS_IOC_SETFLAGS");
}

/** The FS_*_FL flags of linux/fs.h by their letters in chattr(1). */
export const ATTRIBUTE_LETTERS: Readonly<Record<string, number>> = {
  s: 0x00000001,
  u: 0x00000002,
  c: 0x00000004,
  S: 0x00000008,
  i: 0x00000010,
  a: 0x00000020,
  d: 0x00000040,
  A: 0x00000080,
  j: 0x00004000,
  t: 0x00008000,
  D: 0x00010000,
  T: 0x00020000,
  e: 0x00080000,
  C: 0x00800000,
  P: 0x20000000,
};
