/** Resolves paths component by component, by fd, inside a root, and follows no symlink that another user planted. */
import { type Bytes, components, escapeForDisplay, isBelow, PARENT } from "../base/bytes.js";
import { failedWith, SyscallError, UnsafePathError } from "../base/errors.js";
import { Fd, O_DIRECTORY, O_NOFOLLOW, O_PATH, openat, pathBelow, readlinkat } from "../sys/files.js";
import { isAutofs } from "../sys/filesystem.js";
import { isSymlink, type Stat, statx } from "../sys/inode.js";
import { readlinkPreservingAtime } from "../sys/mount.js";
import { requireFollowable, requireSafeTransition } from "./transition.js";

/** How paths resolve. */
export interface ResolveContext {
  /** The directory in which symlinks resolve. */
  readonly root: Bytes;
  /** Preserve the access times of symlinks on the path, as far as the kernel allows. */
  readonly preserveAtime: boolean;
}

export interface ResolveOptions {
  /** Whether to follow a symlink in the last component; `false` opens the link itself. */
  readonly follow: boolean;
  /** `false` allows unsafe transitions: only for reading, never before an action. */
  readonly safe?: boolean;
  /** As in `ResolveContext`. */
  readonly preserveAtime?: boolean;
  /** Called with each component before it is entered. */
  readonly inspect?: (fd: Fd) => void;
}

/** A partly resolved path: the last directory that exists, and the names that are missing below it. */
export interface PartialResolution {
  readonly fd: Fd;
  readonly missing: readonly Bytes[];
}

/** The maximum number of steps, including components of symlinks: a tree that changes meanwhile could lead in circles. */
const MAX_STEPS = 128;
const PATH_MAX = 4096;
const NAME_MAX = 255;
const ITSELF = "" as Bytes;

/** An open inode on the path. */
interface OpenInode {
  readonly fd: Fd;
  readonly stat: Stat;
}

/** The state of a resolution. */
interface Walk {
  readonly path: Bytes;
  readonly options: ResolveOptions;
  /** The directories from the root to the current one, all open: `..` returns to the previous one, even if it was moved. */
  readonly trail: [OpenInode, ...OpenInode[]];
  /** The directory or symlink of the last step: its owner decides where the path leads. */
  last: OpenInode;
  /** The remaining components, the next one last. */
  readonly todo: Bytes[];
  /** How many of them are the path's own; the others come from symlinks. */
  own: number;
  /** Whether the current component is from a symlink. */
  byLink: boolean;
}

/**
 * Opens `path` (which includes `root`) with O_PATH, component by component. Symlinks resolve inside the root, and `..`
 * returns to the directory from which the current one was entered. Throws `UnsafePathError` for a step from a directory or
 * symlink of an unprivileged user to another owner's inode, and for a symlink that fs.protected_symlinks would not follow.
 */
export function resolve(root: Bytes, path: Bytes, options: ResolveOptions): Fd {
  const { fd, missing } = resolvePartial(root, path, options);
  if (missing.length === 0) return fd;
  fd.close();
  throw notThere(fd, missing[0] ?? ("" as Bytes));
}

/**
 * The same as far as the path exists. If one of the path's own components is missing, `missing` holds the rest of the path;
 * a symlink to a missing path throws ENOENT.
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
      // A symlink to "." ends in its own directory, but its owner still chose that.
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
  const todo = reversedComponents(path.slice(root === "/" ? 0 : root.length) as Bytes);
  return { path, options, trail: [place], last: place, todo, own: todo.length, byLink: false };
}

function here({ trail }: Walk): OpenInode {
  return trail.at(-1) ?? trail[0];
}

/** The components, the first one last. */
function reversedComponents(path: Bytes): Bytes[] {
  return components(path)
    .filter((name) => name !== ".")
    .reverse();
}

/** Resolves the next component; false if it is one of the path's own and missing. */
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

/** In the root, `..` is the root. */
function up(walk: Walk): void {
  const above = walk.trail.at(-2);
  if (above === undefined) return;
  // To get the kernel's error if this is not a directory or may not be searched.
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

/** Reads the open symlink: its name may refer to another inode by now. */
function follow(walk: Walk, link: OpenInode): void {
  const { safe = true, preserveAtime = false } = walk.options;
  if (safe) requireFollowable(walk.path, here(walk), link);
  const target = preserveAtime ? readlinkPreservingAtime(link.fd) : readlinkat(link.fd, ITSELF);
  if (target.startsWith("/")) {
    const [root] = walk.trail;
    if (safe) requireSafeTransition(walk.path, link, root);
    for (const { fd } of walk.trail.splice(1)) fd.close();
  }
  walk.todo.push(...reversedComponents(target));
}

function requireSafe({ path, last, options }: Walk, to: OpenInode): void {
  if (options.safe !== false) requireSafeTransition(path, last, to);
}

function notThere(dir: Fd, name: Bytes): SyscallError {
  return new SyscallError("ENOENT", 2, "resolve", [`${dir}`, escapeForDisplay(name)], pathBelow(dir, name));
}

/** `..` after a symlink could lead anywhere, so lines that act on one path reject it. */
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
