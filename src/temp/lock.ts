/** The locks that tell what is in use from what was left behind. */
import { failedWith } from "../base/errors.js";
import { type Fd, flock, LOCK_EX, LOCK_NB, LOCK_SH } from "../sys/files.js";

/**
 * Takes the shared lock that makes cleaners skip it, tmpfiles.d(5) "Age": `"busy"` if a cleaner holds the
 * exclusive one at this moment, `"unsupported"` if the file system has no such locks.
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
