/** Rules about the files that lines refer to on this host, or below the root that is checked. */
import { type Bytes, escapeForDisplay } from "../../base/bytes.js";
import { SyscallError, UnsafePathError } from "../../base/errors.js";
import { resolve } from "../../path/resolve.js";
import { S_IFLNK, S_IFMT, statx } from "../../sys/inode.js";
import type { Item } from "../model/item.js";
import { type Configuration, isExclusion } from "./configuration.js";
import type { Rule, Spot } from "./rule.js";

export const DISK_RULES: readonly Rule[] = [
  {
    code: "symlinked-directory",
    severity: "warning",
    title: "Directory is a symlink, and is never cleaned",
    why: "systemd-tmpfiles does not follow a symlink in the last component of a line's path, so nothing in the directory is removed.",
    fix: "Name the directory that the symlink leads to.",
    find: symlinkedDirectories,
  },
];

function* symlinkedDirectories(configuration: Configuration): Generator<Spot> {
  for (const item of configuration.all) {
    if (!emptiesDirectory(item) || !isSymlink(configuration.root, item.path)) continue;
    yield {
      source: item.source,
      field: "path",
      detail: `${escapeForDisplay(configuration.shown(item.path))} is a symlink`,
    };
  }
}

function emptiesDirectory(item: Item): boolean {
  const { type, age, path } = item;
  if (type.ages !== "contents" || isExclusion(item) || /[*?[]/.test(path)) return false;
  return type.create !== undefined && (age !== undefined || type.remove !== undefined);
}

/** Whether the path is a symlink. Preserves access times. False if it cannot be examined. */
function isSymlink(root: Bytes | undefined, path: Bytes): boolean {
  try {
    using found = resolve(root ?? ("/" as Bytes), path, { follow: false, safe: false, preserveAtime: true });
    return (statx(found).mode & S_IFMT) === S_IFLNK;
  } catch (error) {
    if (error instanceof SyscallError || error instanceof UnsafePathError) return false;
    throw error;
  }
}
