/** Finds lines that would clean a path if their directory were not a symlink. */
import { type Bytes, isBelow } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import { glob } from "../../path/glob.js";
import { S_IFLNK, S_IFMT } from "../../sys/inode.js";
import type { Loaded } from "../../tmpfiles/config/items.js";
import type { Item } from "../../tmpfiles/model/item.js";
import { RealPaths, statPreservingAtime } from "./names.js";

/** A line that stops at the symlink `at`. */
export interface BlockedLine {
  readonly source: Source;
  readonly at: Bytes;
}

/** The lines whose directory is a symlink to the path or to a directory above it. */
export function blockedLines(path: Bytes, { exact, globs }: Loaded): BlockedLine[] {
  const reals = new RealPaths();
  const real = reals.of(path);
  const leads = (directory: Bytes): boolean => isBelow(real, reals.leadsTo(directory)) && real !== directory;
  const ends = ({ source }: Item, at: Bytes): BlockedLine[] =>
    leads(at) && isSymlink(at) ? [{ source, at }] : [];
  const items = [...exact, ...globs].flatMap((group) => group.items.filter(cleansContents));
  return items.flatMap((item) => {
    if (item.type.path === "exact") return ends(item, item.path);
    return glob({ root: "/" as Bytes, preserveAtime: true }, item.path, mayLead(real, reals)).flatMap((at) =>
      ends(item, at),
    );
  });
}

/** Restricts the expansion of patterns to directories that lead to the path. */
function mayLead(real: Bytes, reals: RealPaths): (path: Bytes) => boolean {
  return (path) => isBelow(real, reals.leadsTo(path));
}

function cleansContents({ type, age }: Item): boolean {
  return (
    type.ages === "contents" &&
    age !== undefined &&
    type.ageInheritance !== "inherits" &&
    type.create !== undefined
  );
}

function isSymlink(path: Bytes): boolean {
  const stat = statPreservingAtime(path);
  return stat !== undefined && (stat.mode & S_IFMT) === S_IFLNK;
}
