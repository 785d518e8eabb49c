/** Opens a directory only if nobody else could replace what is made in it. */
import { type Bytes, components, isAbsolute } from "../base/bytes.js";
import { UnsafePathError } from "../base/errors.js";
import { Fd, O_DIRECTORY, O_NOFOLLOW, O_PATH, openat, readlinkat } from "../sys/files.js";
import { isDirectory, isSymlink, type Stat, statx } from "../sys/inode.js";
import { isShared, isTrusted, whyUnsafe } from "./parent-safety.js";

/** How many symlinks may lead to a directory: the kernel's own bound, path_resolution(7). */
const MOST_SYMLINKS = 40;
const ROOT = "/" as Bytes;
const SELF = "." as Bytes;

/**
 * Opens (O_PATH) a directory to make things in, and refuses it where somebody else could take them away or put
 * something in their place. From the root down each directory must belong to root or to this user, and nobody else may
 * write to it unless it is sticky. A symlink on the way must be root's or this user's, in a directory that nobody else
 * writes to; as the last component it is refused unless `lastMayBeSymlink`.
 *
 * @throws UnsafePathError UNSAFE_PARENT, NOT_NORMALIZED; SyscallError where it can't be opened.
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
        throw this.#refusal(link, "is a symlink: name the directory itself");
      }
      ahead.push(...this.#target(link, stat).reverse());
    }
    this.#requireFit();
  }

  #enter(next: Fd, stat: Stat): void {
    this.#fd.close();
    this.#fd = next;
    this.#stat = stat;
    // Lets the kernel say ENOTDIR itself.
    if (!isDirectory(stat)) openat(next, SELF, O_PATH | O_DIRECTORY).close();
  }

  /** The components that a trusted symlink leads to, from where the walk then stands. */
  #target(link: Fd, stat: Stat): Bytes[] {
    if (!isTrusted(stat.uid)) throw this.#refusal(link, `is a symlink of uid ${stat.uid}`);
    if (isShared(this.#stat)) throw this.#refusal(link, "is a symlink in a directory that others write to");
    if (++this.#symlinks > MOST_SYMLINKS) throw this.#refusal(link, "is one symlink too many");
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
    const where = at.path === this.#asked ? "" : `${at.path} `;
    return new UnsafePathError(
      "UNSAFE_PARENT",
      this.#asked,
      `not safe to make temporary files in: ${where}${reason}`,
    );
  }
}
