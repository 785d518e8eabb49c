/** The directories that cleaning changes, computed from the configuration: for ReadWritePaths= of the unit. */
import { type Bytes, dirname, isBelow } from "../base/bytes.js";
import { literalPrefix } from "../path/glob.js";
import { type Item, loadItemsSync } from "../tmpfiles/index.js";
import { writablePath } from "./unit-syntax.js";

export interface AgedDirectories {
  /** None is below another: each becomes a mount in the unit, and the walk of one must not meet that of another. */
  readonly paths: readonly Bytes[];
  /** Lines were left out since they are invalid. */
  readonly invalid: boolean;
}

/** The fixed part of each path that has an age. Paths are those of the system below `root`. */
export function agedDirectories(root: Bytes): AgedDirectories {
  const { exact, globs, invalid, failed } = loadItemsSync({ root: root === "/" ? undefined : root });
  const aged = [...exact, ...globs].filter(({ items }) => items.some(isAged));
  const found = aged.map(({ path, glob, items }) => {
    const own = (root === "/" ? path : path.slice(root.length) || "/") as Bytes;
    const fixed = glob ? literalPrefix(own.replace(/[{\\].*/s, "*") as Bytes) : own;
    // What is removed itself is an entry of the directory above it.
    const isRemoved = fixed === own && items.some(({ type }) => type.ages === "itself");
    return writablePath(isRemoved ? dirname(fixed) : fixed);
  });
  return { paths: outermost(found), invalid: invalid || failed };
}

function isAged({ age, type }: Item): boolean {
  return age !== undefined && type.ages !== false;
}

function outermost(paths: readonly Bytes[]): Bytes[] {
  const all = [...new Set(paths)].sort();
  return all.filter((path) => !all.some((other) => other !== path && isBelow(path, other)));
}
