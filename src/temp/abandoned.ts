/** Finds what programs that were killed have left: by its name, its owner, and a lock that nobody holds. */
import type { Bytes } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { entries } from "../sys/directory.js";
import { type Fd, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, openat } from "../sys/files.js";
import { isDirectory, isRegular, S_ISVTX, statx } from "../sys/inode.js";
import { isStillThere, type Leftover } from "./cleanup-registry.js";
import { lockAbandoned } from "./lock.js";
import { isFreshName } from "./names.js";
import type { NameParts } from "./options.js";

/**
 * What `mkdtemp` or `mkstemp` made with these names and nobody holds any more, one by one. Each is locked while it is
 * handed out, so that nobody takes it up meanwhile.
 */
export function* abandoned(
  dir: Fd,
  { prefix, suffix }: NameParts,
): Generator<Leftover & { readonly fd: Fd }> {
  using listing = openat(dir, SELF, O_RDONLY | O_DIRECTORY);
  // All names first: what is removed while a listing goes on may make it skip others.
  const names = [...entries(listing)].map(({ name }) => name);
  for (const name of names) {
    if (!isFreshName(name, prefix, suffix)) continue;
    using abandoned = abandonedAt(dir, name);
    if (abandoned !== undefined) yield abandoned.entry;
  }
}

/** One such thing, locked until it is disposed of. */
class Abandoned implements Disposable {
  readonly entry: Leftover & { readonly fd: Fd };

  constructor(entry: Leftover & { readonly fd: Fd }) {
    this.entry = entry;
  }

  [Symbol.dispose](): void {
    this.entry.fd.close();
  }
}

/** What has this name, if it is this user's and nobody holds it any more. */
export function abandonedAt(dir: Fd, name: Bytes): Abandoned | undefined {
  const fd = openOwn(dir, name);
  if (fd === undefined) return undefined;
  const entry = leftoverOf(dir, name, fd);
  if (entry !== undefined && lockAbandoned(fd) && isStillThere(entry)) return new Abandoned({ ...entry, fd });
  fd.close();
  return undefined;
}

/** Undefined for what is gone, or can't be one of ours: a symlink, something that may not even be opened. */
function openOwn(dir: Fd, name: Bytes): Fd | undefined {
  try {
    return openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (failedWith(error, "ENOENT", "ELOOP", "EACCES", "ENXIO")) return undefined;
    throw error;
  }
}

/** Undefined for what is somebody else's, what was detached, and what this library does not make. */
function leftoverOf(dir: Fd, name: Bytes, fd: Fd): Leftover | undefined {
  const stat = statx(fd);
  if (stat.uid !== process.geteuid?.()) return undefined;
  if (isRegular(stat)) return { kind: "file", dir, name, fd };
  const detached = (stat.mode & S_ISVTX) !== 0;
  return isDirectory(stat) && !detached ? { kind: "directory", dir, name, fd } : undefined;
}

const SELF = "." as Bytes;
