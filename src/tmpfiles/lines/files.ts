/** Lines for files: f, w. */
import type { Bytes } from "../../base/bytes.js";
import { failedWith } from "../../base/errors.js";
import { resolve } from "../../path/resolve.js";
import {
  type Fd,
  O_APPEND,
  O_CREAT,
  O_EXCL,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_WRONLY,
  openat,
  reopen,
} from "../../sys/files.js";
import { isRegular, isSymlink, S_IFREG, statx } from "../../sys/inode.js";
import { truncate, writeAll } from "../../sys/write.js";
import type { CreateRequest, EntryLocation } from "../effects/effects.js";
import { ItemError } from "../effects/item-error.js";
import { look } from "../effects/parents.js";
import type { Handler, Item } from "../model/item.js";
import type { RunContext } from "../model/run-context.js";
import { setPermissions } from "./adjust.js";
import { modeOf } from "./mode.js";

// O_NONBLOCK: a FIFO in the file's place must not make the run wait for a reader.
const WRITE_FLAGS = O_WRONLY | O_NONBLOCK | O_NOCTTY;

/** `f`: creates a file with its content; `f+` truncates an existing one first. */
export const createFile: Handler = (run, item, path) => {
  if (item.modifiers.force) {
    createEmptiedFile(run, item, path, false);
    return;
  }
  using location = run.effects.openParent(item, path, "make");
  if (item.modifiers.replaceWrongType) run.effects.removeWrongType(item, location, S_IFREG);
  // The kernel reports EROFS only if nothing exists yet, so only EEXIST means that a file may exist.
  const made = run.effects.make(item, location, fileMaker(run, item, path, O_EXCL, ["EEXIST"]));
  if (made === undefined) return;
  using fd = made.fd;
  if (!made.existing) return;
  requireRegular(fd, path);
  run.effects.found(item, location, "file");
  setPermissions(run, item, fd, path, true);
};

/** `f+`, and its old name `F`. */
export const createEmptiedFile: Handler = (run, item, path) => {
  using location = run.effects.openParent(item, path, "make");
  if (item.modifiers.replaceWrongType) run.effects.removeWrongType(item, location, S_IFREG);
  const opened = openForTruncation(run, item, location);
  const made =
    opened === undefined
      ? run.effects.make(item, location, fileMaker(run, item, path, 0, []))
      : { fd: opened, existing: true };
  if (made === undefined) return;
  using fd = made.fd;
  if (!made.existing) return;
  const { size } = requireRegular(fd, path);
  run.effects.found(item, location, "file");
  if (size > 0n) run.effects.change(item, path, "content", "empty", () => truncate(fd));
  write(run, item, fd, path);
  setPermissions(run, item, fd, path, true);
};

/** On a read-only file system, an existing file that is already empty needs no truncation. */
function openForTruncation(run: RunContext, item: Item, location: EntryLocation): Fd | undefined {
  try {
    return run.effects.open(location, WRITE_FLAGS | O_NOFOLLOW);
  } catch (error) {
    if (!run.effects.acts && failedWith(error, "ENOTDIR")) throw notInFile(location);
    if (!failedWith(error, "EROFS") || item.argumentBytes) throw error;
    const held = run.effects.open(location, O_PATH | O_NOFOLLOW);
    if (held === undefined || statx(held).size === 0n) return held;
    held.close();
    throw error;
  }
}

/** systemd-tmpfiles 262 does not check this in a dry run, so it is not a failure there. */
function notInFile({ path }: EntryLocation): ItemError {
  return new ItemError("NOT_A_FILE", path, "cannot be created: its parent is not a directory");
}

function fileMaker(
  run: RunContext,
  item: Item,
  path: Bytes,
  exclusive: number,
  tolerated: readonly string[],
): CreateRequest {
  const flags = WRITE_FLAGS | O_NOFOLLOW | O_CREAT | exclusive;
  return {
    kind: "file",
    tolerated,
    fileMode: modeOf(item),
    make: (dir, name) => openat(dir, name, flags, modeOf(item)),
    fill: (fd) => write(run, item, fd, path),
    adjust: (fd) => setPermissions(run, item, fd, path, false),
  };
}

/** `w`, `w+`: writes to an existing file of any type, through symlinks as well. */
export const writeFile: Handler = (run, item, path, existing) => {
  using location = run.effects.openParent(item, path, "must-exist");
  const append = item.modifiers.force ? O_APPEND : 0;
  using fd = openToWrite(run, location, WRITE_FLAGS | append);
  if (fd === undefined) return;
  write(run, item, fd, path);
  setPermissions(run, item, fd, path, existing);
};

/** The kernel would follow the last symlink even if another user created it, and out of the root directory. */
function openToWrite(run: RunContext, location: EntryLocation, flags: number): Fd | undefined {
  const stat = location.dir && look(location.dir, location.name);
  if (stat === undefined || !isSymlink(stat)) return run.effects.open(location, flags | O_NOFOLLOW);
  try {
    using target = resolve(run.root, location.path, { follow: true });
    return reopen(target, run.effects.acts ? flags : O_PATH);
  } catch (error) {
    if (failedWith(error, "ENOENT")) return undefined;
    throw error;
  }
}

function write(run: RunContext, item: Item, fd: Fd, path: Bytes): void {
  const content = item.argumentBytes;
  if (content === undefined || content === "") return;
  run.effects.change(item, path, "content", `${content.length} bytes`, () => writeAll(fd, content));
}

function requireRegular(fd: Fd, path: Bytes): { readonly size: bigint } {
  const stat = statx(fd);
  if (!isRegular(stat)) throw new ItemError("NOT_A_FILE", path, "exists and is not a regular file");
  return stat;
}
