/** Lets one `mayfly install` or `uninstall` at a time change a host. */
import { type Bytes, basename, escapeForDisplay, join } from "../base/bytes.js";
import {
  type Fd,
  flock,
  LOCK_EX,
  LOCK_NB,
  O_CREAT,
  O_NOFOLLOW,
  O_RDWR,
  openat,
  tryUnlinkat,
} from "../sys/files.js";
import { statx } from "../sys/inode.js";
import { sleepSync } from "../sys/sleep.js";
import { parentOf, stateAt } from "./place.js";
import type { Host } from "./plan.js";

const NAME = ".mayfly-install.lock" as Bytes;
const ATTEMPT_MS = 50;
const MOST_ATTEMPTS = 1200;

/**
 * Waits up to a minute for another process to finish. The file is removed with the lock still held, so nothing is left; after
 * a kill, the next command takes the file over.
 *
 * @throws Error if the other process still runs then.
 */
export function withLock<Result>(host: Host, act: () => Result): Result {
  const path = join(lockDirectory(host), NAME);
  using dir = parentOf(host.root, path);
  if (dir === undefined) throw new Error(`${escapeForDisplay(path)}: its directory does not exist`);
  using _lock = lockIn(dir, path);
  try {
    return act();
  } finally {
    tryUnlinkat(dir, basename(path));
  }
}

/** It exists on every host, and is not where others can create files: that of a tree is its own root. */
function lockDirectory({ root, user, home, running }: Host): Bytes {
  if (user) return home;
  return running && stateAt(root, "/run" as Bytes).kind === "directory" ? ("/run" as Bytes) : ("/" as Bytes);
}

function lockIn(dir: Fd, path: Bytes): Fd {
  const open = (): Fd => openat(dir, NAME, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  let file = open();
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const isHeld = flock(file, LOCK_EX | LOCK_NB);
    const isRemoved = statx(file).nlink === 0;
    if (isHeld && !isRemoved) return file;
    if (!isHeld) sleepSync(ATTEMPT_MS);
    if (!isRemoved) continue;
    // The command that had the lock removed the file when it ended.
    file.close();
    file = open();
  }
  file.close();
  throw new Error(
    `${escapeForDisplay(path)}: another 'mayfly install' or 'mayfly uninstall' is running; repeat the command when it has ended`,
  );
}
