/** Opens files that only root or this user can have created or written. */
import { type Bytes, components } from "../base/bytes.js";
import { Fd, O_NOFOLLOW, O_NONBLOCK, O_PATH, O_RDONLY, openat, readlinkat, reopen } from "./files.js";
import { isDirectory, isSymlink, type Stat, statx } from "./inode.js";

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
const MOST_SYMLINKS = 40;

/**
 * Opens an absolute path, component by component, and stops before the first one that another user could have created:
 * it opens no file of theirs, so none can block. Follows symlinks that root owns. Returns an O_PATH
 * fd; `undefined` if the path is not trusted.
 *
 * @throws SyscallError if a trusted directory does not contain the next component.
 */
export function openTrusted(path: Bytes): Fd | undefined {
  let pending = components(path);
  let at = openat(Fd.cwd, "/" as Bytes, O_PATH);
  let inSticky = false;
  try {
    for (let links = 0; pending.length > 0; ) {
      const [name = "." as Bytes, ...rest] = pending;
      const next = openat(at, name, O_PATH | O_NOFOLLOW);
      const stat = statx(next);
      if (isSymlink(stat)) {
        next.close();
        if (!isOwned(stat) || inSticky || ++links > MOST_SYMLINKS) return close(at);
        const target = readlinkat(at, name);
        pending = [...components(target), ...rest];
        if (!target.startsWith("/")) continue;
        at.close();
        at = openat(Fd.cwd, "/" as Bytes, O_PATH);
        continue;
      }
      at.close();
      at = next;
      if (!isTrusted(stat)) return close(at);
      inSticky = (stat.mode & STICKY) !== 0 && isDirectory(stat);
      pending = rest;
    }
    return at;
  } catch (error) {
    at.close();
    throw error;
  }
}

/** Opens a trusted path for reading; undefined if it is not a regular file. */
export function reopenToRead(fd: Fd): Fd {
  return reopen(fd, O_RDONLY | O_NONBLOCK);
}

/** In a sticky directory, users cannot replace files that others own. */
function isTrusted(stat: Stat): boolean {
  if (!isOwned(stat)) return false;
  return (stat.mode & WRITABLE_BY_OTHERS) === 0 || (isDirectory(stat) && (stat.mode & STICKY) !== 0);
}

function isOwned({ uid }: Stat): boolean {
  return uid === 0 || uid === process.geteuid?.();
}

function close(fd: Fd): undefined {
  fd.close();
  return undefined;
}
