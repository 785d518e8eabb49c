/** Finds files and directories that killed programs left behind: by name, owner, and a lock that no process holds. */
import { type Bytes, SELF } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { entries } from "../sys/directory.js";
import { type Fd, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, openat } from "../sys/files.js";
import { isDirectory, isRegular, S_ISVTX, statx } from "../sys/inode.js";
import { isStillThere, type Leftover } from "./cleanup-registry.js";
import { lockAbandoned } from "./lock.js";
import { isFreshName } from "./names.js";
import type { NameParts } from "./options.js";

/**
 * Yields the abandoned files and directories that `mkdtemp` or `mkstemp` created with this prefix and suffix. Each is
 * locked until the next one, so that no other process uses it meanwhile.
 */
export function* abandoned(
  dir: Fd,
  { prefix, suffix }: NameParts,
): Generator<Leftover & { readonly fd: Fd }> {
  using listing = openat(dir, SELF, O_RDONLY | O_DIRECTORY);
  // Reads all names first, since removals during a listing may make it skip entries.
  const names = [...entries(listing)].map(({ name }) => name);
  for (const name of names) {
    if (!isFreshName(name, prefix, suffix)) continue;
    using abandoned = abandonedAt(dir, name);
    if (abandoned !== undefined) yield abandoned.entry;
  }
}

/** An abandoned file or directory, locked until it is disposed. */
class Abandoned implements Disposable {
  readonly entry: Leftover & { readonly fd: Fd };

  constructor(entry: Leftover & { readonly fd: Fd }) {
    this.entry = entry;
  }

  [Symbol.dispose](): void {
    this.entry.fd.close();
  }
}

/** The entry with this name, if it belongs to this user and no process holds its lock. */
export function abandonedAt(dir: Fd, name: Bytes): Abandoned | undefined {
  const fd = openOwn(dir, name);
  if (fd === undefined) return undefined;
  const entry = leftoverOf(dir, name, fd);
  if (entry !== undefined && lockAbandoned(fd) && isStillThere(entry)) return new Abandoned({ ...entry, fd });
  fd.close();
  return undefined;
}

/** Undefined if the entry does not exist or cannot be one of ours: a symlink, or something that cannot be opened. */
function openOwn(dir: Fd, name: Bytes): Fd | undefined {
  try {
    return openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (failedWith(error, "ENOENT", "ELOOP", "EACCES", "ENXIO")) return undefined;
    throw error;
  }
}

/** Undefined for entries of other users, detached ones, and types that this library does not create. */
function leftoverOf(dir: Fd, name: Bytes, fd: Fd): Leftover | undefined {
  const stat = statx(fd);
  if (stat.uid !== process.geteuid?.()) return undefined;
  if (isRegular(stat)) return { kind: "file", dir, name, fd };
  const detached = (stat.mode & S_ISVTX) !== 0;
  return isDirectory(stat) && !detached ? { kind: "directory", dir, name, fd } : undefined;
}
