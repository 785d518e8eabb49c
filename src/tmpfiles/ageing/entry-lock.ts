/** Locks entries with flock(2), also on network file systems, where that is different. */
import { address } from "../../sys/ffi.js";
import { isRemote } from "../../sys/filesystem.js";
import { S_IFDIR, S_IFREG } from "../../sys/inode.js";
import { Listing } from "../../sys/listing.js";
import {
  closeNumber,
  EAGAIN,
  EBADF,
  ENOENT,
  lockExclusive,
  openDirectoryNumber,
  openForLock,
  openForRemoteLock,
  StatxBuffer,
  statxInto,
} from "../../sys/scan.js";
import { type AgeRule, isTooNew } from "./age-rule.js";

/** There is no lock to hold: it could not be opened, or nothing is held in a dry run. */
export const NO_LOCK = -1;
/** Another process holds a lock on it. */
const LOCKED = -2;
/** Below this, nobody knows whether it is locked: this, less the errno. */
const UNKNOWN = -1000;

/** The errno for which it is unknown whether an entry is locked; 0 if it is known. */
export function unknownLockErrno(lock: number): number {
  return lock < UNKNOWN ? UNKNOWN - lock : 0;
}

/** Whether the entry must be kept: it is locked, or may be. */
export function keepsEntry(lock: number): boolean {
  return lock === LOCKED || lock < UNKNOWN;
}

function failedLock(errno: number): number {
  return errno === EAGAIN ? LOCKED : UNKNOWN - errno;
}

const DOT = Buffer.from(".\0");

/** Takes locks, and knows which file systems other hosts use. */
export class EntryLocks {
  #device = Number.NaN;
  #remote = false;

  /** Whether the file system is a remote one; `fd` is in it. A walk seldom leaves its first device. */
  isRemote(fd: number, stat: StatxBuffer): boolean {
    if (stat.device !== this.#device) {
      this.#device = stat.device;
      this.#remote = isRemote(fd);
    }
    return this.#remote;
  }

  /** The fd that holds the lock, NO_LOCK, or what `keepsEntry` is true for. */
  lockFile(dir: number, name: number, stat: StatxBuffer): number {
    const fd = openForLock(dir, name);
    if (fd < 0) return this.#unopened(dir, -fd, stat);
    const failed = lockExclusive(fd);
    if (failed === 0) return fd;
    closeNumber(fd);
    return failed === EBADF ? lockForWriting(dir, name) : failedLock(failed);
  }

  /** Elsewhere, what cannot be opened (a socket, another user's file) cannot be locked by its user either. */
  #unopened(dir: number, errno: number, stat: StatxBuffer): number {
    const maybeLocked = stat.type === S_IFREG && errno !== ENOENT && this.isRemote(dir, stat);
    return maybeLocked ? failedLock(errno) : NO_LOCK;
  }

  /**
   * Locks a directory until `fd` is closed. On a remote file system, a directory that contains a locked file is locked too;
   * that is asked only if something below it could be removed.
   */
  lockDirectory(fd: number, stat: StatxBuffer, rule: AgeRule): number {
    const failed = lockExclusive(fd);
    if (failed !== 0) return failedLock(failed);
    return this.isRemote(fd, stat) ? this.lockedInside(fd, rule) : NO_LOCK;
  }

  /** The first lock, of a file in the directory, for which it must be kept. */
  lockedInside(fd: number, rule: AgeRule): number {
    if (!anyEntry(fd, (_, stat) => stat.type === S_IFDIR || !isTooNew({ stat, within: { rule } })))
      return NO_LOCK;
    let found = NO_LOCK;
    anyEntry(fd, (name, stat) => {
      if (stat.type !== S_IFREG) return false;
      const lock = this.lockFile(fd, name, stat);
      if (lock >= 0) closeNumber(lock);
      else found = lock;
      return keepsEntry(lock);
    });
    return keepsEntry(found) ? found : NO_LOCK;
  }
}

function lockForWriting(dir: number, name: number): number {
  const fd = openForRemoteLock(dir, name);
  if (fd < 0) return fd === -ENOENT ? NO_LOCK : failedLock(-fd);
  const failed = lockExclusive(fd);
  if (failed === 0) return fd;
  closeNumber(fd);
  return failedLock(failed);
}

/** Whether `is` is true for any entry. Opens the directory again: the walk lists it from the start. */
function anyEntry(dir: number, is: (name: number, stat: StatxBuffer) => boolean): boolean {
  const fd = openDirectoryNumber(dir, address(DOT));
  if (fd < 0) return true;
  try {
    const listing = new Listing();
    const stat = new StatxBuffer();
    while (listing.read(fd)) {
      for (let at = 0; at < listing.end; at = listing.next(at)) {
        if (listing.isDots(at) || statxInto(fd, listing.nameAddress(at), stat) !== 0) continue;
        if (is(listing.nameAddress(at), stat)) return true;
      }
    }
    return false;
  } finally {
    closeNumber(fd);
  }
}
