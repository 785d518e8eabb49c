/** Translates "everything older than 10 days in these directories" to lines of tmpfiles.d(5), which the engine then applies. */
import { lstatSync, type Stats } from "node:fs";
import { type Bytes, bytes, escapeForDisplay, isAbsolute, toBuffer } from "../base/bytes.js";
import { checkSync, quotedPath, quotedPattern } from "../tmpfiles/index.js";

/** The paths to clean by age. */
export interface AgedPaths {
  /** Absolute. A directory's contents are cleaned; a file is removed itself. */
  readonly paths: readonly Bytes[];
  /** A time span of systemd.time(7). */
  readonly olderThan: string;
  /** The timestamps that decide, as in the age field of tmpfiles.d(5). */
  readonly ageBy?: string | undefined;
  readonly keepFirstLevel?: boolean | undefined;
  /** Patterns of paths to keep, with everything below them; relative patterns apply below each path. */
  readonly exclude?: readonly Bytes[] | undefined;
}

/** A path that cannot be cleaned, or an invalid age. */
export class AgedPathsError extends Error {
  override readonly name = "AgedPathsError";
}

/**
 * The lines that clean the paths by age.
 *
 * @throws AgedPathsError if a path is missing, a symlink or a system directory, or the age is not valid.
 */
export function agedPathLines(aged: AgedPaths): Bytes[] {
  const age = ageField(aged);
  const lines = aged.paths.flatMap((path) => [lineFor(path, age), ...exclusions(path, aged.exclude ?? [])]);
  requireSound(lines);
  return lines;
}

function ageField({ olderThan, ageBy, keepFirstLevel }: AgedPaths): string {
  return `${keepFirstLevel ? "~" : ""}${ageBy === undefined ? "" : `${ageBy}:`}${olderThan}`;
}

function lineFor(path: Bytes, age: string): Bytes {
  const shown = escapeForDisplay(path);
  const stat: Stats | undefined = lstatSync(toBuffer(path), { throwIfNoEntry: false });
  if (stat === undefined) throw new AgedPathsError(`'${shown}' does not exist`);
  if (stat.isSymbolicLink())
    throw new AgedPathsError(`'${shown}' is a symlink; specify the directory that it points to`);
  if (!stat.isDirectory() && !stat.isFile())
    throw new AgedPathsError(`'${shown}' is not a directory or file`);
  return `${stat.isDirectory() ? "e" : "r"} ${quotedPattern(path)} - - - ${quotedPath(bytes(age))}` as Bytes;
}

function exclusions(path: Bytes, exclude: readonly Bytes[]): Bytes[] {
  return exclude.map((glob) => {
    // The path is quoted, so that only GLOB is a pattern.
    const pattern = isAbsolute(glob) ? quotedPath(glob) : joinFields(quotedPattern(path), quotedPath(glob));
    return `x ${pattern}` as Bytes;
  });
}

/** Joins two fields of a line; a field can be quoted only as a whole. */
function joinFields(path: Bytes, glob: Bytes): Bytes {
  const bare = (field: Bytes): string => (field.startsWith('"') ? field.slice(1, -1) : field);
  const whole = `${bare(path)}/${bare(glob)}`;
  return (path.startsWith('"') || glob.startsWith('"') ? `"${whole}"` : whole) as Bytes;
}

/** Rejects lines with errors according to `mayfly check`, such as an invalid age or a line that would clean the system. */
function requireSound(lines: readonly Bytes[]): void {
  const finding = checkSync({ inline: true, args: lines }).find(({ severity }) => severity === "error");
  if (finding !== undefined) throw new AgedPathsError(`${finding.message}. ${finding.title}.`);
}
