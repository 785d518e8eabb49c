/** Reads directories into the model. */
import type { Bytes } from "../../base/bytes.js";
import type { InodeKind } from "../../base/events.js";
import { entries } from "../../sys/directory.js";
import { Fd, O_DIRECTORY, O_NOATIME, O_NOFOLLOW, O_NONBLOCK, openat } from "../../sys/files.js";
import {
  isDirectory,
  S_IFBLK,
  S_IFCHR,
  S_IFIFO,
  S_IFLNK,
  S_IFMT,
  S_IFSOCK,
  type Stat,
  statx,
} from "../../sys/inode.js";
import type { Victim } from "../events.js";
import type { Directory, DirectoryModel, WatchedEntry } from "./directory-model.js";

/** Gives directories the keys that their events contain. */
export interface EntryStore {
  /** Undefined if it cannot be watched; everything below it is skipped then. */
  enter(directory: Fd): string | undefined;
}

/** Each level needs a file descriptor. */
const MAX_DEPTH = 500;
const WITHOUT_TRACE = O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK;

const KINDS: Readonly<Record<number, InodeKind>> = {
  [S_IFBLK]: "block-device",
  [S_IFCHR]: "character-device",
  [S_IFIFO]: "fifo",
  [S_IFLNK]: "symlink",
  [S_IFSOCK]: "socket",
};

export function watchedKindOf(stat: Stat): InodeKind {
  return isDirectory(stat) ? "directory" : (KINDS[stat.mode & S_IFMT] ?? "file");
}

/** What the event of its removal will contain. */
function victimOf(stat: Stat): Victim {
  const { uid, atime, mtime, ctime, btime } = stat;
  const size = Number(stat.size);
  return { kind: watchedKindOf(stat), size, uid, atime, mtime, ctime, ...(btime !== undefined && { btime }) };
}

/** A name in a directory of the model. */
export interface NameIn {
  readonly directory: Directory;
  readonly name: Bytes;
}

export interface Scanned {
  /** What is new in the model. */
  readonly added: NameIn[];
  /** What could not be read. */
  readonly closed: Bytes[];
}

/** Adds an open directory's whole subtree to the model, without changing a timestamp. */
export function scan(model: DirectoryModel, keeper: EntryStore, from: Fd, into: Directory): Scanned {
  const scanned: Scanned = { added: [], closed: [] };
  scanLevel(model, keeper, from, into, scanned, 0);
  return scanned;
}

function scanLevel(
  model: DirectoryModel,
  keeper: EntryStore,
  from: Fd,
  into: Directory,
  scanned: Scanned,
  depth: number,
): void {
  for (const { name } of entries(from)) {
    try {
      const stat = statx(from, name);
      if (!isDirectory(stat)) {
        put(model, into, name, stat, scanned);
        continue;
      }
      using below = openWatchedDirectory(from, name);
      const key = depth < MAX_DEPTH ? keeper.enter(below) : undefined;
      const { directory } = put(model, into, name, stat, scanned, key);
      if (directory !== undefined) scanLevel(model, keeper, below, directory, scanned, depth + 1);
      // A mount can show a directory below itself: its first path is the one that is watched.
      else if (key === undefined) scanned.closed.push(below.path);
    } catch (error) {
      // It was removed since it was listed, or this user cannot read it.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT")
        scanned.closed.push(new Fd(-1, name, from).path);
    }
  }
}

function put(
  model: DirectoryModel,
  into: Directory,
  name: Bytes,
  stat: Stat,
  scanned: Scanned,
  key?: string,
): WatchedEntry {
  const before = model.put(into, name, watchedKindOf(stat), key);
  const entry = into.entries.get(name);
  if (entry === undefined) throw new Error("an entry could not be added to its directory");
  see(entry, stat);
  if (before === undefined) scanned.added.push({ directory: into, name });
  return entry;
}

/** Records the entry's state, unless the name now refers to another inode. */
export function see(entry: WatchedEntry, stat: Stat): void {
  if (entry.inode !== undefined && entry.inode !== stat.inode) return;
  entry.seen = victimOf(stat);
  entry.inode = stat.inode;
}

/** Only the owner and root may use O_NOATIME; for others, reading changes a directory's atime at most once a day. */
export function openWatchedDirectory(dir: Fd, name: Bytes): Fd {
  try {
    return openat(dir, name, WITHOUT_TRACE | O_NOATIME);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
    return openat(dir, name, WITHOUT_TRACE);
  }
}
