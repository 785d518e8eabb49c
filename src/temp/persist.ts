import fs from "node:fs";
import { promisify } from "node:util";
import { type Bytes, basename, parent as parentOf } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import {
  AT_SYMLINK_FOLLOW,
  Fd,
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
import { fullCode, fullPlace, TempSpaceError } from "./errors.js";
import { freshName } from "./names.js";
import { newFile, unnamedFile } from "./new-file.js";
import { copyContents } from "./open-file.js";
import { nameParts, type PathInput, pathBytes } from "./options.js";
import { type Steps, step } from "./steps.js";

/** How a file appears under its lasting name. */
export interface PersistOptions {
  /** Whether it takes the place of what has the name. Else, as by default, a name that is taken is an error: EEXIST. */
  readonly replace?: boolean;
  /** Permissions, set before anybody can see the file, and whatever the umask: 0o600 unless told otherwise. */
  readonly mode?: number;
  /** Owner and group, set before anybody can see the file. */
  readonly uid?: number;
  readonly gid?: number;
  /** Whether file and name are written through to the disk first, so that a crash can't lose them: true by default. */
  readonly fsync?: boolean;
}

/** A file that is to get its lasting name. Without `dir` and `name` it has none yet. */
export interface Unpersisted {
  readonly fd: Fd;
  readonly dir?: Fd;
  readonly name?: Bytes;
}

interface Target {
  readonly dir: Fd;
  readonly name: Bytes;
}

const fsync = promisify(fs.fsync);

/**
 * Gives a file its lasting name: at once and whole, or not at all. Returns the fd of the file that has the name now:
 * the same, or that of a copy where this one can't be linked there (another file system, a memfd).
 */
export function* persist(file: Unpersisted, path: PathInput, options: PersistOptions): Steps<Fd> {
  const whole = pathBytes(path);
  const target = { dir: openat(Fd.cwd, parentOf(whole), O_RDONLY | O_DIRECTORY), name: basename(whole) };
  try {
    yield* finish(file.fd, options);
    const persisted = appear(file, target, options) ? file.fd : yield* copyTo(file, target, options);
    if (options.fsync !== false) yield* written(target.dir);
    return persisted;
  } finally {
    target.dir.close();
  }
}

/** All that must be true of the file before it can be seen. */
function* finish(fd: Fd, { mode, uid, gid, fsync = true }: PersistOptions): Steps<void> {
  if (uid !== undefined || gid !== undefined) chown(fd, uid, gid);
  // After chown, which clears the setuid and setgid bits.
  if (mode !== undefined) chmod(fd, mode);
  if (fsync) yield* written(fd);
}

const written = (fd: Fd): Steps<void> =>
  step(
    () => fs.fsyncSync(fd.number),
    () => fsync(fd.number),
  );

/** Makes the name lead to the file; false where this file can't have a name there, but a copy could. */
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
    // ENOENT: a file that was unlinked, rather than made without a name, can't be linked again.
    if (failedWith(error, "EXDEV") || (name === undefined && failedWith(error, "ENOENT"))) return false;
    throw error;
  }
}

function move(dir: Fd, name: Bytes, target: Target, replace: boolean): void {
  try {
    renameat2(dir, name, target.dir, target.name, replace ? 0 : RENAME_NOREPLACE);
  } catch (error) {
    // A file system that does not know RENAME_NOREPLACE.
    if (replace || !failedWith(error, "EINVAL")) throw error;
    linkat(dir, name, target.dir, target.name);
    tryUnlinkat(dir, name);
  }
}

/** linkat(2) never replaces: for that, the file first gets a name that nobody knows, and is renamed. */
function link(fd: Fd, target: Target, replace: boolean): void {
  try {
    linkat(Fd.cwd, procPath(fd), target.dir, target.name, AT_SYMLINK_FOLLOW);
    return;
  } catch (error) {
    if (!replace || !failedWith(error, "EEXIST")) throw error;
  }
  const { prefix, suffix } = nameParts({});
  const between = freshName(prefix, suffix);
  linkat(Fd.cwd, procPath(fd), target.dir, between, AT_SYMLINK_FOLLOW);
  try {
    renameat2(target.dir, between, target.dir, target.name);
  } catch (error) {
    tryUnlinkat(target.dir, between);
    throw error;
  }
}

/** A copy in the target's own directory, unseen until it is whole. */
function* copyTo(file: Unpersisted, target: Target, options: PersistOptions): Steps<Fd> {
  const unnamed = unnamedFile(target.dir);
  const copy: Unpersisted =
    unnamed === undefined ? { ...newFile(target.dir, nameParts({})), dir: target.dir } : { fd: unnamed };
  try {
    yield* copyContents(file.fd, copy.fd);
    yield* finish(copy.fd, options);
    appear(copy, target, options);
  } catch (error) {
    if (copy.name !== undefined) tryUnlinkat(target.dir, copy.name);
    const code = fullCode(error);
    const reason =
      code === undefined ? error : new TempSpaceError([fullPlace(target.dir.path, target.dir, code)], error);
    copy.fd.close();
    throw reason;
  }
  if (file.dir !== undefined && file.name !== undefined) tryUnlinkat(file.dir, file.name);
  return copy.fd;
}
