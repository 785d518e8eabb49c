/** What a walk does to entries: for real, or in a dry run. */
import type { Bytes } from "../../base/bytes.js";
import { flockedInodes } from "../../sys/locks.js";
import {
  closeNumber,
  EPERM,
  removeDirectoryName,
  restoreTimes,
  StatxBuffer,
  statxInto,
  statxOf,
  unlinkName,
  unlock,
} from "../../sys/scan.js";
import type { AgeRule } from "./age-rule.js";
import { EntryLocks, NO_LOCK } from "./entry-lock.js";

/**
 * The effects of a walk: by directory fd and the address of a name, since they are asked for each of a million entries.
 * Where they fail they answer with the errno.
 */
export interface WalkEffects {
  /** Whether they change the disk, or only report what they would do. */
  readonly acts: boolean;
  /** In a dry run: what would be gone by now, so that no later line finds it again. */
  readonly gone?: Set<Bytes>;
  /** Whether the sockets of other network namespaces, and locks that cannot be determined, keep entries. */
  readonly keepsUnseenUse: boolean;
  /** NO_LOCK if this holds the lock until `fd` is closed, or what `keepsEntry` is true for. */
  lockDirectory(fd: number, stat: StatxBuffer, rule: AgeRule): number;
  /** The fd that holds the lock, to be closed once the name is unlinked; or NO_LOCK, or what `keepsEntry` is true for. */
  lockFile(dir: number, name: number, stat: StatxBuffer): number;
  removeFile(dir: number, name: number): number;
  removeDirectory(dir: number, name: number): number;
  /** Restores the times of a directory after entries were removed from it. */
  restoreTimes(fd: number, stat: StatxBuffer): number;
}

export function realWalkEffects(): WalkEffects {
  const locks = new EntryLocks();
  return {
    acts: true,
    keepsUnseenUse: true,
    lockDirectory: (fd, stat, rule) => locks.lockDirectory(fd, stat, rule),
    lockFile: (dir, name, stat) => locks.lockFile(dir, name, stat),
    removeFile: unlinkName,
    removeDirectory: removeDirectoryName,
    restoreTimes,
  };
}

/** The effects of a dry run: they test locks without disturbing their holders. */
export function dryRunWalkEffects(): WalkEffects {
  let inodes: ReadonlySet<number> | undefined;
  let known = false;
  const locks = new EntryLocks();
  /** False if certainly no process holds a lock on it. Those of other hosts are not listed. */
  const maybeLocked = (fd: number, stat: StatxBuffer): boolean => {
    if (locks.isRemote(fd, stat)) return true;
    if (!known) inodes = flockedInodes();
    known = true;
    return inodes === undefined || inodes.has(stat.inode);
  };
  return {
    acts: false,
    keepsUnseenUse: true,
    gone: new Set(),
    lockDirectory(fd, stat, rule) {
      if (!maybeLocked(fd, stat)) return NO_LOCK;
      const lock = locks.lockDirectory(fd, stat, rule);
      if (lock === NO_LOCK) unlock(fd);
      return lock;
    },
    lockFile(dir, name, stat) {
      if (!maybeLocked(dir, stat)) return NO_LOCK;
      const lock = locks.lockFile(dir, name, stat);
      if (lock < 0) return lock;
      closeNumber(lock);
      return NO_LOCK;
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
