/** Replaces a file atomically: whoever opens it reads the old content or the new, and never a part. */
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
import { chmod } from "../sys/inode.js";

/** Another process that replaces the same file can interfere, each time only for an instant. */
const MOST_ATTEMPTS = 100;

/**
 * Writes a new file with this content and mode, whatever the umask, and gives it the name `name` in `dir` once it is whole.
 * What had the name before goes; a symlink is replaced, not followed. Two processes can do so at once: the later wins.
 *
 * @throws SyscallError, and Node's own errors, if the directory or the file cannot be written.
 */
export function replaceFile(dir: Fd, name: Bytes, content: Uint8Array, mode: number): void {
  // Always the same, so that the next call removes what a killed process left.
  const fresh = `${name}.new` as Bytes;
  for (let attempt = 1; ; attempt++) {
    try {
      tryUnlinkat(dir, fresh);
      if (!linkWhole(dir, fresh, content, mode)) writeNamed(dir, fresh, content, mode);
      renameat2(dir, fresh, dir, name);
      return;
    } catch (error) {
      if (!failedWith(error, "EEXIST", "ENOENT") || attempt === MOST_ATTEMPTS) throw error;
    }
  }
}

/** Writes a file without a name, and then gives it one; false if the file system does not support that. */
function linkWhole(dir: Fd, name: Bytes, content: Uint8Array, mode: number): boolean {
  try {
    using fd = openat(dir, "." as Bytes, O_TMPFILE | O_WRONLY, mode);
    complete(fd, content, mode);
    linkat(Fd.cwd, procPath(fd), dir, name, AT_SYMLINK_FOLLOW);
    return true;
  } catch (error) {
    if (failedWith(error, "EOPNOTSUPP", "EISDIR", "EINVAL", "ENOSYS")) return false;
    throw error;
  }
}

function writeNamed(dir: Fd, name: Bytes, content: Uint8Array, mode: number): void {
  using fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  complete(fd, content, mode);
}

function complete(fd: Fd, content: Uint8Array, mode: number): void {
  writeFileSync(fd.number, content);
  chmod(fd, mode);
}
