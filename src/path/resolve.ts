import { type Bytes, components, isBelow, show } from "../base/bytes.js";
import { failedWith, SyscallError, UnsafePathError } from "../base/errors.js";
import { Fd, O_DIRECTORY, O_NOFOLLOW, O_PATH, openat, pathBelow, readlinkat } from "../sys/files.js";
import { isAutofs } from "../sys/filesystem.js";
import { isSymlink, type Stat, sameInode, statx } from "../sys/inode.js";
import { readlinkWithoutTrace } from "../sys/mount.js";

/** What paths resolve on. */
export interface Ground {
  /** Where symlinks resolve. */
  readonly root: Bytes;
  /** Leave the symlinks on the way the access times that they have, as far as the kernel lets us. */
  readonly traceless: boolean;
}

export interface ResolveOptions {
  /** Whether a symlink in the last component is followed; `false` yields the link itself. */
  readonly follow: boolean;
  /** `false` lets unsafe transitions pass: for looking only, never before acting. */
  readonly safe?: boolean;
  /** As the ground's. */
  readonly traceless?: boolean;
  /** Called with each component before it is entered. */
  readonly inspect?: (fd: Fd) => void;
}

/** How far a path could be resolved: the last directory that is there, and the names that are missing below it. */
export interface Reached {
  readonly fd: Fd;
  readonly missing: readonly Bytes[];
}

/** Steps, symlinks' components included: someone who changes the tree meanwhile could send us in circles. */
const MAX_STEPS = 128;
const PATH_MAX = 4096;
const NAME_MAX = 255;

/** Where a resolution stands. */
interface Walk {
  readonly path: Bytes;
  readonly root: Fd;
  readonly rootStat: Stat;
  readonly options: ResolveOptions;
  fd: Fd;
  stat: Stat;
  /** How many directories below the root. */
  depth: number;
  /** The components still to go, the next one last. */
  readonly todo: Bytes[];
  /** How many of them the path itself named; those before them come from symlinks. */
  own: number;
  /** Whether the current component is from a symlink. */
  byLink: boolean;
}

/**
 * Opens `path` (which includes `root`) with O_PATH, component by component. Symlinks resolve inside the root. A step
 * from what an unprivileged user owns to what somebody else owns, a root included, is refused with `UnsafePathError`:
 * that user could have pointed it there.
 */
export function resolve(root: Bytes, path: Bytes, options: ResolveOptions): Fd {
  const { fd, missing } = reach(root, path, options);
  if (missing.length === 0) return fd;
  fd.close();
  throw notThere(fd, missing[0] ?? ("" as Bytes));
}

/**
 * The same as far as the path exists. Where one of the path's own components is missing, what is left of the path comes
 * back in `missing`; a symlink that leads nowhere throws ENOENT.
 */
export function reach(root: Bytes, path: Bytes, options: ResolveOptions): Reached {
  const walk = start(root, path, options);
  let done = false;
  try {
    for (let taken = 0; ; taken++) {
      if (taken > MAX_STEPS) throw new SyscallError("ELOOP", 40, "resolve", [show(path)], path);
      const name = walk.todo.pop();
      walk.byLink = walk.todo.length >= walk.own;
      walk.own = Math.min(walk.own, walk.todo.length);
      if (name === undefined || !step(walk, name)) {
        done = true;
        return { fd: walk.fd, missing: name === undefined ? [] : [name, ...walk.todo.reverse()] };
      }
    }
  } finally {
    if (!done) walk.fd.close();
    if (walk.root !== walk.fd) walk.root.close();
  }
}

function start(root: Bytes, path: Bytes, options: ResolveOptions): Walk {
  if (!isBelow(path, root)) {
    throw new UnsafePathError("ESCAPED_ROOT", path, `outside of the root directory ${show(root)}`);
  }
  const fd = openat(Fd.cwd, root, O_PATH | O_DIRECTORY);
  const stat = statx(fd);
  const todo = steps(path.slice(root === "/" ? 0 : root.length) as Bytes);
  return {
    path,
    root: fd,
    rootStat: stat,
    options,
    fd,
    stat,
    depth: 0,
    todo,
    own: todo.length,
    byLink: false,
  };
}

/** The components, the first one last. */
function steps(path: Bytes): Bytes[] {
  return components(path)
    .filter((name) => name !== ".")
    .reverse();
}

/** Goes one component on; false where it is missing and the path itself named it. */
function step(walk: Walk, name: Bytes): boolean {
  if (name === "..") {
    up(walk);
    return true;
  }
  let child: Fd;
  try {
    child = openat(walk.fd, name, O_PATH | O_NOFOLLOW);
  } catch (error) {
    if (!walk.byLink && failedWith(error, "ENOENT")) return false;
    throw error;
  }
  try {
    enter(walk, name, child);
  } catch (error) {
    child.close();
    throw error;
  }
  return true;
}

function up(walk: Walk): void {
  const atRoot = sameInode(walk.stat, walk.rootStat) && walk.stat.mountId === walk.rootStat.mountId;
  if (walk.depth === 0 || atRoot) return;
  const above = openat(walk.fd, ".." as Bytes, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  const stat = statx(above);
  refuseUnsafe(walk, walk.stat, stat, above.path);
  move(walk, above, stat);
  walk.depth--;
}

function enter(walk: Walk, name: Bytes, child: Fd): void {
  const stat = statx(child);
  refuseUnsafe(walk, walk.stat, stat, child.path);
  walk.options.inspect?.(child);
  if (isSymlink(stat) && (walk.options.follow || walk.todo.length > 0)) {
    follow(walk, name, stat);
    child.close();
    return;
  }
  move(walk, child, stat);
  walk.depth++;
}

function follow(walk: Walk, name: Bytes, link: Stat): void {
  const read = walk.options.traceless === true ? readlinkWithoutTrace : readlinkat;
  const target = read(walk.fd, name);
  if (target.startsWith("/")) {
    refuseUnsafe(walk, link, walk.rootStat, walk.root.path);
    move(walk, walk.root, walk.rootStat);
    walk.depth = 0;
  }
  walk.todo.push(...steps(target));
}

function move(walk: Walk, fd: Fd, stat: Stat): void {
  if (walk.fd !== walk.root && walk.fd !== fd) walk.fd.close();
  walk.fd = fd;
  walk.stat = stat;
}

function refuseUnsafe(walk: Walk, from: Stat, to: Stat, at: Bytes): void {
  const { safe = true } = walk.options;
  if (safe && isUnsafeTransition(from, to)) throw unsafeTransition(walk.path, from, to, at);
}

/** Whoever owns a directory decides what is in it, so trust must not grow on the way down. */
export function isUnsafeTransition(from: Stat, to: Stat): boolean {
  return from.uid !== 0 && from.uid !== to.uid;
}

export function unsafeTransition(path: Bytes, from: Stat, to: Stat, at: Bytes): UnsafePathError {
  const step = `from what user ${from.uid} owns to ${show(at)}, which user ${to.uid} owns`;
  return new UnsafePathError("UNSAFE_TRANSITION", path, `refusing an unsafe step ${step}`);
}

function notThere(dir: Fd, name: Bytes): SyscallError {
  return new SyscallError("ENOENT", 2, "resolve", [`${dir}`, show(name)], pathBelow(dir, name));
}

/** `..` in a path could lead anywhere once a symlink stands before it, so lines that act on one path refuse it. */
export function requireNormalized(path: Bytes): void {
  const tooLong = path.length >= PATH_MAX || components(path).some((name) => name.length > NAME_MAX);
  if (!tooLong && !components(path).some((name) => name === ".." || name === ".")) return;
  throw new UnsafePathError("NOT_NORMALIZED", path, tooLong ? "path too long" : "path not normalized");
}

/** Whether resolving `path` would run into an automount point; what can't be resolved is not. */
export function isBelowAutofs(root: Bytes, path: Bytes, traceless = false): boolean {
  let found = false;
  try {
    const inspect = (fd: Fd): void => {
      found = isAutofs(fd);
      if (found) throw new SyscallError("EREMOTE", 66, "resolve", [`${fd}`], fd.path);
    };
    reach(root, path, { follow: !traceless, safe: false, traceless, inspect }).fd.close();
  } catch (error) {
    if (!(error instanceof SyscallError) && !(error instanceof UnsafePathError)) throw error;
  }
  return found;
}
