/** Cleaning by age without configuration: `mayfly clean PATH... --older-than 10d` becomes lines of tmpfiles.d(5). */
import { lstatSync, type Stats } from "node:fs";
import { type Bytes, bytes, escapeForDisplay, isAbsolute, toBuffer } from "../../base/bytes.js";
import { check, quotedPath, quotedPattern } from "../../tmpfiles/index.js";
import { given } from "../config-options.js";
import { UsageError } from "../options.js";
import type { AdHocValues } from "./options.js";

/** Options that choose a configuration, which ad-hoc cleaning does without. */
const CONFIGURATION = [
  "inline",
  "replace",
  "user",
  "boot",
  "graceful",
  "prefix",
  "exclude-prefix",
  "root",
  "image",
];

/**
 * The lines that clean the operands by age.
 *
 * @throws UsageError if an operand or option is not suitable
 */
export function adHocLines(
  options: AdHocValues & Readonly<Record<string, unknown>>,
  operands: readonly Bytes[],
): Bytes[] {
  const combined = CONFIGURATION.find((name) => isGiven(options[name]));
  if (combined !== undefined) throw new UsageError(`--older-than cannot be combined with --${combined}`);
  if (operands.length === 0) throw new UsageError("missing PATH: name the directories to clean");
  const age = ageField(options);
  const lines = operands.map(pathOf).flatMap((path) => [lineFor(path, age), ...exclusions(path, options)]);
  requireSound(lines);
  return lines;
}

/** An exclusion without --older-than would silently do nothing, and so would the others. */
export function requireOlderThan(options: AdHocValues): void {
  const names = ["age-by", "keep-first-level", "exclude"] as const;
  const lonely = names.find((name) => isGiven(options[name]));
  if (lonely !== undefined) throw new UsageError(`--${lonely} needs --older-than`);
}

/** A person who names a directory means its contents, and gets told how to say so. */
export function directoryHint(operands: readonly Bytes[]): string | undefined {
  const directory = operands.find((operand) => operand.includes("/") && statOf(operand)?.isDirectory());
  if (directory === undefined) return undefined;
  const shown = escapeForDisplay(directory);
  return `'${shown}' is a directory, not a configuration file. To clean it by age: mayfly clean ${shown} --older-than 10d`;
}

function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
}

function ageField(options: AdHocValues): string {
  const by = options["age-by"] === undefined ? "" : `${options["age-by"]}:`;
  return `${options["keep-first-level"] ? "~" : ""}${by}${options["older-than"]}`;
}

function lineFor(path: Bytes, age: string): Bytes {
  const shown = escapeForDisplay(path);
  const stat = statOf(path);
  if (stat === undefined) throw new UsageError(`'${shown}' does not exist`);
  if (stat.isSymbolicLink()) throw new UsageError(`'${shown}' is a symlink: name the directory it points to`);
  if (stat.isFile() && path.endsWith(".conf")) {
    throw new UsageError(
      `'${shown}' looks like a configuration file. To clean by its lines, leave out --older-than; to remove the file itself by age, use an r line`,
    );
  }
  if (!stat.isDirectory() && !stat.isFile()) throw new UsageError(`'${shown}' is not a directory or file`);
  return `${stat.isDirectory() ? "e" : "r"} ${quotedPattern(path)} - - - ${quotedPath(bytes(age))}` as Bytes;
}

function exclusions(path: Bytes, { exclude }: AdHocValues): Bytes[] {
  return exclude.map((glob) => {
    if (glob === "") throw new UsageError("option '--exclude' expects a pattern, not an empty string");
    // Only the pattern is one: the path before it is taken as it is.
    const pattern = isAbsolute(glob) ? quotedPath(glob) : joined(quotedPattern(path), quotedPath(glob));
    return `x ${pattern}` as Bytes;
  });
}

/** Two fields of a line as one: quotes may stand in the middle of none. */
function joined(path: Bytes, glob: Bytes): Bytes {
  const bare = (field: Bytes): string => (field.startsWith('"') ? field.slice(1, -1) : field);
  const whole = `${bare(path)}/${bare(glob)}`;
  return (path.startsWith('"') || glob.startsWith('"') ? `"${whole}"` : whole) as Bytes;
}

/** The rules of `mayfly check` refuse what would clean the system, and ages that are none. */
function requireSound(lines: readonly Bytes[]): void {
  const finding = check({ inline: true, args: lines }).find(({ severity }) => severity === "error");
  if (finding !== undefined) throw new UsageError(`${finding.message}. ${finding.title}.`);
}

function pathOf(operand: Bytes): Bytes {
  const path = given(operand);
  if (path === undefined) throw new UsageError("a PATH must not be empty");
  return path;
}

function statOf(path: Bytes): Stats | undefined {
  return lstatSync(toBuffer(path), { throwIfNoEntry: false });
}
