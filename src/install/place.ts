/** Changes one path below the root: whole, by directory fd, and only where no other user can interfere. */
import { fsyncSync } from "node:fs";
import { type Bytes, basename, dirname, escapeForDisplay, join } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { resolve, resolvePartial } from "../path/resolve.js";
import { temporaryName } from "../path/workplace.js";
import {
  AT_REMOVEDIR,
  type Fd,
  mkdirat,
  O_CREAT,
  O_EXCL,
  O_NOFOLLOW,
  O_PATH,
  O_WRONLY,
  openat,
  symlinkat,
  unlinkat,
} from "../sys/files.js";
import { chmod, chown, isDirectory, setTimesOfHeld, statx } from "../sys/inode.js";
import { renameat } from "../sys/rename.js";
import { writeAll } from "../sys/write.js";
import { ABSENT, type InodeState, sameState, stateOf } from "./inode-state.js";

const WRITABLE_BY_OTHERS = 0o022;
const DIRECTORY_MODE = 0o755;

/** The directory of `path`, which is below `root`; undefined if it does not exist. */
export function parentOf(root: Bytes, path: Bytes): Fd | undefined {
  try {
    return resolve(root, dirname(hostPath(root, path)), { follow: true });
  } catch (error) {
    if (failedWith(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

/** `path` of the system below `root`, as this process names it. */
export function hostPath(root: Bytes, path: Bytes): Bytes {
  return root === "/" ? path : join(root, path.slice(1) as Bytes);
}

/** What is at `path` of the system below `root`. */
export function stateAt(root: Bytes, path: Bytes): InodeState {
  using dir = parentOf(root, path);
  return dir === undefined ? ABSENT : stateOf(dir, basename(path));
}

/** @throws Error if another user could change what is in the directory of `path`. */
export function requireOwnDirectory(root: Bytes, path: Bytes): void {
  const { fd } = resolvePartial(root, dirname(hostPath(root, path)), { follow: true });
  using dir = fd;
  const { uid, mode } = statx(dir);
  const isOwn = uid === 0 || uid === process.geteuid?.();
  if (isOwn && (mode & WRITABLE_BY_OTHERS) === 0) return;
  const shown = escapeForDisplay(dir.path);
  throw new Error(
    `${shown}: other users can write to this directory, so they could replace what is installed there; change its owner to root and its mode to 0755`,
  );
}

/**
 * Makes `path` be `wanted`, if it is one of `expected` by now.
 *
 * @throws Error if it is something else: somebody changed it in the meantime.
 */
export function put(
  root: Bytes,
  path: Bytes,
  wanted: InodeState,
  expected: (state: InodeState) => boolean,
): void {
  using dir = parentOf(root, path);
  if (dir === undefined) {
    if (wanted.kind === "absent") return;
    throw new Error(`${escapeForDisplay(path)}: its directory was removed during the installation`);
  }
  const name = basename(path);
  // Removes what a killed command left under this name.
  const temporary = temporaryName(dir, name);
  const present = stateOf(dir, name);
  if (sameState(present, wanted)) return;
  if (!expected(present)) throw new Error(`${escapeForDisplay(path)}: was changed during the installation`);
  change(dir, { name, temporary }, present, wanted);
  sync(dir);
}

/** A name, and the one under which its next inode is made; undefined if nothing can be renamed there. */
interface Names {
  readonly name: Bytes;
  readonly temporary: Bytes | undefined;
}

function change(dir: Fd, names: Names, present: InodeState, wanted: InodeState): void {
  const { name } = names;
  if (wanted.kind === "absent") remove(dir, name, present);
  else if (wanted.kind === "directory") makePlainDirectory(dir, name);
  else if (!changedInPlace(dir, name, present, wanted)) replace(dir, names, wanted);
}

/** A directory that somebody has put something into stays. */
function remove(dir: Fd, name: Bytes, present: InodeState): void {
  try {
    unlinkat(dir, name, present.kind === "directory" ? AT_REMOVEDIR : 0);
  } catch (error) {
    if (!failedWith(error, "ENOTEMPTY", "ENOENT")) throw error;
  }
}

export function makePlainDirectory(dir: Fd, name: Bytes): void {
  mkdirat(dir, name, DIRECTORY_MODE);
  using made = openat(dir, name, O_PATH | O_NOFOLLOW);
  if (isDirectory(statx(made))) chmod(made, DIRECTORY_MODE);
}

/** If only the mode differs, the inode stays, with its ACL and its extended attributes. */
function changedInPlace(dir: Fd, name: Bytes, present: InodeState, wanted: InodeState): boolean {
  if (present.kind !== "file" || wanted.kind !== "file") return false;
  if (!sameState({ ...present, mode: wanted.mode }, wanted)) return false;
  using held = openat(dir, name, O_PATH | O_NOFOLLOW);
  chmod(held, wanted.mode);
  return true;
}

type Named = Extract<InodeState, { kind: "file" | "symlink" }>;

function replace(dir: Fd, { name, temporary }: Names, wanted: InodeState): void {
  if (wanted.kind !== "file" && wanted.kind !== "symlink")
    throw new Error("only files and symlinks are kept");
  if (temporary === undefined)
    throw new Error(`${escapeForDisplay(dir.path)}: nothing can be renamed in an append-only directory`);
  make(dir, temporary, wanted);
  renameat(dir, temporary, dir, name);
}

function make(dir: Fd, temporary: Bytes, wanted: Named): void {
  if (wanted.kind === "symlink") {
    symlinkat(wanted.target, dir, temporary);
    using link = openat(dir, temporary, O_PATH | O_NOFOLLOW);
    chownIfOther(link, wanted);
    return;
  }
  using file = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  writeAll(file, wanted.content);
  chownIfOther(file, wanted);
  chmod(file, wanted.mode);
  if (wanted.mtime !== undefined) setTimesOfHeld(file, BigInt(wanted.mtime), BigInt(wanted.mtime));
  fsyncSync(file.number);
}

function chownIfOther(fd: Fd, { uid, gid }: Named): void {
  const stat = statx(fd);
  if (stat.uid !== uid || stat.gid !== gid) chown(fd, uid, gid);
}

/** What a power failure leaves must be in the manifest, so the order on the disk counts. */
export function sync(dir: Fd): void {
  using open = openat(dir, "." as Bytes, 0);
  fsyncSync(open.number);
}
