/** Units of work: parts of a run, each small enough for one worker and one message. */
import { createHash } from "node:crypto";
import { type Bytes, components } from "../base/bytes.js";

/** Seconds and nanoseconds of atime, then of mtime: what a directory gets back after entries were removed from it. */
export type DirectoryTimes = readonly [number, number, number, number];

/**
 * `list`: list the directory, examine its entries and walk what is below. `examine`: the same for these names of it. `walk`:
 * walk these subdirectories. `rmdir`: remove those of these subdirectories that are old and empty.
 */
export type UnitKind = "list" | "examine" | "walk" | "rmdir";

export interface WorkUnit {
  readonly kind: UnitKind;
  /** The line of the policy, by its order. */
  readonly line: number;
  /** How many components of `path` lead to the line's own directory. */
  readonly base: number;
  /** The directory, relative to the root: empty for the root itself. */
  readonly path: Bytes;
  /** Its inode number when it was listed; another directory at this path is not touched. */
  readonly inode: number;
  readonly times: DirectoryTimes;
  readonly names: readonly Bytes[];
  /** The times of subdirectories that an earlier attempt changed and could not restore. */
  readonly known?: Readonly<Record<string, DirectoryTimes>>;
}

/** A slice of a wide directory: NATS allows messages of 1 MB, and a name has at most 510 bytes in JSON's UTF-8. */
export const SLICE_NAMES = 1000;

/**
 * Identifies a unit by its contents. A second attempt at a unit may split differently, so a number in order would make the
 * queue drop another unit as a duplicate.
 */
export function unitId({ known: _, ...unit }: WorkUnit): string {
  return createHash("sha256").update(JSON.stringify(unit)).digest("base64url");
}

/** How many levels below the root the unit's directory is. */
export const depthOf = ({ path }: Pick<WorkUnit, "path">): number => components(path).length;

/** The path of an entry, relative to the root. */
export const relative = (path: Bytes, name: Bytes): Bytes =>
  (path === "" ? name : `${path}/${name}`) as Bytes;

/** A unit for each slice of the names. */
export function inSlices(unit: WorkUnit): WorkUnit[] {
  const slices: WorkUnit[] = [];
  for (let at = 0; at < unit.names.length; at += SLICE_NAMES)
    slices.push({ ...unit, names: unit.names.slice(at, at + SLICE_NAMES) });
  return slices;
}
