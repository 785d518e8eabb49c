/** Moves a temporary file to its final path, atomically. */
import { createHash } from "node:crypto";
import fs from "node:fs";
import { promisify } from "node:util";
import { BOOLEAN, COUNT, type Expectations, MODE, requireOptions } from "../base/arguments.js";
import type { PathInput } from "../base/bytes.js";
import { type Bytes, basename, escapeForDisplay, dirname as parentOf, toBuffer } from "../base/bytes.js";
import { failedWith, SyscallError } from "../base/errors.js";
import {
  AT_EMPTY_PATH,
  AT_SYMLINK_FOLLOW,
  Fd,
  flock,
  LOCK_UN,
  linkat,
  O_DIRECTORY,
  O_RDONLY,
  openat,
  procPath,
  RENAME_NOREPLACE,
  renameat2,
  tryUnlinkat,
} from "../sys/files.js";
import { chmod, chown } from "../sys/inode.js";
import { renameat } from "../sys/rename.js";
import { abandonedAt } from "./abandoned.js";
import { expect, type Held, register, unregister } from "./cleanup-registry.js";
import { fullCode, fullPlace, inWords, TempSpaceError } from "./errors.js";
import { lockShared } from "./lock.js";
import { freshName } from "./names.js";
import { discard, newLockedFile, unnamedFile } from "./new-file.js";
import { copyContents } from "./open-file.js";
import { DEFAULT_PREFIX, nameParts, pathArgument } from "./options.js";
import { type SyncAsync, step, stepThrough, stepThroughSync } from "./sync-async.js";

/** How a file is persisted. */
export interface PersistOptions {
  /** Whether to replace an existing file. By default, an existing name is an error (EEXIST). */
  readonly replace?: boolean;
  /** Permissions, independent of the umask and set before the file is visible; 0o600 by default. */
  readonly mode?: number;
  /** Owner and group, set before the file is visible. */
  readonly uid?: number;
  readonly gid?: number;
  /** Whether to sync file and directory to disk, so that a crash cannot lose them; true by default. */
  readonly fsync?: boolean;
}

/** A file to persist. It is unnamed if `dir` and `name` are missing. */
export interface Unpersisted {
  readonly fd: Fd;
  readonly dir?: Fd;
  readonly name?: Bytes;
  /** Whether its file system does not survive a crash, so that syncing is useless. */
  readonly inMemory?: boolean;
}

interface Target {
  /** The directory, or the working directory if `name` is an absolute path. */
  readonly dir: Fd;
  readonly name: Bytes;
}

const ITSELF = "" as Bytes;
const fsync = promisify(fs.fsync);

/**
 * Moves a file to its final path, atomically. Returns the fd of the file at that path: the same, or that of a copy if the
 * file cannot be linked there (another file system, a memfd).
 */
export async function persist(file: Unpersisted, path: PathInput, options: PersistOptions): Promise<Fd> {
  const whole = requirePersistable(path, options);
  try {
    return persistedAtOnce(file, whole, options)
      ? file.fd
      : await stepThrough(persisting(file, whole, options));
  } catch (error) {
    throw failure(error, whole);
  }
}

export function persistSync(file: Unpersisted, path: PathInput, options: PersistOptions): Fd {
  const whole = requirePersistable(path, options);
  try {
    return persistedAtOnce(file, whole, options)
      ? file.fd
      : stepThroughSync(persisting(file, whole, options));
  } catch (error) {
    throw failure(error, whole);
  }
}

const OPTIONS: Expectations = { replace: BOOLEAN, mode: MODE, uid: COUNT, gid: COUNT, fsync: BOOLEAN };

function requirePersistable(path: PathInput, options: PersistOptions): Bytes {
  requireOptions("persist", options, OPTIONS);
  return pathArgument("persist", "path", path);
}

/** Rewords an error with the path that the caller specified. */
function failure(error: unknown, path: Bytes): unknown {
  return error instanceof SyscallError
    ? inWords(error, `cannot persist as ${escapeForDisplay(path)}`, path)
    : error;
}

/** If nothing else is done in the directory, one call with the whole path is enough. */
function persistedAtOnce(file: Unpersisted, path: Bytes, options: PersistOptions): boolean {
  const synced = options.fsync !== false && file.inMemory !== true;
  if (synced || options.replace === true) return false;
  adjust(file.fd, options);
  return appear(file, { dir: Fd.cwd, name: path }, options);
}

function* persisting(file: Unpersisted, path: Bytes, options: PersistOptions): SyncAsync<Fd> {
  const dir = openat(Fd.cwd, parentOf(path), O_RDONLY | O_DIRECTORY);
  const target = { dir, name: basename(path) };
  const { fsync: synced = true } = options;
  try {
    adjust(file.fd, options);
    if (synced) yield* written(file.fd);
    const persisted = appear(file, target, options) ? file.fd : yield* copyTo(file, target, options);
    if (synced) yield* written(dir);
    return persisted;
  } finally {
    dir.close();
  }
}

/** Prepares the file before it becomes visible. */
function adjust(fd: Fd, { mode, uid, gid }: PersistOptions): void {
  if (uid !== undefined || gid !== undefined) chown(fd, uid, gid);
  // After chown, which clears the setuid and setgid bits.
  if (mode !== undefined) chmod(fd, mode);
}

const written = (fd: Fd): SyncAsync<void> =>
  step(
    () => fs.fsyncSync(fd.number),
    () => fsync(fd.number),
  );

/** Links the file to the name; false if this file cannot be linked there, but a copy can. */
function appear(
  { fd, dir, name }: Unpersisted,
  target: Target,
  { replace = false }: PersistOptions,
): boolean {
  try {
    if (dir !== undefined && name !== undefined) move(dir, name, target, replace);
    else link(fd, target, replace);
    return true;
  } catch (error) {
    // ENOENT: an unlinked file cannot be linked again, unlike one that was created with O_TMPFILE.
    if (failedWith(error, "EXDEV") || (name === undefined && failedWith(error, "ENOENT"))) return false;
    throw error;
  }
}

function move(dir: Fd, name: Bytes, target: Target, replace: boolean): void {
  if (replace) {
    renameat(dir, name, target.dir, target.name);
    return;
  }
  try {
    renameat2(dir, name, target.dir, target.name, RENAME_NOREPLACE);
  } catch (error) {
    // The file system, the kernel or a seccomp filter does not support RENAME_NOREPLACE.
    if (!failedWith(error, "EINVAL", "ENOSYS", "EPERM")) throw error;
    linkat(dir, name, target.dir, target.name);
    tryUnlinkat(dir, name);
  }
}

/** linkat(2) never replaces a file, so the file gets a temporary name first and is then renamed. */
function link(fd: Fd, target: Target, replace: boolean): void {
  try {
    nameFd(fd, target.dir, target.name);
  } catch (error) {
    if (!replace || !failedWith(error, "EEXIST")) throw error;
    replaceBy(fd, target);
  }
}

function replaceBy(fd: Fd, target: Target): void {
  // The lock shows a sweep, and the next process that replaces this file, that the temporary name is in use.
  const locked = lockShared(fd) === "locked";
  const between = nameBetween(fd, target);
  try {
    renameat(target.dir, between.name, target.dir, target.name);
  } catch (error) {
    tryUnlinkat(target.dir, between.name);
    throw error;
  } finally {
    unregister(between);
    if (locked) flock(fd, LOCK_UN);
  }
}

/**
 * The temporary name is derived from the target's, so that the next replacement finds what a killed program left behind.
 * If another program is replacing the target at the same time, a random name is used.
 */
function nameBetween(fd: Fd, target: Target): Held {
  const digest = createHash("sha256").update(toBuffer(target.name)).digest("hex");
  const usual = `${DEFAULT_PREFIX}${digest.slice(0, 32)}` as Bytes;
  return (
    tryName(fd, target.dir, usual) ??
    (removeStale(target.dir, usual) ? tryName(fd, target.dir, usual) : undefined) ??
    newName(fd, target.dir)
  );
}

function newName(fd: Fd, dir: Fd): Held {
  const { prefix, suffix } = nameParts({});
  for (;;) {
    const held = tryName(fd, dir, freshName(prefix, suffix));
    if (held !== undefined) return held;
  }
}

/** Undefined if the name exists. */
function tryName(fd: Fd, dir: Fd, name: Bytes): Held | undefined {
  const held = register(expect("file", dir, name), { kind: "file", dir, name, fd });
  try {
    nameFd(fd, dir, name);
    return held;
  } catch (error) {
    unregister(held);
    if (failedWith(error, "EEXIST")) return undefined;
    throw error;
  }
}

/** Removes a file that a killed program left under the name. Returns whether the name is free now. */
function removeStale(dir: Fd, name: Bytes): boolean {
  using stale = abandonedAt(dir, name);
  return stale !== undefined && tryUnlinkat(dir, name) === undefined;
}

/** Before Linux 6.10, only root may link an fd directly; any user may link it through /proc. */
let namesFdItself = true;

function nameFd(fd: Fd, dir: Fd, name: Bytes): void {
  if (namesFdItself) {
    try {
      linkat(fd, ITSELF, dir, name, AT_EMPTY_PATH);
      return;
    } catch (error) {
      if (!failedWith(error, "ENOENT")) throw error;
    }
  }
  linkat(Fd.cwd, procPath(fd), dir, name, AT_SYMLINK_FOLLOW);
  namesFdItself = false;
}

/** A copy in the target's directory, invisible until it is complete. */
function* copyTo(file: Unpersisted, target: Target, options: PersistOptions): SyncAsync<Fd> {
  const unnamed = unnamedFile(target.dir);
  const named = unnamed === undefined ? newLockedFile(target.dir, nameParts({})).held : undefined;
  const copy: Unpersisted = named ?? { fd: unnamed as Fd };
  try {
    yield* copyContents(file.fd, copy.fd);
    adjust(copy.fd, options);
    if (options.fsync !== false) yield* written(copy.fd);
    appear(copy, target, options);
  } catch (error) {
    if (named === undefined) copy.fd.close();
    else discard(named);
    const code = fullCode(error);
    if (code === undefined) throw error;
    throw new TempSpaceError([fullPlace(target.dir.path, target.dir, code)], error);
  }
  if (named !== undefined) unregister(named);
  if (file.dir !== undefined && file.name !== undefined) tryUnlinkat(file.dir, file.name);
  return copy.fd;
}
