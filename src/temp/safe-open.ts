/** Opens a directory only if no other user could replace files in it. */
import { type Bytes, components, isAbsolute, ROOT, SELF } from "../base/bytes.js";
import { UnsafePathError } from "../base/errors.js";
import { Fd, O_DIRECTORY, O_NOFOLLOW, O_PATH, openat, readlinkat } from "../sys/files.js";
import { isDirectory, isSymlink, type Stat, statx } from "../sys/inode.js";
import { isShared, isTrusted, whyUnsafe } from "./parent-safety.js";

/** The maximum number of symlinks in a path, as in the kernel: path_resolution(7). */
const MOST_SYMLINKS = 40;

/**
 * Opens (O_PATH) a directory for temporary files, and refuses it if another user could remove or replace files in it. Each
 * directory in the path must belong to root or to this user, and must not be writable by other users unless it is sticky.
 * A symlink in the path must belong to root or to this user and be in a directory that other users cannot write to. A
 * symlink as the last component is refused unless `lastMayBeSymlink` is set.
 *
 * @throws UnsafePathError UNSAFE_PARENT, NOT_NORMALIZED; SyscallError if it cannot be opened.
 */
export function openSafely(path: Bytes, lastMayBeSymlink = false): Fd {
  if (!isAbsolute(path)) throw new UnsafePathError("NOT_NORMALIZED", path, "is not an absolute path");
  const walk = new Walk(path);
  try {
    walk.follow(components(path), lastMayBeSymlink);
    return walk.fd;
  } catch (error) {
    walk.fd.close();
    throw error;
  }
}

class Walk {
  readonly #asked: Bytes;
  #fd = openat(Fd.cwd, ROOT, O_PATH | O_DIRECTORY);
  #stat = statx(this.#fd);
  #symlinks = 0;

  constructor(asked: Bytes) {
    this.#asked = asked;
  }

  get fd(): Fd {
    return this.#fd;
  }

  follow(names: Bytes[], lastMayBeSymlink: boolean): void {
    const ahead = names.reverse();
    for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
      this.#requireFit();
      const next = openat(this.#fd, name, O_PATH | O_NOFOLLOW);
      const stat = statx(next);
      if (!isSymlink(stat)) {
        this.#enter(next, stat);
        continue;
      }
      using link = next;
      if (ahead.length === 0 && !lastMayBeSymlink) {
        throw this.#refusal(link, "is a symlink; specify the directory itself");
      }
      ahead.push(...this.#target(link, stat).reverse());
    }
    this.#requireFit();
  }

  #enter(next: Fd, stat: Stat): void {
    this.#fd.close();
    this.#fd = next;
    this.#stat = stat;
    // The kernel then reports ENOTDIR.
    if (!isDirectory(stat)) openat(next, SELF, O_PATH | O_DIRECTORY).close();
  }

  /** The components of a trusted symlink's target, relative to the directory from which the walk continues. */
  #target(link: Fd, stat: Stat): Bytes[] {
    if (!isTrusted(stat.uid)) throw this.#refusal(link, `is a symlink that belongs to uid ${stat.uid}`);
    if (isShared(this.#stat))
      throw this.#refusal(link, "is a symlink in a directory that is writable by other users");
    if (++this.#symlinks > MOST_SYMLINKS)
      throw this.#refusal(link, `exceeds the limit of ${MOST_SYMLINKS} symlinks`);
    const target = readlinkat(link, "" as Bytes);
    if (isAbsolute(target)) {
      const root = openat(Fd.cwd, ROOT, O_PATH | O_DIRECTORY);
      this.#enter(root, statx(root));
    }
    return components(target);
  }

  #requireFit(): void {
    const reason = whyUnsafe(this.#stat);
    if (reason !== undefined) throw this.#refusal(this.#fd, reason);
  }

  #refusal(at: Fd, reason: string): UnsafePathError {
    const where = at.path === this.#asked ? "it" : at.path;
    return new UnsafePathError(
      "UNSAFE_PARENT",
      this.#asked,
      `not safe for temporary files: ${where} ${reason}`,
    );
  }
}
