import { realpathSync } from "node:fs";
import { type Bytes, basename, fromBuffer, join, parent } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import {
  AT_REMOVEDIR,
  Fd,
  mkdirat,
  O_DIRECTORY,
  O_PATH,
  openat,
  RENAME_NOREPLACE,
  renameat2,
  unlinkat,
} from "../sys/files.js";
import { chmod } from "../sys/inode.js";
import { newLeaf } from "./name.js";

const WANTED = ["/tmp", "/var/tmp"] as const;

/**
 * What a private /tmp covers: /tmp and /var/tmp, symlinks among them followed to where they lead, each place once. One
 * that is not there is made, where that is allowed; else there is nothing to cover.
 */
export function targets(): Bytes[] {
  const found = WANTED.map((path) => resolved(path as string as Bytes)).filter((path) => path !== undefined);
  return [...new Set(found)];
}

function resolved(path: Bytes): Bytes | undefined {
  const real = existing(path);
  if (real !== undefined || process.geteuid?.() !== 0) return real;
  makeTarget(path);
  return existing(path);
}

function existing(path: Bytes): Bytes | undefined {
  try {
    return fromBuffer(realpathSync.native(path, "buffer"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Nobody is to see it with another mode than 1777, so it is made under another name. */
function makeTarget(path: Bytes): void {
  using above = openat(Fd.cwd, parent(path), O_PATH | O_DIRECTORY);
  const passing = `.${newLeaf("new")}` as Bytes;
  mkdirat(above, passing, 0o700);
  {
    using made = openat(above, passing, O_PATH | O_DIRECTORY);
    chmod(made, 0o1777);
  }
  try {
    renameat2(above, passing, above, basename(path), RENAME_NOREPLACE);
  } catch (error) {
    unlinkat(above, passing, AT_REMOVEDIR);
    if (!failedWith(error, "EEXIST")) throw error;
  }
}

/** The target that `path` lies strictly below. */
export function targetAbove(path: Bytes, all: readonly Bytes[]): Bytes | undefined {
  return all.find((target) => path.startsWith(join(target, "" as Bytes)) && path.length > target.length + 1);
}
