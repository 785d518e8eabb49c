import { failedWith } from "../base/errors.js";
import { type Fd, flock, LOCK_EX, LOCK_NB, LOCK_SH } from "../sys/files.js";

/**
 * Takes the shared lock that tells cleaners to pass by, tmpfiles.d(5) "Age": `"busy"` where a cleaner holds the
 * exclusive one at this moment, `"unsupported"` where the file system has no such locks.
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

/** Whether nobody holds a lock on what `fd` holds: then it is locked exclusively from here on, as a cleaner does. */
export function lockAbandoned(fd: Fd): boolean {
  try {
    return flock(fd, LOCK_EX | LOCK_NB);
  } catch (error) {
    if (failedWith(error, "ENOLCK", "EOPNOTSUPP", "ENOSYS", "EINVAL", "EBADF")) return false;
    throw error;
  }
}
