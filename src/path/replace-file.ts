/** Replaces a file atomically: a reader sees the old content or the new one, never a part. */
import { writeFileSync } from "node:fs";
import type { Bytes } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import {
  AT_SYMLINK_FOLLOW,
  Fd,
  linkat,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_TMPFILE,
  O_WRONLY,
  openat,
  procPath,
  renameat2,
  tryUnlinkat,
} from "../sys/files.js";
import { chmod, chown } from "../sys/inode.js";

/** A concurrent replacement of the same file can interfere, each time only for an instant. */
const MOST_ATTEMPTS = 100;

/**
 * Writes a new file with this content and mode, whatever the umask, and renames it to `name` in `dir` once it is complete.
 * A symlink of that name is replaced, not followed. Two processes can do so at the same time: the later one wins.
 *
 * @throws SyscallError, and Node's own errors, if the directory or the file cannot be written.
 */
export function replaceFile(dir: Fd, name: Bytes, content: Uint8Array, mode: number, uid?: number): void {
  // Always the same name, so that the next call removes what a killed process left.
  const fresh = `${name}.new` as Bytes;
  for (let attempt = 1; ; attempt++) {
    try {
      tryUnlinkat(dir, fresh);
      if (!linkWhole(dir, fresh, content, mode, uid)) writeNamed(dir, fresh, content, mode, uid);
      renameat2(dir, fresh, dir, name);
      return;
    } catch (error) {
      if (!failedWith(error, "EEXIST", "ENOENT") || attempt === MOST_ATTEMPTS) throw error;
    }
  }
}

/** Writes an unnamed file and then links it; false if the file system does not support that. */
function linkWhole(
  dir: Fd,
  name: Bytes,
  content: Uint8Array,
  mode: number,
  uid: number | undefined,
): boolean {
  try {
    using fd = openat(dir, "." as Bytes, O_TMPFILE | O_WRONLY, mode);
    complete(fd, content, mode, uid);
    linkat(Fd.cwd, procPath(fd), dir, name, AT_SYMLINK_FOLLOW);
    return true;
  } catch (error) {
    if (failedWith(error, "EOPNOTSUPP", "EISDIR", "EINVAL", "ENOSYS")) return false;
    throw error;
  }
}

function writeNamed(dir: Fd, name: Bytes, content: Uint8Array, mode: number, uid: number | undefined): void {
  using fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  complete(fd, content, mode, uid);
}

function complete(fd: Fd, content: Uint8Array, mode: number, uid: number | undefined): void {
  writeFileSync(fd.number, content);
  if (uid !== undefined) chown(fd, uid, undefined);
  chmod(fd, mode);
}
