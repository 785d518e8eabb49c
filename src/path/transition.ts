/** Decides whether a path may lead from one owner's inode to another's. SECURITY.md explains the rule. */
import { type Bytes, escapeForDisplay } from "../base/bytes.js";
import { UnsafePathError } from "../base/errors.js";
import { isSymlink, S_ISVTX, type Stat } from "../sys/inode.js";
import { hardLinksProtected } from "../sys/settings.js";

type Owned = Pick<Stat, "uid">;
type OwnedWithMode = Pick<Stat, "uid" | "mode">;

/** An inode on a path. */
export interface Step {
  /** For messages: an `Fd`, open or closed, builds its path only on demand. */
  readonly fd: { readonly path: Bytes };
  readonly stat: OwnedWithMode;
}

/**
 * Whether a step from `from` to `to` would follow one user into what another owns. The owner of a directory decides what is
 * in it, and the owner of a symlink where it leads, so trust must not grow along a path.
 */
export function isUnsafeTransition(from: Owned, to: Owned): boolean {
  return from.uid !== 0 && from.uid !== to.uid;
}

const STICKY_AND_WORLD_WRITABLE = S_ISVTX | 0o002;

function isOpenToAll({ mode }: OwnedWithMode): boolean {
  return (mode & STICKY_AND_WORLD_WRITABLE) === STICKY_AND_WORLD_WRITABLE;
}

/**
 * Whether `follower` may follow `link` in `directory`: the rule of fs.protected_symlinks, proc_sys_fs(5), even if that is
 * off. In a directory in which anybody may create a symlink, only those of its owner and of the follower are followed.
 */
export function mayFollow(
  directory: OwnedWithMode,
  link: Owned,
  follower = process.geteuid?.() ?? 0,
): boolean {
  return !isOpenToAll(directory) || link.uid === directory.uid || link.uid === follower;
}

/** @throws UnsafePathError UNSAFE_TRANSITION if the step to `to` on `path` is unsafe. */
export function requireSafeTransition(path: Bytes, from: Step, to: Step): void {
  if (!isUnsafeTransition(from.stat, to.stat)) return;
  const fix = isSymlink(from.stat)
    ? "remove the symlink, or use the path of its target"
    : "give both the same owner, or use a path that avoids the first";
  throw refusal(path, from, to, fix);
}

/**
 * Without fs.protected_hardlinks, anybody can give a symlink of root a second name, in a directory in which its relative
 * target is another one.
 *
 * @throws UnsafePathError UNSAFE_TRANSITION or HARD_LINK if `link`, found in `directory`, may not be followed.
 */
export function requireFollowable(path: Bytes, directory: Step, link: Step & { readonly stat: Stat }): void {
  if (mayFollow(directory.stat, link.stat)) {
    if (link.stat.nlink <= 1 || !isOpenToAll(directory.stat) || hardLinksProtected()) return;
    const why = `the symlink ${escapeForDisplay(link.fd.path)} has more than one name, and fs.protected_hardlinks is off`;
    throw new UnsafePathError("HARD_LINK", path, `${why}; enable it with sysctl(8), or remove the symlink`);
  }
  throw refusal(
    path,
    directory,
    link,
    "any user could have created it: remove it, or use the path of its target",
  );
}

/** systemd-tmpfiles' own wording, which scripts search for. */
function refusal(path: Bytes, from: Step, to: Step, fix: string): UnsafePathError {
  const message = `detected unsafe path transition ${described(from)} -> ${described(to)}; ${fix}`;
  return new UnsafePathError("UNSAFE_TRANSITION", path, message);
}

function described({ fd, stat }: Step): string {
  const kind = isSymlink(stat) ? "symlink, " : isOpenToAll(stat) ? "sticky and world-writable, " : "";
  return `${escapeForDisplay(fd.path)} (${kind}owned by uid ${stat.uid})`;
}
