/** Creates, locks, joins and removes the directories of a private /tmp. */
import { constants } from "node:os";
import { type Bytes, components, join } from "../base/bytes.js";
import { failedWith, SyscallError, UnsafePathError } from "../base/errors.js";
import { type Left, removeTree } from "../path/tree.js";
import { openDirectory } from "../sys/directory.js";
import {
  Fd,
  flock,
  LOCK_EX,
  LOCK_NB,
  LOCK_SH,
  mkdirat,
  O_CREAT,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_RDONLY,
  openat,
} from "../sys/files.js";
import { chmod, S_ISVTX, statx } from "../sys/inode.js";
import { newLeaf, parseLeaf } from "./name.js";
import { placesInside } from "./targets.js";

const INNER = "tmp" as Bytes;
const IN_USE_MARKER = "lingering" as Bytes;
const ATTEMPTS = 100;

/** One directory of a private /tmp. The outer directory (0700) is accessible only to its owner and holds the lock; the command sees the inner one. */
class PrivateDirectory implements Disposable {
  /** The path at which the command sees it. */
  readonly target: Bytes;
  readonly leaf: Bytes;
  readonly parent: Fd;
  readonly outer: Fd;
  readonly inner: Fd;

  constructor(target: Bytes, leaf: Bytes, parent: Fd, outer: Fd, inner: Fd) {
    this.target = target;
    this.leaf = leaf;
    this.parent = parent;
    this.outer = outer;
    this.inner = inner;
  }

  /** The outer directory's path on the host. */
  get path(): Bytes {
    return join(this.target, this.leaf);
  }

  [Symbol.dispose](): void {
    for (const fd of [this.inner, this.outer, this.parent]) fd.close();
  }
}

/**
 * The directories of one private /tmp, one below each target, all with the same name. Each user holds a shared lock on all
 * of them. The lock of the first one decides, so that concurrent users cannot end up with half of them each.
 */
export type DirectorySet = readonly PrivateDirectory[];

/** Creates and locks the directories. A target whose file system is read-only or full gets none. */
export function makeDirectories(targets: readonly Bytes[], name: string): DirectorySet {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const leaf = newLeaf(name);
    const made: PrivateDirectory[] = [];
    try {
      for (const target of targets) {
        const directory = makeDirectory(target, leaf);
        if (directory !== undefined) made.push(directory);
      }
      return made;
    } catch (error) {
      removeDirectories(made);
      for (const directory of made) directory[Symbol.dispose]();
      if (!failedWith(error, "EEXIST", "ENOENT", "EAGAIN")) throw error;
    }
  }
  throw new Error("cannot find an unused name for the private directory");
}

function makeDirectory(target: Bytes, leaf: Bytes): PrivateDirectory | undefined {
  const parent = openPrivateParent(target);
  try {
    mkdirat(parent, leaf, 0o700);
    return openLocked(target, leaf, parent, (outer) => {
      chmod(outer, 0o700);
      mkdirat(outer, INNER, 0o700);
      const inner = openChild(outer, INNER);
      chmod(inner, 0o1777);
      makePlaces(inner, target);
      return inner;
    });
  } catch (error) {
    parent.close();
    if (failedWith(error, "EROFS", "ENOSPC", "EDQUOT")) return undefined;
    throw error;
  }
}

/** Creates the other targets that are inside this one. */
export function makePlaces(inner: Fd, target: Bytes): void {
  for (const place of placesInside(target)) {
    const made: Fd[] = [];
    for (const name of components(place)) {
      const dir = made.at(-1) ?? inner;
      mkdirat(dir, name, 0o755);
      made.push(openChild(dir, name));
    }
    chmod(made.at(-1) ?? inner, 0o1777);
    for (const fd of made) fd.close();
  }
}

/** The location of one directory of an existing private /tmp. */
export interface Location {
  readonly target: Bytes;
  readonly leaf: Bytes;
}

/**
 * Opens and locks the directories of an existing private /tmp.
 *
 * @throws SyscallError ENOENT if they do not exist any more, EAGAIN if they are being removed.
 * @throws UnsafePathError UNSAFE_PARENT if another user could have created them.
 */
export function openDirectories(locations: readonly Location[]): DirectorySet {
  const opened: PrivateDirectory[] = [];
  try {
    for (const { target, leaf } of locations) opened.push(openExisting(target, leaf));
    return opened;
  } catch (error) {
    for (const directory of opened) directory[Symbol.dispose]();
    throw error;
  }
}

function openExisting(target: Bytes, leaf: Bytes): PrivateDirectory {
  const parent = openPrivateParent(target);
  try {
    return openLocked(target, leaf, parent, (outer) => openChild(outer, INNER));
  } catch (error) {
    parent.close();
    throw error;
  }
}

function openLocked(target: Bytes, leaf: Bytes, parent: Fd, openInner: (outer: Fd) => Fd): PrivateDirectory {
  const outer = openChild(parent, leaf);
  try {
    // Between mkdir and flock, another process may have considered it stale and started to remove it.
    if (!flock(outer, LOCK_SH | LOCK_NB)) throw lockError(outer, "EAGAIN");
    const { nlink, uid, mode } = statx(outer);
    if (nlink === 0) throw lockError(outer, "ENOENT");
    if (uid !== process.geteuid?.() || (mode & 0o077) !== 0) {
      throw new UnsafePathError(
        "UNSAFE_PARENT",
        outer.path,
        "belongs to another user, or other users can access it",
      );
    }
    return new PrivateDirectory(target, leaf, parent, outer, openInner(outer));
  } catch (error) {
    outer.close();
    throw error;
  }
}

function lockError(outer: Fd, code: "EAGAIN" | "ENOENT"): SyscallError {
  return new SyscallError(code, constants.errno[code], "flock", [`${outer}`, "LOCK_SH"], outer.path);
}

/** Opens the directory without following a symlink. */
export function openChild(dir: Fd, name: Bytes): Fd {
  return openDirectory(dir, name, O_NOFOLLOW);
}

/** Opens /tmp or /var/tmp. It must not let users move the entries of others. */
export function openPrivateParent(target: Bytes): Fd {
  const parent = openat(Fd.cwd, target, O_RDONLY | O_DIRECTORY);
  const { uid, mode } = statx(parent);
  const othersWrite = (mode & 0o022) !== 0 && (mode & S_ISVTX) === 0;
  if ((uid === 0 || uid === process.geteuid?.()) && !othersWrite) return parent;
  parent.close();
  const why = othersWrite
    ? "it is writable by other users and has no sticky bit"
    : `it belongs to user ${uid}`;
  throw new UnsafePathError("UNSAFE_PARENT", target, why);
}

export type Release =
  /** The caller was the last user; the directories were removed. */
  | { readonly outcome: "removed" }
  /** Another process holds a lock on them. */
  | { readonly outcome: "shared" }
  /** No process holds a lock, but some processes still see them. */
  | { readonly outcome: "lingering" }
  /** Something inside could not be removed, such as a mount point of the host. */
  | { readonly outcome: "left"; readonly left: readonly Left[] };

/**
 * Releases the directories. The last user removes them, unless processes still see them. `isLive` checks the caller's own
 * processes and is cheap; `isSeen` checks all processes, and is called only if an in-use marker asks for it. The kernel
 * converts a shared lock to an exclusive one atomically, or refuses: of several concurrent users, only the last gets it.
 */
export function releaseDirectories(set: DirectorySet, isLive: () => boolean, isSeen: () => boolean): Release {
  try {
    const [first] = set;
    if (first === undefined) return { outcome: isLive() ? "lingering" : "removed" };
    // A directory of systemd is removed by systemd.
    if (parseLeaf(first.leaf)?.maker !== "mayfly") return { outcome: "shared" };
    // The in-use marker must exist before the lock is released, for the next user.
    const inUse = isLive();
    if (inUse) markInUse(first);
    if (!flock(first.outer, LOCK_EX | LOCK_NB)) return { outcome: "shared" };
    if (inUse || (hasInUseMarker(first) && isSeen())) return { outcome: "lingering" };
    const left = removeDirectories(set);
    return left.length === 0 ? { outcome: "removed" } : { outcome: "left", left };
  } finally {
    for (const directory of set) directory[Symbol.dispose]();
  }
}

/** Leaves an in-use marker: the next user must check whether processes of other namespaces still see the directories. */
function markInUse(directory: PrivateDirectory): void {
  openat(directory.outer, IN_USE_MARKER, O_RDONLY | O_CREAT, 0o600).close();
}

function hasInUseMarker(directory: PrivateDirectory): boolean {
  try {
    statx(directory.outer, IN_USE_MARKER);
    return true;
  } catch (error) {
    if (failedWith(error, "ENOENT")) return false;
    throw error;
  }
}

/** Removes the first one last, since its lock decides. */
function removeDirectories(set: DirectorySet): Left[] {
  return set.toReversed().flatMap((directory) => removeTree(directory.parent, directory.leaf).left);
}
