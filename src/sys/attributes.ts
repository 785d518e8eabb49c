/** File attributes: the ioctls of chattr(1). */
import type { Fd } from "./files.js";
import { ioctl, request } from "./ioctl.js";

// ioctl_iflags(2): the argument is an int, but the numbers were made for a C long.
const LONG = ["ia32", "arm", "mips", "mipsel"].includes(process.arch) ? 4 : 8;
const FS_IOC_GETFLAGS = request("read", 0x66, 1, LONG);
const FS_IOC_SETFLAGS = request("write", 0x66, 2, LONG);

/** The attributes that chattr(1) shows, of a file or directory open for reading. */
export function getAttributes(fd: Fd): number {
  const buffer = Buffer.alloc(8);
  ioctl(fd, FS_IOC_GETFLAGS, buffer, "FS_IOC_GETFLAGS");
  return buffer.readUInt32LE(0);
}

/** Sets them all; the kernel refuses some combinations, and some file systems silently drop what they don't know. */
export function setAttributes(fd: Fd, attributes: number): void {
  const buffer = Buffer.alloc(8);
  buffer.writeUInt32LE(attributes >>> 0, 0);
  ioctl(fd, FS_IOC_SETFLAGS, buffer, "FS_IOC_SETFLAGS");
}

/** By their letters in chattr(1): the FS_*_FL of linux/fs.h. */
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
