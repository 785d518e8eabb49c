/** The directories of a private /tmp, their locks, and their removal. */
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
const LINGERING = "lingering" as Bytes;
const ATTEMPTS = 100;

/** One directory of a private /tmp: the outer one is its maker's alone (0700) and holds the lock, the inner one is what the command sees. */
export class PrivateDirectory implements Disposable {
  /** The path that the command sees it at. */
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
 * The directories of one private /tmp, one below each target, all by the same name. Whoever uses them holds a shared
 * lock on each; the first one's lock decides, so two that come and go at once can't each get half of it.
 */
export type DirectorySet = readonly PrivateDirectory[];

/** Makes the directories and takes their locks; a target that is read-only or full gets none. */
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
  throw new Error("no free name for a private directory");
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

/** Makes the other places that lie inside the target. */
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

/** Where a private /tmp that exists already has one of its directories. */
export interface Location {
  readonly target: Bytes;
  readonly leaf: Bytes;
}

/**
 * Opens the directories of a private /tmp that somebody else made, and takes their locks.
 *
 * @throws SyscallError ENOENT where they are gone, EAGAIN where they are being removed.
 * @throws UnsafePathError UNSAFE_PARENT where somebody else could have put them there.
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
    // Between the mkdir and the lock somebody may have taken it for a stale one, and be removing it.
    if (!flock(outer, LOCK_SH | LOCK_NB)) throw lockError(outer, "EAGAIN");
    const { nlink, uid, mode } = statx(outer);
    if (nlink === 0) throw lockError(outer, "ENOENT");
    if (uid !== process.geteuid?.() || (mode & 0o077) !== 0) {
      throw new UnsafePathError("UNSAFE_PARENT", outer.path, "is not owned by this user alone");
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

/** The directory of that name itself: no symlink in its place. */
export function openChild(dir: Fd, name: Bytes): Fd {
  return openDirectory(dir, name, O_NOFOLLOW);
}

/** Opens /tmp or /var/tmp itself, which must be such that only their owners can move the entries. */
export function openPrivateParent(target: Bytes): Fd {
  const parent = openat(Fd.cwd, target, O_RDONLY | O_DIRECTORY);
  const { uid, mode } = statx(parent);
  const othersWrite = (mode & 0o022) !== 0 && (mode & S_ISVTX) === 0;
  if ((uid === 0 || uid === process.geteuid?.()) && !othersWrite) return parent;
  parent.close();
  const why = othersWrite ? "others may write to it, and it has no sticky bit" : `it belongs to user ${uid}`;
  throw new UnsafePathError("UNSAFE_PARENT", target, why);
}

export type Release =
  /** It was the last one out, and the directories are gone. */
  | { readonly outcome: "removed" }
  /** Somebody else holds a lock on them. */
  | { readonly outcome: "shared" }
  /** Nobody holds a lock, but processes live that see them. */
  | { readonly outcome: "lingering" }
  /** Something inside could not be removed, as a mount of the host's. */
  | { readonly outcome: "left"; readonly left: readonly Left[] };

/**
 * Lets go of the directories: the last one out removes them, unless processes still have them. `isLive` tells of the
 * caller's own, cheaply; `isSeen` of all, and is only asked where somebody left a hint that it should be.
 * The kernel turns a shared lock into an exclusive one, or refuses, in one step: of several who leave at once exactly
 * the last gets it.
 */
export function releaseDirectories(set: DirectorySet, isLive: () => boolean, isSeen: () => boolean): Release {
  try {
    const [first] = set;
    if (first === undefined) return { outcome: isLive() ? "lingering" : "removed" };
    // A service manager's own directory is the manager's to remove.
    if (parseLeaf(first.leaf)?.maker !== "mayfly") return { outcome: "shared" };
    // The hint has to be there before the lock is let go of, for whoever gets it next.
    const inUse = isLive();
    if (inUse) markLingering(first);
    if (!flock(first.outer, LOCK_EX | LOCK_NB)) return { outcome: "shared" };
    if (inUse || (hasLingering(first) && isSeen())) return { outcome: "lingering" };
    const left = removeDirectories(set);
    return left.length === 0 ? { outcome: "removed" } : { outcome: "left", left };
  } finally {
    for (const directory of set) directory[Symbol.dispose]();
  }
}

/** Leaves a hint for who lets go next, that processes of another namespace may see it too, and that it has to look. */
function markLingering(directory: PrivateDirectory): void {
  openat(directory.outer, LINGERING, O_RDONLY | O_CREAT, 0o600).close();
}

function hasLingering(directory: PrivateDirectory): boolean {
  try {
    statx(directory.outer, LINGERING);
    return true;
  } catch (error) {
    if (failedWith(error, "ENOENT")) return false;
    throw error;
  }
}

/** The first one goes last, since its lock is the one that counts. */
export function removeDirectories(set: DirectorySet): Left[] {
  return set.toReversed().flatMap((directory) => removeTree(directory.parent, directory.leaf).left);
}
