import { type Bytes, join } from "../base/bytes.js";
import { failedWith, UnsafePathError } from "../base/errors.js";
import { entries, openDirectory } from "../sys/directory.js";
import { Fd, O_DIRECTORY, O_NOFOLLOW, O_PATH, openat } from "../sys/files.js";
import { isDirectory, type Stat, sameInode, statx } from "../sys/inode.js";
import { attempt } from "./attempt.js";
import { openExact } from "./hands/parents.js";
import type { Item } from "./item.js";
import type { Run } from "./run.js";

/** What is done to each inode; `fd` is O_PATH. */
export type TreeAction = (fd: Fd, path: Bytes, stat: Stat) => void;

/** A directory on the way down. */
interface Level {
  fd: Fd;
  readonly path: Bytes;
  readonly stat: Stat;
  names: Iterator<Bytes>;
}

/** Ancestors nearer than this keep their fd open; farther ones are found again through `..` and compared. */
const OPEN_LEVELS = 64;
const SELF = "." as Bytes;
const PARENT = ".." as Bytes;

/**
 * Acts on what is at `path` and on all that is below it, each directory before its entries. No symlink is followed.
 * Depth costs neither stack nor fds. What fails is reported for its own path, and the others are gone on with.
 */
export function overTree(run: Run, item: Item, path: Bytes, act: TreeAction): void {
  const levels: Level[] = [];
  const visit = (fd: Fd, at: Bytes): void => {
    const stat = statx(fd);
    attempt(run, item, at, () => act(fd, at, stat));
    if (isDirectory(stat)) attempt(run, item, at, () => descend(levels, fd, at, stat));
  };
  try {
    using top = openExact(run.root, path);
    visit(top, path);
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const next = attemptNext(run, item, level);
      if (next === undefined) ascend(levels);
      else attempt(run, item, join(level.path, next), () => visitEntry(level, next, visit));
    }
  } finally {
    for (const level of levels) level.fd.close();
  }
}

/** The next name; a directory that can't be read on is done with. */
function attemptNext(run: Run, item: Item, level: Level): Bytes | undefined {
  let next: Bytes | undefined;
  attempt(run, item, level.path, () => {
    next = level.names.next().value;
  });
  return next;
}

function visitEntry(level: Level, name: Bytes, visit: (fd: Fd, path: Bytes) => void): void {
  try {
    using fd = openat(level.fd, name, O_PATH | O_NOFOLLOW);
    visit(fd, join(level.path, name));
  } catch (error) {
    // What vanishes under our hands needs no adjusting.
    if (!failedWith(error, "ENOENT")) throw error;
  }
}

function descend(levels: Level[], fd: Fd, path: Bytes, stat: Stat): void {
  const listing = openDirectory(fd, SELF);
  levels.push({ fd: listing, path, stat, names: names(listing) });
  const far = levels.at(-1 - OPEN_LEVELS);
  if (far === undefined) return;
  // The rest of its names is kept, its fd is not.
  far.names = [...{ [Symbol.iterator]: () => far.names }].values();
  far.fd.close();
}

function* names(dir: Fd): Generator<Bytes, undefined> {
  for (const { name } of entries(dir)) yield name;
  return undefined;
}

function ascend(levels: Level[]): void {
  const left = levels.pop();
  const above = levels.at(-1);
  if (left === undefined) return;
  try {
    if (above !== undefined && above.fd.number < 0) above.fd = parentOf(left, above);
  } finally {
    left.fd.close();
  }
}

function parentOf(level: Level, expected: Level): Fd {
  const opened = openat(level.fd, PARENT, O_PATH | O_DIRECTORY);
  if (sameInode(statx(opened), expected.stat)) return new Fd(opened.number, expected.path);
  opened.close();
  throw new UnsafePathError("REPLACED_INODE", expected.path, "was moved while its entries were adjusted");
}
