/** Locks entries with flock(2), also on network file systems, where that is different. */
import { address, type Errno, errno, errnoName, type FdNumber, SUCCESS } from "../../sys/ffi.js";
import { isRemote } from "../../sys/filesystem.js";
import { S_IFDIR, S_IFREG } from "../../sys/inode.js";
import { Listing } from "../../sys/listing.js";
import { heldLocks } from "../../sys/locks.js";
import {
  closeNumber,
  EAGAIN,
  EBADF,
  ENOENT,
  lockExclusive,
  openForListing,
  openForLock,
  openForRemoteLock,
  StatxBuffer,
  statxInto,
} from "../../sys/scan.js";
import { sleepSync } from "../../sys/sleep.js";
import { type AgeRule, isTooNew } from "./age-rule.js";

/** Another process holds a lock on the entry, or may hold one: `errno` is why that is unknown. */
export interface LockConflict {
  readonly errno?: Errno;
}

/** The fd that holds the lock; undefined if there is none to hold, as in a dry run. */
export type EntryLock = FdNumber | LockConflict | undefined;

/** Whether the lock is not ours, so that the entry must be kept. */
export function isConflict(lock: EntryLock): lock is LockConflict {
  return typeof lock === "object";
}

/** The name of the errno if it is unknown whether the entry is locked. */
export function conflictError({ errno }: LockConflict): string | undefined {
  return errno && errnoName(errno);
}

const LOCKED: LockConflict = {};

function conflictAfter(failed: Errno): LockConflict {
  return failed === EAGAIN ? LOCKED : { errno: failed };
}

/** How often a lock is tried while no other process is seen to hold it, once per millisecond. */
const MOST_ATTEMPTS = 100;

/** True too if that cannot be found out. */
function isLockedByOthers(stat: StatxBuffer): boolean {
  try {
    return heldLocks().some(
      ({ kind, inode, pid }) => kind === "flock" && inode === stat.inode && pid !== process.pid,
    );
  } catch {
    return true;
  }
}

const DOT = Buffer.from(".\0");

/** Takes locks, and knows which file systems other hosts use. */
export class EntryLocks {
  #device = Number.NaN;
  #remote = false;

  /** Whether the file system is a remote one; `fd` is in it. A walk seldom leaves its first device. */
  isRemote(fd: FdNumber, stat: StatxBuffer): boolean {
    if (stat.device !== this.#device) {
      this.#device = stat.device;
      this.#remote = isRemote(fd);
    }
    return this.#remote;
  }

  /** An inode with several names may be locked for a moment by another thread, which removes another name. */
  lockFile(dir: FdNumber, name: number, stat: StatxBuffer): EntryLock {
    let lock = this.#tryLockFile(dir, name, stat);
    for (let attempt = 0; lock === LOCKED && stat.links > 1 && attempt < MOST_ATTEMPTS; attempt++) {
      if (isLockedByOthers(stat)) break;
      sleepSync(1);
      lock = this.#tryLockFile(dir, name, stat);
    }
    return lock;
  }

  #tryLockFile(dir: FdNumber, name: number, stat: StatxBuffer): EntryLock {
    const fd = openForLock(dir, name);
    if (fd === undefined) return this.#unopened(dir, errno(), stat);
    const failed = lockExclusive(fd);
    if (failed === SUCCESS) return fd;
    closeNumber(fd);
    return failed === EBADF ? lockForWriting(dir, name) : conflictAfter(failed);
  }

  /** Elsewhere, what cannot be opened (a socket, another user's file) cannot be locked by its user either. */
  #unopened(dir: FdNumber, failed: Errno, stat: StatxBuffer): LockConflict | undefined {
    const maybeLocked = stat.type === S_IFREG && failed !== ENOENT && this.isRemote(dir, stat);
    return maybeLocked ? conflictAfter(failed) : undefined;
  }

  /**
   * Locks a directory until `fd` is closed. On a remote file system, a directory that contains a locked file is locked too;
   * that is checked only if something below it could be removed.
   */
  lockDirectory(fd: FdNumber, stat: StatxBuffer, rule: AgeRule): LockConflict | undefined {
    const failed = lockExclusive(fd);
    if (failed !== SUCCESS) return conflictAfter(failed);
    return this.isRemote(fd, stat) ? this.lockedInside(fd, rule) : undefined;
  }

  /** The first conflict about a file in the directory, which must then be kept. */
  lockedInside(fd: FdNumber, rule: AgeRule): LockConflict | undefined {
    if (!anyEntry(fd, (_, stat) => stat.type === S_IFDIR || !isTooNew({ stat, within: { rule } })))
      return undefined;
    let found: LockConflict | undefined;
    anyEntry(fd, (name, stat) => {
      const lock = stat.type === S_IFREG ? this.lockFile(fd, name, stat) : undefined;
      if (isConflict(lock)) found = lock;
      else if (lock !== undefined) closeNumber(lock);
      return found !== undefined;
    });
    return found;
  }
}

function lockForWriting(dir: FdNumber, name: number): EntryLock {
  const fd = openForRemoteLock(dir, name);
  if (fd === undefined) return failedToOpen(errno());
  const failed = lockExclusive(fd);
  if (failed === SUCCESS) return fd;
  closeNumber(fd);
  return conflictAfter(failed);
}

function failedToOpen(failed: Errno): LockConflict | undefined {
  return failed === ENOENT ? undefined : conflictAfter(failed);
}

/** Whether `is` is true for any entry. Opens the directory again: the walk lists it from the start. */
function anyEntry(dir: FdNumber, is: (name: number, stat: StatxBuffer) => boolean): boolean {
  const fd = openForListing(dir, address(DOT));
  if (fd === undefined) return true;
  try {
    const listing = new Listing();
    const stat = new StatxBuffer();
    while (listing.read(fd)) {
      for (let at = 0; at < listing.end; at = listing.next(at)) {
        if (listing.isDots(at) || statxInto(fd, listing.nameAddress(at), stat) !== SUCCESS) continue;
        if (is(listing.nameAddress(at), stat)) return true;
      }
    }
    return false;
  } finally {
    closeNumber(fd);
  }
}
