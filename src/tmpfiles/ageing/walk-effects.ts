/** What a walk does to entries: for real, or in a dry run. */
import type { Bytes } from "../../base/bytes.js";
import { flockedInodes } from "../../sys/locks.js";
import {
  closeNumber,
  EAGAIN,
  EPERM,
  lockExclusive,
  openForLock,
  removeDirectoryName,
  restoreTimes,
  StatxBuffer,
  statxInto,
  statxOf,
  unlinkName,
  unlock,
} from "../../sys/scan.js";

/** Another process holds a lock on it. */
export const LOCKED = -2;
/** There is no lock to hold: it could not be opened, or nothing is held in a dry run. */
export const NO_LOCK = -1;

/**
 * The effects of a walk: by directory fd and the address of a name, since they are asked for each of a million entries.
 * Where they fail they answer with the errno.
 */
export interface WalkEffects {
  /** Whether they change the disk, or only report what they would do. */
  readonly acts: boolean;
  /** In a dry run: what would be gone by now, so that no later line finds it again. */
  readonly gone?: Set<Bytes>;
  /** True if another process holds a lock; otherwise this takes the lock until `fd` is closed. */
  lockDirectory(fd: number, stat: StatxBuffer): boolean;
  /** The fd that holds the lock, to be closed once the name is unlinked; or LOCKED, or NO_LOCK. */
  lockFile(dir: number, name: number, stat: StatxBuffer): number;
  removeFile(dir: number, name: number): number;
  removeDirectory(dir: number, name: number): number;
  /** Restores the times of a directory after entries were removed from it. */
  restoreTimes(fd: number, stat: StatxBuffer): number;
}

export const realWalkEffects: WalkEffects = {
  acts: true,
  lockDirectory: (fd) => lockExclusive(fd) !== 0,
  lockFile(dir, name) {
    // What can't be opened (a socket, a file of somebody else's) can't be locked by its user either, and goes.
    const fd = openForLock(dir, name);
    if (fd < 0) return NO_LOCK;
    if (lockExclusive(fd) !== EAGAIN) return fd;
    closeNumber(fd);
    return LOCKED;
  },
  removeFile: unlinkName,
  removeDirectory: removeDirectoryName,
  restoreTimes,
};

/** The effects of a dry run: they test locks without disturbing their holders. */
export function dryRunWalkEffects(): WalkEffects {
  let inodes: ReadonlySet<number> | undefined;
  let known = false;
  /** False if certainly no process holds a lock on it. */
  const maybeLocked = (stat: StatxBuffer): boolean => {
    if (!known) inodes = flockedInodes();
    known = true;
    return inodes === undefined || inodes.has(stat.inode);
  };
  return {
    acts: false,
    gone: new Set(),
    lockDirectory: (fd, stat) => maybeLocked(stat) && probe(fd),
    lockFile(dir, name, stat) {
      if (!maybeLocked(stat)) return NO_LOCK;
      const fd = openForLock(dir, name);
      if (fd < 0) return NO_LOCK;
      const locked = probe(fd);
      closeNumber(fd);
      return locked ? LOCKED : NO_LOCK;
    },
    removeFile: refusal,
    removeDirectory: refusal,
    restoreTimes: () => 0,
  };
}

/** The errno that the kernel would refuse a removal with: what is immutable stays, and what lies in it. */
function refusal(dir: number, name: number): number {
  const stat = new StatxBuffer();
  const failed = statxInto(dir, name, stat);
  if (failed !== 0 || stat.isFrozen) return failed || EPERM;
  return statxOf(dir, stat) === 0 && stat.isFrozen ? EPERM : 0;
}

/** Tries a lock and releases it at once. */
function probe(fd: number): boolean {
  const result = lockExclusive(fd);
  if (result === 0) unlock(fd);
  return result === EAGAIN;
}
