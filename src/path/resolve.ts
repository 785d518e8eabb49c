/** Resolves paths component by component, by fd, inside a root, and through no symlink that a stranger planted. */
import { type Bytes, components, escapeForDisplay, isBelow, PARENT } from "../base/bytes.js";
import { failedWith, SyscallError, UnsafePathError } from "../base/errors.js";
import { Fd, O_DIRECTORY, O_NOFOLLOW, O_PATH, openat, pathBelow, readlinkat } from "../sys/files.js";
import { isAutofs } from "../sys/filesystem.js";
import { isSymlink, type Stat, statx } from "../sys/inode.js";
import { readlinkPreservingAtime } from "../sys/mount.js";
import { requireFollowable, requireSafeTransition } from "./transition.js";

/** How paths resolve. */
export interface ResolveContext {
  /** Where symlinks resolve. */
  readonly root: Bytes;
  /** Preserve the access times of the symlinks on the way, as far as the kernel allows. */
  readonly preserveAtime: boolean;
}

export interface ResolveOptions {
  /** Whether a symlink in the last component is followed; `false` yields the link itself. */
  readonly follow: boolean;
  /** `false` lets unsafe transitions pass: for looking only, never before acting. */
  readonly safe?: boolean;
  /** As in `Ground`. */
  readonly preserveAtime?: boolean;
  /** Called with each component before it is entered. */
  readonly inspect?: (fd: Fd) => void;
}

/** How far a path could be resolved: the last directory that exists, and the names that are missing below it. */
export interface PartialResolution {
  readonly fd: Fd;
  readonly missing: readonly Bytes[];
}

/** Steps, symlinks' components included: someone who changes the tree meanwhile could send us in circles. */
const MAX_STEPS = 128;
const PATH_MAX = 4096;
const NAME_MAX = 255;
const ITSELF = "" as Bytes;

/** An inode on the way, held open. */
interface Place {
  readonly fd: Fd;
  readonly stat: Stat;
}

/** Where a resolution stands. */
interface Walk {
  readonly path: Bytes;
  readonly options: ResolveOptions;
  /** The directories from the root down to where the walk is, all open: `..` goes back, whatever was moved meanwhile. */
  readonly trail: [Place, ...Place[]];
  /** What the last step led through, a directory or a symlink: its owner decides where the walk goes on. */
  last: Place;
  /** The components still to go, the next one last. */
  readonly todo: Bytes[];
  /** How many of them are the path's own; those before them come from symlinks. */
  own: number;
  /** Whether the current component is from a symlink. */
  byLink: boolean;
}

/**
 * Opens `path` (which includes `root`) with O_PATH, component by component. Symlinks resolve inside the root, and `..`
 * leads to where the walk came from. A step from a directory or symlink of an unprivileged user to an inode of another
 * owner, and a symlink that fs.protected_symlinks would not follow, are refused with `UnsafePathError`.
 */
export function resolve(root: Bytes, path: Bytes, options: ResolveOptions): Fd {
  const { fd, missing } = resolvePartial(root, path, options);
  if (missing.length === 0) return fd;
  fd.close();
  throw notThere(fd, missing[0] ?? ("" as Bytes));
}

/**
 * The same as far as the path exists. If one of the path's own components is missing, what is left of the path comes
 * back in `missing`; a symlink to a missing path throws ENOENT.
 */
export function resolvePartial(root: Bytes, path: Bytes, options: ResolveOptions): PartialResolution {
  const walk = start(root, path, options);
  let reached: Fd | undefined;
  try {
    for (let taken = 0; ; taken++) {
      if (taken > MAX_STEPS) throw new SyscallError("ELOOP", 40, "resolve", [escapeForDisplay(path)], path);
      const name = walk.todo.pop();
      walk.byLink = walk.todo.length >= walk.own;
      walk.own = Math.min(walk.own, walk.todo.length);
      if (name !== undefined && step(walk, name)) continue;
      // A symlink to "." ends where it lies: its owner led there all the same.
      if (walk.last !== here(walk)) requireSafe(walk, here(walk));
      reached = here(walk).fd;
      return { fd: reached, missing: name === undefined ? [] : [name, ...walk.todo.reverse()] };
    }
  } finally {
    for (const { fd } of walk.trail) if (fd !== reached) fd.close();
  }
}

function start(root: Bytes, path: Bytes, options: ResolveOptions): Walk {
  if (!isBelow(path, root)) {
    throw new UnsafePathError(
      "ESCAPED_ROOT",
      path,
      `outside of the root directory ${escapeForDisplay(root)}`,
    );
  }
  const fd = openat(Fd.cwd, root, O_PATH | O_DIRECTORY);
  const place = { fd, stat: statx(fd) };
  const todo = steps(path.slice(root === "/" ? 0 : root.length) as Bytes);
  return { path, options, trail: [place], last: place, todo, own: todo.length, byLink: false };
}

function here({ trail }: Walk): Place {
  return trail.at(-1) ?? trail[0];
}

/** The components, the first one last. */
function steps(path: Bytes): Bytes[] {
  return components(path)
    .filter((name) => name !== ".")
    .reverse();
}

/** Resolves the next component; false if it is missing and is the path's own. */
function step(walk: Walk, name: Bytes): boolean {
  if (name === "..") {
    up(walk);
    return true;
  }
  let child: Fd;
  try {
    child = openat(here(walk).fd, name, O_PATH | O_NOFOLLOW);
  } catch (error) {
    if (!walk.byLink && failedWith(error, "ENOENT")) return false;
    throw error;
  }
  try {
    enter(walk, child);
  } catch (error) {
    child.close();
    throw error;
  }
  return true;
}

/** From the root `..` leads nowhere. */
function up(walk: Walk): void {
  const above = walk.trail.at(-2);
  if (above === undefined) return;
  // For the kernel's own error if this is not a directory, or may not be searched.
  openat(here(walk).fd, PARENT, O_PATH | O_DIRECTORY).close();
  requireSafe(walk, above);
  walk.trail.pop()?.fd.close();
  walk.last = above;
}

function enter(walk: Walk, fd: Fd): void {
  const place = { fd, stat: statx(fd) };
  requireSafe(walk, place);
  walk.options.inspect?.(fd);
  if (isSymlink(place.stat) && (walk.options.follow || walk.todo.length > 0)) {
    follow(walk, place);
    fd.close();
  } else walk.trail.push(place);
  walk.last = place;
}

/** Reads the symlink that is held open: its name may stand for another by now. */
function follow(walk: Walk, link: Place): void {
  const { safe = true, preserveAtime = false } = walk.options;
  if (safe) requireFollowable(walk.path, here(walk), link);
  const target = preserveAtime ? readlinkPreservingAtime(link.fd) : readlinkat(link.fd, ITSELF);
  if (target.startsWith("/")) {
    const [root] = walk.trail;
    if (safe) requireSafeTransition(walk.path, link, root);
    for (const { fd } of walk.trail.splice(1)) fd.close();
  }
  walk.todo.push(...steps(target));
}

function requireSafe({ path, last, options }: Walk, to: Place): void {
  if (options.safe !== false) requireSafeTransition(path, last, to);
}

function notThere(dir: Fd, name: Bytes): SyscallError {
  return new SyscallError("ENOENT", 2, "resolve", [`${dir}`, escapeForDisplay(name)], pathBelow(dir, name));
}

/** `..` in a path could lead anywhere once a symlink stands before it, so lines that act on one path refuse it. */
export function requireNormalized(path: Bytes): void {
  const tooLong = path.length >= PATH_MAX || components(path).some((name) => name.length > NAME_MAX);
  if (!tooLong && !components(path).some((name) => name === ".." || name === ".")) return;
  throw new UnsafePathError("NOT_NORMALIZED", path, tooLong ? "path too long" : "path not normalized");
}

/** Whether resolving `path` would reach an automount point; false if it cannot be resolved. */
export function isBelowAutofs(root: Bytes, path: Bytes, preserveAtime = false): boolean {
  let found = false;
  try {
    const inspect = (fd: Fd): void => {
      found = isAutofs(fd);
      if (found) throw new SyscallError("EREMOTE", 66, "resolve", [`${fd}`], fd.path);
    };
    resolvePartial(root, path, { follow: !preserveAtime, safe: false, preserveAtime, inspect }).fd.close();
  } catch (error) {
    if (!(error instanceof SyscallError) && !(error instanceof UnsafePathError)) throw error;
  }
  return found;
}
