/** What a walk does to entries: for real, or in a dry run. */
import type { Bytes } from "../../base/bytes.js";
import { type Errno, type FdNumber, SUCCESS } from "../../sys/ffi.js";
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
import { type EntryLock, EntryLocks, isConflict, type LockConflict } from "./entry-lock.js";

/** The effects of a walk. They use directory fds and addresses of names, because they run for each of a million entries. */
export interface WalkEffects {
  /** Whether they change the disk, or only report what they would do. */
  readonly acts: boolean;
  /** In a dry run: the paths that a run would have removed by now, so that no later line finds them again. */
  readonly gone?: Set<Bytes>;
  /** Whether the sockets of other network namespaces, and locks that cannot be determined, keep entries. */
  readonly keepsUnseenUse: boolean;
  /** Holds the lock until `fd` is closed, unless there is a conflict. */
  lockDirectory(fd: FdNumber, stat: StatxBuffer, rule: AgeRule): LockConflict | undefined;
  /** Close the lock after unlinking the name. */
  lockFile(dir: FdNumber, name: number, stat: StatxBuffer): EntryLock;
  removeFile(dir: FdNumber, name: number): Errno;
  removeDirectory(dir: FdNumber, name: number): Errno;
  /** Restores the times of a directory after entries were removed from it. */
  restoreTimes(fd: FdNumber, stat: StatxBuffer): Errno;
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
  const maybeLocked = (fd: FdNumber, stat: StatxBuffer): boolean => {
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
      if (!maybeLocked(fd, stat)) return undefined;
      const conflict = locks.lockDirectory(fd, stat, rule);
      if (conflict === undefined) unlock(fd);
      return conflict;
    },
    lockFile(dir, name, stat) {
      const lock = maybeLocked(dir, stat) ? locks.lockFile(dir, name, stat) : undefined;
      if (lock === undefined || isConflict(lock)) return lock;
      closeNumber(lock);
      return undefined;
    },
    removeFile: refusal,
    removeDirectory: refusal,
    restoreTimes: () => SUCCESS,
  };
}

/** The errno with which the kernel would refuse a removal: an immutable inode is kept, and so are the entries of one. */
function refusal(dir: FdNumber, name: number): Errno {
  const stat = new StatxBuffer();
  const failed = statxInto(dir, name, stat);
  if (failed !== SUCCESS) return failed;
  return stat.isFrozen || (statxOf(dir, stat) === SUCCESS && stat.isFrozen) ? EPERM : SUCCESS;
}
