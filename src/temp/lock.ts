/** Locks that show whether a file is in use or abandoned. */
import { failedWith } from "../base/errors.js";
import { type Fd, flock, LOCK_EX, LOCK_NB, LOCK_SH } from "../sys/files.js";

/**
 * Takes the shared lock that makes cleaners skip the file (tmpfiles.d(5), "Age"). Returns `"busy"` if a cleaner holds an
 * exclusive lock, and `"unsupported"` if the file system does not support locks.
 */
export function lockShared(fd: Fd): "locked" | "busy" | "unsupported" {
  try {
    return flock(fd, LOCK_SH | LOCK_NB) ? "locked" : "busy";
  } catch (error) {
    // NFS without lockd, some FUSE file systems, and locks that must be written to (EBADF).
    if (failedWith(error, "ENOLCK", "EOPNOTSUPP", "ENOSYS", "EINVAL", "EBADF")) return "unsupported";
    throw error;
  }
}

/** Takes an exclusive lock, as a cleaner does. Returns false if another process holds a lock. */
export function lockAbandoned(fd: Fd): boolean {
  try {
    return flock(fd, LOCK_EX | LOCK_NB);
  } catch (error) {
    if (failedWith(error, "ENOLCK", "EOPNOTSUPP", "ENOSYS", "EINVAL", "EBADF")) return false;
    throw error;
  }
}
