/** Copies a tree by directory fds. */
import { type Bytes, join } from "../base/bytes.js";
import { failedWith, SyscallError } from "../base/errors.js";
import { copyContent } from "../sys/copy.js";
import { entries, leavingAtime, openDirectory } from "../sys/directory.js";
import {
  type Fd,
  linkat,
  makeDevice,
  mkdirat,
  mknodat,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOCTTY,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_WRONLY,
  openat,
  openat2,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  readlinkat,
  reopen,
  symlinkat,
  unlinkat,
} from "../sys/files.js";
import {
  chmod,
  chown,
  isDirectory,
  isRegular,
  isSymlink,
  type Stat,
  sameInode,
  setTimesOfHeld,
  statx,
} from "../sys/inode.js";
import { getXattr, listXattrs, setXattr } from "../sys/xattr.js";
import { PARENT, reopened } from "./tree.js";

export interface CopyOptions {
  /** Instead of the source's own. */
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** Whether what is missing is added to directories that are there and hold something. */
  readonly merge: boolean;
  /** Makes one inode, with whatever has to be set around that (a label). */
  readonly making: (path: () => Bytes, type: number, make: () => void) => void;
  /** What could not be copied below the top; the rest is. */
  readonly failed: (error: SyscallError) => void;
}

const SELF = "." as Bytes;
const EMPTY = "" as Bytes;
const PERMISSIONS = 0o7777;
/** Without the set-id bits, which come once the owner is right. */
const ACCESS = 0o777;
const USER_NAMESPACE = "user.";

/** Levels farther up than this are closed, and found again through `..`. */
const OPEN_LEVELS = 4;

/** A directory that is being copied, or copied to. */
interface Side {
  fd: Fd;
  readonly stat: Stat;
}

interface Level {
  readonly name: Bytes;
  readonly from: Side;
  readonly to: Side;
  readonly isNew: boolean;
  readonly names: Iterator<Bytes>;
}

/**
 * Copies what `source` (O_PATH) holds to `name` in `dir`: content, owner, mode, times, `user.` attributes; hard links
 * within a tree, symlinks and nodes as they are. Nothing that is there is replaced: it throws EEXIST for the top, also
 * for a directory that holds something unless `merge` is set. What fails further down is told, and the rest copied, in
 * the order of the names; but not on to a full disk. Depth costs neither stack nor fds.
 */
export function copyTree(source: Fd, dir: Fd, name: Bytes, options: CopyOptions): void {
  const copying = new TreeCopy(options);
  copying.copy(source, dir, name);
  copying.finish();
}

class TreeCopy {
  readonly #options: CopyOptions;
  readonly #levels: Level[] = [];
  /** The copy itself. */
  #top: Side | undefined;
  /** Where the first copy of an inode with several names is, below the top: by device and number. */
  readonly #linked = new Map<string, { readonly path: Bytes; readonly stat: Stat }>();

  constructor(options: CopyOptions) {
    this.#options = options;
  }

  finish(): void {
    try {
      for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
        const { value: name, done } = level.names.next();
        if (done === true) this.#leave(level);
        else this.#child(level, name);
      }
    } finally {
      for (const { from, to } of this.#levels) {
        from.fd.close();
        to.fd.close();
      }
      this.#top?.fd.close();
    }
  }

  #child(level: Level, name: Bytes): void {
    this.#noting(() => {
      using source = openat(level.from.fd, name, O_PATH | O_NOFOLLOW);
      this.copy(source, level.to.fd, name);
    });
  }

  #noting(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof SyscallError) || error.code === "ENOSPC") throw error;
      if (error.code !== "EEXIST") this.#options.failed(error);
    }
  }

  copy(source: Fd, dir: Fd, name: Bytes): void {
    const stat = statx(source);
    // A copy that lies within what is copied is no part of it, or there would be no end.
    if (this.#top !== undefined && sameInode(stat, this.#top.stat)) return;
    if (isDirectory(stat)) this.#enter(source, stat, dir, name);
    else if (isSymlink(stat)) this.#symlink(source, stat, dir, name);
    else if (!this.#link(stat, dir, name)) {
      if (isRegular(stat)) this.#file(source, stat, dir, name);
      else this.#node(stat, dir, name);
      if (stat.nlink > 1)
        this.#linked.set(keyOf(stat), { path: this.#relative(name), stat: statx(dir, name) });
    }
  }

  /** Where `name` is below the top of the copy. */
  #relative(name: Bytes): Bytes {
    return [...this.#levels.slice(1).map((level) => level.name), name].join("/") as Bytes;
  }

  #make(dir: Fd, name: Bytes, type: number, make: () => void): void {
    this.#options.making(() => join(dir.path, name), type, make);
  }

  #enter(source: Fd, stat: Stat, dir: Fd, name: Bytes): void {
    // Not by its name ".": one may be allowed to list what one may not search.
    const from = leavingAtime((quiet) => reopen(source, O_RDONLY | O_DIRECTORY | quiet));
    try {
      const there = contentOf(dir, name);
      const isNew = there === undefined || (there === "filled" && !this.#options.merge);
      if (isNew) this.#make(dir, name, stat.mode, () => mkdirat(dir, name, stat.mode & ACCESS));
      const to = openCopy(dir, name);
      const made = statx(to);
      this.#top ??= { fd: reopen(to, O_RDONLY | O_DIRECTORY), stat: made };
      const sorted = [...entries(from)].map((entry) => entry.name).sort();
      const [fromSide, toSide] = [
        { fd: from, stat },
        { fd: to, stat: made },
      ];
      this.#levels.push({ name, from: fromSide, to: toSide, isNew, names: sorted.values() });
    } catch (error) {
      from.close();
      throw error;
    }
    const far = this.#levels.at(-1 - OPEN_LEVELS);
    far?.from.fd.close();
    far?.to.fd.close();
  }

  /** A directory's own owner, mode and times come last: filling it needs the one and moves the others. */
  #leave(level: Level): void {
    this.#levels.pop();
    using from = level.from.fd;
    using to = level.to.fd;
    const above = this.#levels.at(-1);
    if (above !== undefined && above.to.fd.number < 0) {
      above.from.fd = reopened(from, PARENT, above.from, O_PATH);
      above.to.fd = reopened(to, PARENT, above.to, O_PATH);
    }
    if (level.isNew) this.#noting(() => this.#dress(to, level.from.stat, from));
  }

  #file(source: Fd, stat: Stat, dir: Fd, name: Bytes): void {
    using from = leavingAtime((quiet) => reopen(source, O_RDONLY | O_NOCTTY | quiet));
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOCTTY | O_NOFOLLOW;
    let made: Fd | undefined;
    this.#make(dir, name, stat.mode, () => {
      made = openat(dir, name, flags, stat.mode & ACCESS);
    });
    if (made === undefined) return;
    using to = made;
    try {
      copyContent(from, to);
    } catch (error) {
      unlinkat(dir, name);
      throw error;
    }
    this.#dress(to, stat, source);
  }

  #node(stat: Stat, dir: Fd, name: Bytes): void {
    const device = makeDevice(stat.rdevMajor, stat.rdevMinor);
    this.#make(dir, name, stat.mode, () => mknodat(dir, name, stat.mode, device));
    using fd = openat(dir, name, O_PATH | O_NOFOLLOW);
    this.#dress(fd, stat, undefined);
  }

  #symlink(source: Fd, stat: Stat, dir: Fd, name: Bytes): void {
    this.#make(dir, name, stat.mode, () => symlinkat(readlinkat(source, EMPTY), dir, name));
    using fd = openat(dir, name, O_PATH | O_NOFOLLOW);
    this.#dress(fd, stat, source);
  }

  #dress(fd: Fd, stat: Stat, attributesFrom: Fd | undefined): void {
    try {
      chown(fd, this.#options.uid ?? stat.uid, this.#options.gid ?? stat.gid);
    } finally {
      // A copy that can't be given away stays, and has the mode and the age of its source all the same.
      if (!isSymlink(stat)) chmod(fd, stat.mode & PERMISSIONS);
      if (attributesFrom !== undefined) copyXattrs(attributesFrom, fd);
      setTimesOfHeld(fd, stat.atime, stat.mtime);
    }
  }

  /** Gives an inode that was copied already one more name; false where it must be copied anew. */
  #link(stat: Stat, dir: Fd, name: Bytes): boolean {
    const known = stat.nlink > 1 ? this.#linked.get(keyOf(stat)) : undefined;
    const top = this.#top?.fd;
    if (known === undefined || top === undefined) return false;
    try {
      using above = openBelow(top, known.path);
      linkat(above, lastOf(known.path), dir, name);
    } catch (error) {
      if (error instanceof SyscallError) return false;
      throw error;
    }
    // Somebody may have put another inode in its place.
    if (sameInode(statx(dir, name), known.stat)) return true;
    unlinkat(dir, name);
    return false;
  }
}

function openCopy(dir: Fd, name: Bytes): Fd {
  return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOCTTY | O_NOFOLLOW);
}

function keyOf(stat: Stat): string {
  return `${stat.deviceMajor}:${stat.deviceMinor}:${stat.inode}`;
}

const lastOf = (path: Bytes): Bytes => path.slice(path.lastIndexOf("/") + 1) as Bytes;

/** The directory that `path` lies in, below `top` and through no symlink. */
function openBelow(top: Fd, path: Bytes): Fd {
  const above = path.slice(0, Math.max(path.lastIndexOf("/"), 0)) as Bytes;
  return openat2(
    top,
    above === "" ? SELF : above,
    O_PATH | O_DIRECTORY,
    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
  );
}

/** What a directory, or a symlink to one, holds; undefined where nothing is there. Throws ENOTDIR for anything else. */
function contentOf(dir: Fd, name: Bytes): "nothing" | "filled" | undefined {
  try {
    using fd = openDirectory(dir, name);
    return entries(fd).next().done === true ? "nothing" : "filled";
  } catch (error) {
    if (failedWith(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** Of the others, labels and capabilities are for the policy and for lines of their own. Best effort, as in cp(1). */
function copyXattrs(from: Fd, to: Fd): void {
  for (const name of listXattrs(from).filter((one) => one.startsWith(USER_NAMESPACE))) {
    const value = getXattr(from, name);
    try {
      if (value !== undefined) setXattr(to, name, value);
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
    }
  }
}
