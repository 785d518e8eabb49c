/** The handlers of lines that change existing inodes: one, or each of a tree. */
import { type Bytes, dirname, join, PARENT, SELF } from "../../base/bytes.js";
import { failedWith } from "../../base/errors.js";
import { throwIfStopped } from "../../base/stop.js";
import { reopened } from "../../path/tree.js";
import { entries, openDirectory } from "../../sys/directory.js";
import { type Fd, O_NOFOLLOW, O_PATH, openat } from "../../sys/files.js";
import { isDirectory, type Stat, statx } from "../../sys/inode.js";
import { openExact } from "../effects/parents.js";
import { attempt } from "../model/attempt.js";
import type { Handler, Item } from "../model/item.js";
import type { RunContext } from "../model/run-context.js";

/** What a line does to one inode; `fd` is O_PATH. */
export type InodeAction<Argument> = (
  run: RunContext,
  item: Item<Argument>,
  fd: Fd,
  path: Bytes,
  stat: Stat,
) => void;

/** The handler of a line that changes one existing inode. */
export function onPath<Argument>(act: InodeAction<Argument>): Handler<Argument> {
  return (run, item, path) => {
    using fd = openExact(run.root, path);
    act(run, item, fd, path, statx(fd));
  };
}

/** The handler of its recursive twin. */
export function onTree<Argument>(act: InodeAction<Argument>): Handler<Argument> {
  return (run, item, path) => overTree(run, item, path, act);
}

/** A directory on the way down. */
interface TreeFrame {
  fd: Fd;
  readonly stat: Stat;
  names: Iterator<Bytes>;
}

/** This many ancestors keep their fd open; the others are reopened through `..` and compared. */
const OPEN_LEVELS = 8;

/**
 * Acts on `path` and everything below it, on each directory before its entries. No symlink is followed. Depth costs neither
 * stack nor fds. A failure is reported for its own path, and the walk continues.
 */
function overTree<Argument>(
  run: RunContext,
  item: Item<Argument>,
  path: Bytes,
  act: InodeAction<Argument>,
): void {
  const frames: TreeFrame[] = [];
  // Only the last level's path is kept: the paths of 30,000 levels would need a gigabyte.
  let directory = dirname(path);
  const visit = (fd: Fd, at: Bytes): void => {
    const stat = statx(fd);
    attempt(run, item, at, () => act(run, item, fd, at, stat));
    if (isDirectory(stat) && attempt(run, item, at, () => descend(frames, fd, stat))) directory = at;
  };
  try {
    using top = openExact(run.root, path);
    visit(top, path);
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      throwIfStopped(run.stop);
      const next = attemptNext(run, item, frame, directory);
      if (next === undefined) {
        ascend(frames);
        directory = dirname(directory);
      } else {
        const at = join(directory, next);
        attempt(run, item, at, () => visitEntry(frame, next, (fd) => visit(fd, at)));
      }
    }
  } finally {
    for (const frame of frames) frame.fd.close();
  }
}

/** The next name; undefined if the rest of the directory cannot be read. */
function attemptNext(run: RunContext, item: Item, frame: TreeFrame, path: Bytes): Bytes | undefined {
  let next: Bytes | undefined;
  attempt(run, item, path, () => {
    next = frame.names.next().value;
  });
  return next;
}

function visitEntry(frame: TreeFrame, name: Bytes, visit: (fd: Fd) => void): void {
  try {
    using fd = openat(frame.fd, name, O_PATH | O_NOFOLLOW);
    visit(fd);
  } catch (error) {
    // An entry that was removed meanwhile needs no change.
    if (!failedWith(error, "ENOENT")) throw error;
  }
}

function descend(frames: TreeFrame[], fd: Fd, stat: Stat): void {
  const far = frames.at(-OPEN_LEVELS);
  if (far !== undefined) {
    // Read the rest of its names before its fd is closed.
    far.names = [...{ [Symbol.iterator]: () => far.names }].values();
    far.fd.close();
  }
  const listing = openDirectory(fd, SELF);
  frames.push({ fd: listing, stat, names: names(listing) });
}

function* names(dir: Fd): Generator<Bytes, undefined> {
  for (const { name } of entries(dir)) yield name;
  return undefined;
}

function ascend(frames: TreeFrame[]): void {
  const left = frames.pop();
  const above = frames.at(-1);
  if (left === undefined) return;
  try {
    if (above?.fd.isClosed === true) above.fd = reopened(left.fd, PARENT, above, O_PATH);
  } finally {
    left.fd.close();
  }
}
