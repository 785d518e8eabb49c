/** Opens and creates the directories above the path of a line. */
import { type Bytes, basename, dirname, join } from "../../base/bytes.js";
import { failedWith, SyscallError, UnsafePathError } from "../../base/errors.js";
import { requireNormalized, resolve, resolvePartial } from "../../path/resolve.js";
import { isUnsafeTransition, requireSafeTransition } from "../../path/transition.js";
import { type Fd, mkdirat, O_DIRECTORY, O_NOFOLLOW, O_PATH, openat } from "../../sys/files.js";
import { chmod, isDirectory, PERMISSIONS, S_IFDIR, type Stat, statx } from "../../sys/inode.js";
import { ItemError } from "./item-error.js";

const PARENT_MODE = 0o755;

/** The last component of `path`. */
export function nameOf(path: Bytes): Bytes {
  const name = basename(path);
  if (name === "") throw new ItemError("NO_NAME", path, "has no name of its own");
  return name;
}

/** The inode at `name`, symlinks not followed; undefined if there is none. */
export function look(dir: Fd, name: Bytes): Stat | undefined {
  try {
    return statx(dir, name);
  } catch (error) {
    if (failedWith(error, "ENOENT")) return undefined;
    throw error;
  }
}

/**
 * The directory of `path`, and the missing names between the two. Refuses, before it creates anything, to put a directory
 * of this process's user into one of another user.
 */
export function resolveParent(root: Bytes, path: Bytes): { fd: Fd; missing: readonly Bytes[] } {
  nameOf(path);
  requireNormalized(path);
  const reached = resolvePartial(root, dirname(path), { follow: true });
  const [first] = reached.missing;
  if (first === undefined) return reached;
  const { fd } = reached;
  try {
    const uid = process.geteuid?.() ?? 0;
    const made = { fd: { path: join(fd.path, first) }, stat: { uid, mode: S_IFDIR | PARENT_MODE } };
    requireSafeTransition(path, { fd, stat: statx(fd) }, made);
    return reached;
  } catch (error) {
    fd.close();
    throw error;
  }
}

/** Opens the inode at `path`; does not follow a symlink in the last component. */
export function openExact(root: Bytes, path: Bytes): Fd {
  requireNormalized(path);
  return resolve(root, path, { follow: false });
}

/** The directory of `path`, which must exist. */
export function openParentOf(root: Bytes, path: Bytes): Fd {
  nameOf(path);
  requireNormalized(path);
  return resolve(root, dirname(path), { follow: true });
}

/**
 * Creates the missing directories below `from` and returns the last. If another process has created one meanwhile, it is
 * entered only by a safe transition. Clears the set-group-id bit inherited from the directory above, except with the `=`
 * modifier.
 */
export function makeMissing(path: Bytes, from: Fd, missing: readonly Bytes[], making: ParentCreation): Fd {
  let fd = from;
  try {
    for (const name of missing) {
      const isNew = makeOne(fd, name, making);
      const below = openat(fd, name, O_PATH | O_NOFOLLOW | O_DIRECTORY);
      const outer = { fd, stat: statx(fd) };
      fd.close();
      fd = below;
      const stat = statx(fd);
      requireSafeTransition(path, outer, { fd, stat });
      if (isNew && !making.keepSetGid && (stat.mode & PERMISSIONS) !== PARENT_MODE) chmod(fd, PARENT_MODE);
    }
    return fd;
  } catch (error) {
    fd.close();
    throw error;
  }
}

/** How missing parents are created. */
export interface ParentCreation {
  readonly keepSetGid: boolean;
  /** Runs `act`, which creates the directory at `path`, with the umask and label that it needs. */
  readonly make: (path: Bytes, act: () => void) => void;
  readonly made: (path: Bytes) => void;
}

function makeOne(dir: Fd, name: Bytes, { make, made }: ParentCreation): boolean {
  const path = join(dir.path, name);
  try {
    make(path, () => mkdirat(dir, name, PARENT_MODE));
  } catch (error) {
    if (failedWith(error, "EEXIST")) return false;
    throw error;
  }
  made(path);
  return true;
}

/** An entry in the way of a parent directory, which the `=` modifier removes. */
export interface Obstacle {
  readonly dir: Fd;
  readonly name: Bytes;
  readonly path: Bytes;
}

/**
 * The topmost component above `path` that is neither missing, nor a directory, nor a symlink to one; undefined if there
 * is none. The caller closes its `dir`.
 */
export function findObstacle(root: Bytes, path: Bytes): Obstacle | undefined {
  requireNormalized(path);
  const above = dirname(path);
  for (const at of prefixes(root, above)) {
    if (leadsToDirectory(root, at)) continue;
    const dir = resolve(root, dirname(at), { follow: true });
    const name = basename(at);
    if (look(dir, name) !== undefined) return { dir, name, path: at };
    dir.close();
    return undefined;
  }
  return undefined;
}

/** Each path from below the root down to `path` itself. */
function prefixes(root: Bytes, path: Bytes): Bytes[] {
  const found: Bytes[] = [];
  for (let at = path; at.length > root.length && at !== "/"; at = dirname(at)) found.push(at);
  return found.reverse();
}

function leadsToDirectory(root: Bytes, path: Bytes): boolean {
  try {
    using fd = resolve(root, path, { follow: true });
    return isDirectory(statx(fd));
  } catch (error) {
    if (failedWith(error, "ENOENT")) return false;
    if (error instanceof UnsafePathError && isDeadEnd(root, path)) return false;
    throw error;
  }
}

/**
 * Whether a symlink that may not be followed, in a directory of root or of the caller, leads to something other than a
 * directory: then it is in the way and is itself removed. Its target is only examined, never acted on.
 */
function isDeadEnd(root: Bytes, path: Bytes): boolean {
  using dir = resolve(root, dirname(path), { follow: true });
  const outer = statx(dir);
  if (outer.uid !== 0 && outer.uid !== process.geteuid?.()) return false;
  try {
    using fd = resolve(root, path, { follow: true, safe: false });
    const inner = statx(fd);
    return !isDirectory(inner) && !isUnsafeTransition(outer, inner);
  } catch (error) {
    if (failedWith(error, "ENOENT")) return true;
    throw error;
  }
}

/** Mount points are never removed. */
export function refuseMountPoint(path: Bytes, stat: Stat): void {
  if (stat.isMountRoot) throw new ItemError("MOUNT_POINT", path, "is a mount point, which is not removed");
}

/** Throws the reason why the first entry could not be removed. */
export function requireGone(path: Bytes, left: readonly { readonly error: Error }[]): void {
  const first = left[0]?.error;
  if (first instanceof SyscallError) throw first;
  if (first !== undefined) throw new ItemError("NOT_REMOVED", path, first.message);
}
