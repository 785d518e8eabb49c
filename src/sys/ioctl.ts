/** ioctl(2), and the numbers of its requests. */
import { bind } from "./ffi.js";
import { checkAt, type Fd } from "./files.js";

const libc = bind<[number, number, Buffer], number>(
  "int ioctl(int fd, unsigned long request, void *argument)",
);

// PowerPC and MIPS put the direction one bit further left, and have three bits for it.
const ODD = ["ppc64", "mips", "mipsel", "mips64el"].includes(process.arch);
const DIRECTIONS = ODD
  ? { none: 0x20000000, read: 0x40000000, write: 0x80000000, both: 0xc0000000 }
  : { none: 0, read: 0x80000000, write: 0x40000000, both: 0xc0000000 };

/** A request's number, as ioctl(2) describes it: which way `size` bytes go, and `number` of the driver's `type`. */
export function request(
  direction: keyof typeof DIRECTIONS,
  type: number,
  number: number,
  size: number,
): number {
  return DIRECTIONS[direction] + size * 0x10000 + type * 0x100 + number;
}

/** Not for O_PATH fds. `name` is the request's, for messages; returns what the call does, zero or more. */
export function ioctl(fd: Fd, code: number, argument: Buffer, name: string): number {
  return checkAt(libc(fd.number, code, argument), `ioctl ${name}`, fd, "" as Parameters<typeof checkAt>[3]);
}
