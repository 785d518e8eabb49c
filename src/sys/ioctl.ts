/** Calls ioctl(2), and encodes its request numbers. */
import { bind } from "./ffi.js";
import { checkAt, type Fd } from "./files.js";

const libc = bind<[number, number, Buffer], number>(
  "int ioctl(int fd, unsigned long request, void *argument)",
);

// PowerPC and MIPS use three bits for the direction, starting one bit further left.
const ODD = ["ppc64", "mips", "mipsel", "mips64el"].includes(process.arch);
const DIRECTIONS = ODD
  ? { none: 0x20000000, read: 0x40000000, write: 0x80000000, both: 0xc0000000 }
  : { none: 0, read: 0x80000000, write: 0x40000000, both: 0xc0000000 };

/** Encodes a request number, ioctl(2): the direction and size of the data, and the driver's `type` and `number`. */
export function request(
  direction: keyof typeof DIRECTIONS,
  type: number,
  number: number,
  size: number,
): number {
  return DIRECTIONS[direction] + size * 0x10000 + type * 0x100 + number;
}

const FIONREAD = ODD ? request("read", 0x66, 127, 4) : 0x541b;

/** How many bytes wait to be read, as the file's kind counts them: FIONREAD of ioctl(2). */
export function bytesToRead(fd: Fd): number {
  const count = Buffer.alloc(4);
  ioctl(fd, FIONREAD, count, "FIONREAD");
  return count.readInt32LE(0);
}

/** Fails on O_PATH fds (EBADF). `name` is the request's name, for messages. Returns the call's non-negative result. */
export function ioctl(fd: Fd, code: number, argument: Buffer, name: string): number {
  return checkAt(libc(fd.number, code, argument), `ioctl ${name}`, fd, "" as Parameters<typeof checkAt>[3]);
}
