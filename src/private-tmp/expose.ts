/** Makes paths of the host's /tmp visible inside a private one. */
import { type Bytes, basename, components, escapeForDisplay, join } from "../base/bytes.js";
import { errnoWords } from "../base/errno-words.js";
import { failedWith, SyscallError } from "../base/errors.js";
import {
  Fd,
  mkdirat,
  O_CREAT,
  O_DIRECTORY,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  openat,
  openat2,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
} from "../sys/files.js";
import { chmod, chown, isDirectory, isSymlink, statx } from "../sys/inode.js";
import { attachMount, changeMount, cloneMount, MS_SLAVE } from "../sys/mount.js";
import type { Detached } from "./detached-mount.js";
import { type MountSettings, SetupError } from "./settings.js";
import { targetAbove } from "./targets.js";

/** A path of the host's /tmp to make visible inside. */
export interface PlannedHole {
  readonly path: Bytes;
  /** The open file or directory; while it is open, its inode number is not reused. */
  readonly source: Fd;
  readonly target: Bytes;
  /** The path below the target. */
  readonly below: Bytes;
  readonly isDirectory: boolean;
  /** The directories between target and path, with the host's permissions, which are copied so that access stays restricted. */
  readonly way: readonly Between[];
}

/** An exposed path as a detached mount. */
export interface Exposed extends PlannedHole {
  readonly mount: Fd;
}

interface Between {
  readonly name: Bytes;
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

const RESOLVE = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

/** Creates a detached mount for each path. */
export function openExposed(
  paths: readonly Bytes[],
  targets: readonly Bytes[],
  { attributes }: MountSettings,
): Exposed[] {
  const holes = planExposed(paths, targets);
  try {
    return holes.map((hole) => {
      const mount = cloneMount(hole.source);
      changeMount(mount, { set: attributes, propagation: MS_SLAVE });
      return { ...hole, mount };
    });
  } finally {
    closeHoles(holes);
  }
}

/** Opens the paths. Refuses symlinks, even as the last component: in /tmp, any user may have created them. */
export function planExposed(paths: readonly Bytes[], targets: readonly Bytes[]): PlannedHole[] {
  const holes: PlannedHole[] = [];
  try {
    for (const path of paths) {
      const target = exposableBelow(path, targets);
      const below = path.slice(target.length + 1) as Bytes;
      const source = openHost(path);
      const way = wayTo(target, below);
      holes.push({ path, source, target, below, isDirectory: isDirectory(statx(source)), way });
    }
    return holes;
  } catch (error) {
    closeHoles(holes);
    throw error;
  }
}

export function closeHoles(holes: readonly PlannedHole[]): void {
  for (const { source } of holes) source.close();
}

function wayTo(target: Bytes, below: Bytes): Between[] {
  let at = target;
  return components(below)
    .slice(0, -1)
    .map((name) => {
      at = join(at, name);
      using directory = openHost(at);
      const { uid, gid, mode } = statx(directory);
      return { name, uid, gid, mode };
    });
}

/** The target that hides `path`. */
export function exposableBelow(path: Bytes, targets: readonly Bytes[]): Bytes {
  const target = targetAbove(path, targets);
  if (target === undefined || components(path).some((part) => part === "." || part === "..")) {
    const places = targets.map(escapeForDisplay).join(" or ");
    const why = `only a path below ${places} can be exposed; all others are visible inside`;
    throw new SetupError("BAD_OPTION", `cannot expose ${escapeForDisplay(path)}: ${why}`);
  }
  return target;
}

function openHost(path: Bytes): Fd {
  try {
    const fd = openat2(Fd.cwd, path, O_PATH | O_NOFOLLOW, RESOLVE);
    if (!isSymlink(statx(fd))) return fd;
    fd.close();
    throw new SetupError("BAD_OPTION", `cannot expose ${escapeForDisplay(path)}: it is a symlink`);
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    const isLink = error.code === "ELOOP";
    const why = isLink ? "a directory in the path is a symlink" : (errnoWords(error.code) ?? error.code);
    throw new SetupError("BAD_OPTION", `cannot expose ${escapeForDisplay(path)}: ${why}`, error);
  }
}

/** Creates the mount points of the exposed paths in the directory that will be mounted at their target. */
export function makeMountPoints(directory: Fd, target: Bytes, exposed: readonly PlannedHole[]): void {
  for (const each of exposed.filter((candidate) => candidate.target === target)) {
    makeMountPoint(directory, each);
  }
}

function makeMountPoint(directory: Fd, { way, below, isDirectory }: PlannedHole): void {
  const opened: Fd[] = [];
  for (const between of way) opened.push(makeBetween(opened.at(-1) ?? directory, between));
  const at = opened.at(-1) ?? directory;
  if (isDirectory) ignoringExisting(() => mkdirat(at, basename(below), 0o755));
  else openat(at, basename(below), O_RDONLY | O_CREAT | O_NOFOLLOW, 0o600).close();
  for (const fd of opened) fd.close();
}

function makeBetween(dir: Fd, { name, uid, gid, mode }: Between): Fd {
  ignoringExisting(() => mkdirat(dir, name, 0o700));
  const made = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  // An ordinary user cannot change the owner; the directory then belongs to that user.
  if (process.geteuid?.() === 0) chown(made, uid, gid);
  chmod(made, mode & 0o7777);
  return made;
}

function ignoringExisting(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!failedWith(error, "EEXIST")) throw error;
  }
}

/** Attaches an exposed path below its target, which must be mounted already. */
export function attachExposed({ target, below, mount }: Exposed, mounts: readonly Detached[]): void {
  const onto = mounts.find((candidate) => candidate.target === target);
  if (onto === undefined) return;
  using point = openat2(onto.mount, below, O_PATH | O_NOFOLLOW, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  attachMount(mount, point);
}
