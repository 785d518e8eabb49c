/** Opens files that nobody but root and this user can have written or put there. */
import { type Bytes, components } from "../base/bytes.js";
import { Fd, O_NOFOLLOW, O_NONBLOCK, O_PATH, O_RDONLY, openat, readlinkat, reopen } from "./files.js";
import { isDirectory, isSymlink, type Stat, statx } from "./inode.js";

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
const MOST_SYMLINKS = 40;

/**
 * Opens an absolute path, component by component, and stops before the first one that another user could have made:
 * nothing of theirs is opened, so nothing of theirs can block. Symlinks of root's are followed. The result is an O_PATH
 * fd; `undefined` if the path is not to be trusted.
 *
 * @throws SyscallError if a trusted directory does not have the next name.
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

/** To read from: what `openTrusted` found, if it is a regular file. */
export function reopenToRead(fd: Fd): Fd {
  return reopen(fd, O_RDONLY | O_NONBLOCK);
}

/** In a sticky directory nobody can replace what others own. */
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
