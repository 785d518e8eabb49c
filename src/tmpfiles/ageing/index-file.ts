/**
 * Reads and writes the file of the directory index. It reads only a file that is certainly this user's own, and replaces it
 * as a whole.
 */
import { mkdirSync, readSync } from "node:fs";
import { type Bytes, basename, dirname, toBuffer } from "../../base/bytes.js";
import { SyscallError } from "../../base/errors.js";
import { replaceFile } from "../../path/replace-file.js";
import { Fd, O_DIRECTORY, O_NOFOLLOW, O_PATH, openat } from "../../sys/files.js";
import { statx } from "../../sys/inode.js";
import { openRegular, UnusableFileError } from "../../sys/read.js";

/** A larger file would cost more than it saves. Enough for eight million directories. */
const LARGEST = 512 << 20;
const OTHERS_WRITE = 0o022;
const WORD = Float64Array.BYTES_PER_ELEMENT;

/** The words of the file, in memory that threads can share; undefined if it is missing, unreadable or another user's. */
export function readWords(path: Bytes): Float64Array | undefined {
  try {
    using fd = openRegular(undefined, path, O_NOFOLLOW);
    const { size, uid, mode } = statx(fd);
    const mine = uid === process.geteuid?.() && (mode & OTHERS_WRITE) === 0;
    const length = Number(size);
    if (!mine || length > LARGEST || length % WORD !== 0) return undefined;
    const words = new Float64Array(new SharedArrayBuffer(length));
    const whole = readSync(fd.number, new Uint8Array(words.buffer), 0, length, 0) === length;
    return whole ? words : undefined;
  } catch (error) {
    if (error instanceof SyscallError || error instanceof UnusableFileError) return undefined;
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}

/**
 * Replaces the file at `path`, readable only by this user. The new file gets its name once it is complete.
 *
 * @throws SyscallError, and Node's own errors, if the directory or the file cannot be created.
 */
export function writeWords(path: Bytes, words: Float64Array): void {
  if (words.byteLength > LARGEST) return;
  mkdirSync(toBuffer(dirname(path)), { recursive: true, mode: 0o700 });
  using dir = openat(Fd.cwd, dirname(path), O_PATH | O_DIRECTORY);
  const data = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  replaceFile(dir, basename(path), data, 0o600);
}
