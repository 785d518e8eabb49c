/** Copies the content of a file. */
import { readSync, writeSync } from "node:fs";
import { failedWith } from "../base/errors.js";
import { bind } from "./ffi.js";
import { type Fd, requireSuccess } from "./files.js";
import { request } from "./ioctl.js";

const libc = {
  ioctl: bind<[number, number, number], number>("int ioctl(int fd, unsigned long request, int argument)"),
  sendfile: bind<[number, number, null, number], number | bigint>(
    "long sendfile(int out, int in, void *offset, size_t count)",
  ),
};

// ioctl_ficlone(2): the argument is an fd, not a pointer.
const FICLONE = request("write", 0x94, 9, 4);
const CHUNK = 0x7ffff000;
const BUFFER = 1 << 20;

/** Copies an open file to an empty one. Shares the blocks if the file system supports it. */
export function copyContent(from: Fd, to: Fd): void {
  if (libc.ioctl(to.number, FICLONE, from.number) === 0) return;
  try {
    while (sendChunk(from, to) > 0);
  } catch (error) {
    // Some pseudo file systems do not support sendfile(2).
    if (!failedWith(error, "EINVAL", "ENOSYS", "EOPNOTSUPP")) throw error;
    copyByHand(from, to);
  }
}

function sendChunk(from: Fd, to: Fd): number {
  return requireSuccess(
    libc.sendfile(to.number, from.number, null, CHUNK),
    "sendfile",
    () => to.path,
    () => [`${to}`, `${from}`],
  );
}

function copyByHand(from: Fd, to: Fd): void {
  const buffer = Buffer.allocUnsafe(BUFFER);
  for (;;) {
    const length = readSync(from.number, buffer, 0, BUFFER, null);
    if (length === 0) return;
    for (let written = 0; written < length; )
      written += writeSync(to.number, buffer, written, length - written);
  }
}
