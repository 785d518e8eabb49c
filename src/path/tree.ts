/** Removes trees by directory fd, even if they change meanwhile. */
import { type Bytes, escapeForDisplay, PARENT, SELF } from "../base/bytes.js";
import { failedWith, SyscallError, UnsafePathError } from "../base/errors.js";
import { type DirectoryEntry, DT_DIR, entries, leavingAtime } from "../sys/directory.js";
import {
  AT_REMOVEDIR,
  Fd,
  O_DIRECTORY,
  O_NOATIME,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  openat,
  openat2,
  pathBelow,
  RESOLVE_BENEATH,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
  tryUnlinkat,
  unlinkat,
} from "../sys/files.js";
import { chmod, type InodeId, isDirectory, type Stat, sameInode, statx } from "../sys/inode.js";

export interface RemovalResult {
  /** The number of removed entries, including the top. */
  readonly removed: number;
  /** What could not be removed, and why: a mount (EXDEV, EBUSY), an immutable file (EPERM). At most 100 are reported. */
  readonly left: readonly Left[];
}

export interface Left {
  readonly path: Bytes;
  readonly error: SyscallError | UnsafePathError;
}

/** This many ancestors keep their fd open; others are reopened through `..` and compared. */
const OPEN_LEVELS = 8;
/** Another process may add entries as fast as they are removed, so the directory is listed at most this often. */
const MOST_LOOKS = 64;
const MOST_LEFT = 100;
const ENTRIES_A_SLICE = 512;
const LISTING_BUFFER = 8192;

/** The errors of rmdir(2) for a directory that is not empty, including those that it may return before it checks. */
const FULL: readonly string[] = ["ENOTEMPTY", "EEXIST"];
const DESCENDED = [...FULL, "EPERM", "EACCES"];

/** A directory on the path from the top. */
interface RemovalFrame {
  fd: Fd;
  readonly name: Bytes;
  readonly stat: Stat;
  listing: Iterator<DirectoryEntry> | undefined;
  looks: number;
  /** Whether the current pass through the directory removed anything. */
  progress: boolean;
}

/**
 * Removes `name` in `dir` and everything below it, by directory fd and never by path. It follows no symlink and enters no
 * mount. Depth costs neither stack nor fds. If a directory is moved elsewhere meanwhile, nothing is removed there.
 * Directories that deny their own owner access are made accessible first.
 *
 * @throws UnsafePathError REPLACED_INODE if a directory was moved away during the removal.
 */
export function removeTree(dir: Fd, name: Bytes, options: RemovalOptions = {}): RemovalResult {
  const slices = removeTreeInSlices(dir, name, options);
  let slice = slices.next();
  while (slice.done !== true) slice = slices.next();
  return slice.value;
}

/** The same, a few hundred entries at a time, so that an event loop can run in between. */
export function removeTreeInSlices(
  dir: Fd,
  name: Bytes,
  options: RemovalOptions = {},
): Generator<void, RemovalResult> {
  return new TreeRemoval(dir, options).remove(name);
}

export interface RemovalOptions {
  /** Keeps directories of other users, even empty ones, unless root removes them: EPERM. */
  readonly onlyOwn?: boolean;
}

class TreeRemoval {
  readonly #dir: Fd;
  readonly #levels: RemovalFrame[] = [];
  readonly #left: Left[] = [];
  readonly #options: RemovalOptions;
  #removed = 0;

  constructor(dir: Fd, options: RemovalOptions) {
    this.#dir = dir;
    this.#options = options;
  }

  *remove(name: Bytes): Generator<void, RemovalResult> {
    try {
      this.#entry(this.#dir, name);
      let seen = 0;
      for (let level = this.#levels.at(-1); level !== undefined; level = this.#levels.at(-1)) {
        if (++seen % ENTRIES_A_SLICE === 0) yield;
        const next = this.#next(level);
        if (next === undefined) this.#ascend(level);
        else if (next.type === DT_DIR) this.#directory(level.fd, next.name);
        else this.#entry(level.fd, next.name);
      }
    } finally {
      for (const level of this.#levels) level.fd.close();
    }
    return { removed: this.#removed, left: this.#left };
  }

  /** The level's next entry. Lists the directory again as long as the last pass removed something. */
  #next(level: RemovalFrame): DirectoryEntry | undefined {
    for (;;) {
      level.listing ??= entries(level.fd, LISTING_BUFFER);
      const { value, done } = level.listing.next();
      if (done !== true) return value;
      if (!level.progress || ++level.looks >= MOST_LOOKS) return undefined;
      this.#look(level, reopened(level.fd, SELF, level, O_RDONLY));
    }
  }

  #entry(dir: Fd, name: Bytes): void {
    const code = this.#unlinked(dir, name, 0, ["EISDIR", "EPERM"]);
    if (code === "EISDIR") this.#directory(dir, name);
    // In an immutable directory the kernel does not report what the entry is.
    else if (code === "EPERM" && isDirectoryAt(dir, name)) this.#directory(dir, name);
    else if (code === "EPERM") this.#failed(dir, name, 0);
  }

  /**
   * Removes the directory, or descends into it if it is not empty. A directory that cannot be removed is emptied anyway.
   */
  #directory(dir: Fd, name: Bytes): void {
    // Its owner is known once it is open.
    if (this.#options.onlyOwn !== true) {
      const code = this.#unlinked(dir, name, AT_REMOVEDIR, DESCENDED);
      if (code === undefined || !DESCENDED.includes(code)) return;
    }
    try {
      this.#descend(dir, name);
    } catch (error) {
      this.#stays(dir, name, error);
    }
  }

  #descend(dir: Fd, name: Bytes): void {
    const fd = openInside(dir, name, this.#options);
    this.#levels.push({ fd, name, stat: statx(fd), listing: undefined, looks: 0, progress: false });
    const far = this.#levels.at(-1 - OPEN_LEVELS);
    if (far === undefined) return;
    far.fd.close();
    far.listing = undefined;
  }

  /** Returns to the parent and removes the emptied directory. */
  #ascend(level: RemovalFrame): void {
    const above = this.#levels.at(-2);
    if (above?.fd.isClosed === true) this.#look(above, reopened(level.fd, PARENT, above, O_RDONLY));
    const dir = above?.fd ?? this.#dir;
    this.#levels.pop();
    level.fd.close();
    this.#unlinked(dir, level.name, AT_REMOVEDIR, []);
  }

  /**
   * Unlinks. Returns the error code if it shows what the entry is; reports entries that cannot be removed for other
   * reasons.
   */
  #unlinked(dir: Fd, name: Bytes, flags: number, expected = FULL): string | undefined {
    let code = tryUnlinkat(dir, name, flags);
    if (code === "EACCES" && dir !== this.#dir && openUp(dir)) code = tryUnlinkat(dir, name, flags);
    if (code === undefined) this.#gone();
    else if (code !== "ENOENT" && !expected.includes(code)) this.#failed(dir, name, flags);
    return code;
  }

  /** Tries once more for the error's message, which is costly to build for a path 30,000 levels deep. */
  #failed(dir: Fd, name: Bytes, flags: number): void {
    if (this.#left.length >= MOST_LEFT) return;
    try {
      unlinkat(dir, name, flags);
      this.#gone();
    } catch (error) {
      this.#stays(dir, name, error);
    }
  }

  #look(level: RemovalFrame, fd: Fd): void {
    level.fd.close();
    level.fd = fd;
    level.listing = undefined;
    level.progress = false;
  }

  #gone(): void {
    this.#removed++;
    const level = this.#levels.at(-1);
    if (level !== undefined) level.progress = true;
  }

  #stays(dir: Fd, name: Bytes, error: unknown): void {
    if (failedWith(error, "ENOENT")) return;
    if (!(error instanceof SyscallError || error instanceof UnsafePathError)) throw error;
    if (this.#left.length < MOST_LEFT) this.#left.push({ path: pathBelow(dir, name), error });
  }
}

function isDirectoryAt(dir: Fd, name: Bytes): boolean {
  try {
    return isDirectory(statx(dir, name));
  } catch (error) {
    if (error instanceof SyscallError) return false;
    throw error;
  }
}

/** Opens `.` or `..` of `from`, which must still be the inode that `expected` was when it was entered. */
export function reopened(
  from: Fd,
  to: Bytes,
  expected: { readonly fd: Fd; readonly stat: InodeId },
  flags: number,
): Fd {
  const opened = leavingAtime((quiet) => openat(from, to, flags | O_DIRECTORY | quiet));
  const fd = new Fd(opened.number, "" as Bytes, expected.fd);
  if (sameInode(statx(fd), expected.stat)) return fd;
  fd.close();
  throw new UnsafePathError("REPLACED_INODE", expected.fd.path, "was moved while it was being processed");
}

/** Opens a directory for listing without leaving its parent's mount: EXDEV if it is a mount point. */
export function openInside(dir: Fd, name: Bytes, { onlyOwn = false }: RemovalOptions = {}): Fd {
  const list = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
  const open = (): Fd => {
    try {
      // Preserves the access times of directories that cannot be removed.
      return openOnMount(dir, name, list | O_NOATIME);
    } catch (error) {
      // Only the owner and root may use O_NOATIME.
      if (onlyOwn || !failedWith(error, "EPERM")) throw error;
      return openOnMount(dir, name, list);
    }
  };
  try {
    return open();
  } catch (error) {
    if (!failedWith(error, "EACCES")) throw error;
    using locked = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (!openUp(locked)) throw error;
    return open();
  }
}

/** Opens a single name with openat2(2). Kernels before 5.6 and containers' filters reject it: ENOSYS, EPERM. */
function openOnMount(dir: Fd, name: Bytes, flags: number): Fd {
  try {
    return openat2(dir, name, flags, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
  } catch (error) {
    if (!failedWith(error, "ENOSYS", "EPERM")) throw error;
  }
  const fd = openat(dir, name, flags);
  const [outer, inner] = [statx(dir), statx(fd)];
  const sameDevice = inner.deviceMajor === outer.deviceMajor && inner.deviceMinor === outer.deviceMinor;
  if (sameDevice && inner.mountId === outer.mountId && !inner.isMountRoot) return fd;
  fd.close();
  throw new SyscallError(
    "EXDEV",
    18,
    "openat",
    [`${dir}`, JSON.stringify(escapeForDisplay(name))],
    pathBelow(dir, name),
  );
}

/** Restores the owner's own access to a directory; false if that changes nothing. */
function openUp(dir: Fd): boolean {
  try {
    const { mode } = statx(dir);
    if ((mode & 0o700) === 0o700) return false;
    chmod(dir, (mode & 0o7777) | 0o700);
    return true;
  } catch (error) {
    if (failedWith(error, "EPERM", "EROFS")) return false;
    throw error;
  }
}
