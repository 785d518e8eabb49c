/** Measures the disk usage of a private directory. */
import type { Bytes } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { type DirectoryEntry, DT_DIR, entries, openDirectory } from "../sys/directory.js";
import { type Fd, O_NOFOLLOW } from "../sys/files.js";
import { isDirectory, type Stat, statx } from "../sys/inode.js";

/** Each level needs an open file descriptor; deeper levels are not counted. */
const DEEPEST = 200;

interface OpenDirectory {
  readonly dir: Fd;
  readonly listing: Iterator<DirectoryEntry>;
}

/** The disk usage below a directory in bytes. Counts hard links once, and excludes other mounts. */
export function sizeBelow(top: Fd): number {
  const seen = new Set<string>();
  const levels: OpenDirectory[] = [{ dir: top, listing: entries(top) }];
  let size = 0;
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const { value: entry, done } = level.listing.next();
    if (done === true) {
      if (levels.pop()?.dir !== top) level.dir.close();
      continue;
    }
    size += sizeOf(level.dir, entry.name, seen);
    if (entry.type !== DT_DIR || levels.length >= DEEPEST) continue;
    const dir = opened(level.dir, entry.name);
    if (dir !== undefined) levels.push({ dir, listing: entries(dir) });
  }
  return size;
}

function sizeOf(dir: Fd, name: Bytes, seen: Set<string>): number {
  const stat = ignoringGone(() => statx(dir, name));
  if (stat === undefined || (stat.nlink > 1 && !isDirectory(stat) && isSeen(stat, seen))) return 0;
  return stat.isMountRoot ? 0 : Number(stat.allocated);
}

function isSeen({ inode }: Stat, seen: Set<string>): boolean {
  const key = `${inode}`;
  if (seen.has(key)) return true;
  seen.add(key);
  return false;
}

function opened(dir: Fd, name: Bytes): Fd | undefined {
  const fd = ignoringGone(() => openDirectory(dir, name, O_NOFOLLOW));
  if (fd === undefined || !statx(fd).isMountRoot) return fd;
  fd.close();
  return undefined;
}

/** The directory may be removed, inaccessible, or replaced meanwhile. */
function ignoringGone<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch (error) {
    if (failedWith(error, "ENOENT", "EACCES", "EPERM", "ELOOP", "ENOTDIR")) return undefined;
    throw error;
  }
}
