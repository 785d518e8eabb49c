/** Determines the directories that a private /tmp covers. */
import { realpathSync } from "node:fs";
import { type Bytes, basename, dirname, fromBuffer, isBelow, join } from "../base/bytes.js";
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
 * The targets: /tmp and /var/tmp with symlinks resolved, each directory once. One that does not exist is created if
 * permitted, and skipped otherwise. One that is inside the other (/var/tmp -> /tmp/var) is covered by it.
 */
export function targets(): Bytes[] {
  const all = places();
  return all.filter((place) => targetAbove(place, all) === undefined);
}

function places(): Bytes[] {
  const found = WANTED.map((path) => resolved(path as string as Bytes)).filter((path) => path !== undefined);
  return [...new Set(found)];
}

/** The directories inside a target that must exist in a private /tmp too, as paths below the target. */
export function placesInside(target: Bytes): Bytes[] {
  return places()
    .filter((place) => targetAbove(place, [target]) !== undefined)
    .map((place) => place.slice(target.length + 1) as Bytes);
}

/** Resolves /tmp or /var/tmp at the start of a path if they are symlinks. */
export function throughTargets(path: Bytes): Bytes {
  const wanted = WANTED.map((each) => each as string as Bytes).find((each) => isBelow(path, each));
  const real = wanted === undefined ? undefined : existing(wanted);
  if (wanted === undefined || real === undefined || real === wanted) return path;
  return join(real, path.slice(wanted.length + 1) as Bytes);
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

/** Created under a temporary name, so that it never appears with a mode other than 1777. */
function makeTarget(path: Bytes): void {
  using above = openat(Fd.cwd, dirname(path), O_PATH | O_DIRECTORY);
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

/** The target that contains `path`. */
export function targetAbove(path: Bytes, all: readonly Bytes[]): Bytes | undefined {
  return all.find((target) => path.startsWith(join(target, "" as Bytes)) && path.length > target.length + 1);
}
