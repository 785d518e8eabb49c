import { bind } from "./ffi.js";
import { check, type Fd } from "./files.js";

const ioctl = bind<[number, number, Buffer], number>(
  "int ioctl(int fd, unsigned long request, void *argument)",
);

// ioctl_iflags(2). The direction bits stand elsewhere on PowerPC and MIPS; the size is that of a C long.
const LONG = ["ia32", "arm", "mips", "mipsel"].includes(process.arch) ? 4 : 8;
const SWAPPED = ["ppc64", "mips", "mipsel", "mips64el"].includes(process.arch);
const [READ, WRITE] = SWAPPED ? [0x40000000, 0x80000000] : [0x80000000, 0x40000000];
const FS_IOC_GETFLAGS = READ + LONG * 0x10000 + 0x6601;
const FS_IOC_SETFLAGS = WRITE + LONG * 0x10000 + 0x6602;

/** The attributes that chattr(1) shows, of a file or directory open for reading. */
export function getAttributes(fd: Fd): number {
  const buffer = Buffer.alloc(8);
  const result = ioctl(fd.number, FS_IOC_GETFLAGS, buffer);
  check(
    result,
    "ioctl",
    () => fd.path,
    () => [`${fd}`, "FS_IOC_GETFLAGS"],
  );
  return buffer.readInt32LE(0) >>> 0;
}

/** Sets them all; the kernel refuses some combinations, and some file systems silently drop what they don't know. */
export function setAttributes(fd: Fd, attributes: number): void {
  const buffer = Buffer.alloc(8);
  buffer.writeUInt32LE(attributes >>> 0, 0);
  const result = ioctl(fd.number, FS_IOC_SETFLAGS, buffer);
  check(
    result,
    "ioctl",
    () => fd.path,
    () => [`${fd}`, "FS_IOC_SETFLAGS", `0x${attributes.toString(16)}`],
  );
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
