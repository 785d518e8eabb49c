/** Waits for fds: poll(2), eventfd(2). */
import type { Bytes } from "../base/bytes.js";
import { bind, errno, errnoName } from "./ffi.js";
import { Fd, requireSuccess } from "./files.js";

const POLLIN = 1;
const POLLOUT = 4;
const POLL_ENTRY = 8;
const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;

const libc = {
  poll: bind<[Buffer, number, number], number>("int poll(void *fds, unsigned long count, int timeout)"),
  eventfd: bind<[number, number], number>("int eventfd(unsigned int initial, int flags)"),
  write: bind<[number, Buffer, number], number | bigint>(
    "long write(int fd, const void *buffer, size_t count)",
  ),
};

/** Blocks this thread until an fd is readable, for at most `milliseconds`. Returns for each whether it is readable. */
export function pollReadable(fds: readonly Fd[], milliseconds: number): boolean[] {
  return poll(fds, POLLIN, milliseconds);
}

/** Whether PIPE_BUF bytes can be written without blocking. Also true if the write would fail at once. */
export function isWritable(fd: Fd): boolean {
  return poll([fd], POLLOUT, 0)[0] === true;
}

function poll(fds: readonly Fd[], events: number, milliseconds: number): boolean[] {
  const buffer = Buffer.alloc(fds.length * POLL_ENTRY);
  for (const [index, fd] of fds.entries()) {
    buffer.writeInt32LE(fd.number, index * POLL_ENTRY);
    buffer.writeInt16LE(events, index * POLL_ENTRY + 4);
  }
  const result = libc.poll(buffer, fds.length, milliseconds);
  if (result < 0 && errnoName(errno()) !== "EINTR") requireSuccess(result, "poll", "" as Bytes, () => []);
  return fds.map((_, index) => buffer.readInt16LE(index * POLL_ENTRY + 6) !== 0);
}

/** An fd that becomes readable when any thread calls `wake`: eventfd(2). */
export function eventFd(): Fd {
  const number = libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  requireSuccess(number, "eventfd", "eventfd" as Bytes, () => ["0"]);
  return new Fd(number, "eventfd" as Bytes);
}

export function wake(fd: Fd): void {
  const one = Buffer.alloc(8);
  one.writeBigUInt64LE(1n);
  requireSuccess(libc.write(fd.number, one, one.length), "write", fd.path, () => [`${fd}`]);
}
