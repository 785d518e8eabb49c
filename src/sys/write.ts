/** Writes whole contents: write(2), ftruncate(2), umask(2). */
import type { Bytes } from "../base/bytes.js";
import { toBuffer } from "../base/bytes.js";
import { bind, errno, errnoName, MOST_INTERRUPTIONS } from "./ffi.js";
import { type Fd, requireSuccess } from "./files.js";

const libc = {
  write: bind<[number, Buffer, number], number | bigint>("long write(int fd, const void *data, size_t size)"),
  ftruncate: bind<[number, number], number>("int ftruncate(int fd, int64_t length)"),
  umask: bind<[number], number>("unsigned int umask(unsigned int mask)"),
};

/** Writes all bytes; continues after a short write or a signal. */
export function writeAll(fd: Fd, content: Bytes): void {
  let interruptions = 0;
  for (let rest = toBuffer(content); rest.length > 0; ) {
    const written = Number(libc.write(fd.number, rest, rest.length));
    if (written < 0 && errnoName(errno()) === "EINTR" && interruptions++ < MOST_INTERRUPTIONS) continue;
    rest = rest.subarray(
      requireSuccess(
        written,
        "write",
        () => fd.path,
        () => [`${fd}`, `${rest.length} bytes`],
      ),
    );
  }
}

export function truncate(fd: Fd): void {
  requireSuccess(
    libc.ftruncate(fd.number, 0),
    "ftruncate",
    () => fd.path,
    () => [`${fd}`, "0"],
  );
}

/** Runs `make` with the umask `mask`, which applies to the whole process. */
export function withUmask<Result>(mask: number, make: () => Result): Result {
  const before = libc.umask(mask);
  try {
    return make();
  } finally {
    libc.umask(before);
  }
}
