/** Translates `mayfly clean PATH... --older-than 10d` to lines of tmpfiles.d(5). */
import { lstatSync, type Stats } from "node:fs";
import { type Bytes, bytes, escapeForDisplay, isAbsolute, toBuffer } from "../../base/bytes.js";
import { checkSync, quotedPath, quotedPattern } from "../../tmpfiles/index.js";
import { given } from "../config-options.js";
import { UsageError } from "../options.js";
import type { AdHocValues } from "./options.js";

/** Options that select a configuration, which ad-hoc cleaning does not use. */
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
  if (combined !== undefined)
    throw new UsageError(`options '--older-than' and '--${combined}' cannot be combined`);
  if (operands.length === 0) throw new UsageError("missing PATH");
  const age = ageField(options);
  const lines = operands.map(pathOf).flatMap((path) => [lineFor(path, age), ...exclusions(path, options)]);
  requireSound(lines);
  return lines;
}

/** Without --older-than, these options would silently do nothing. */
export function requireOlderThan(options: AdHocValues): void {
  const names = ["age-by", "keep-first-level", "exclude"] as const;
  const found = names.find((name) => isGiven(options[name]));
  if (found !== undefined) throw new UsageError(`option '--${found}' requires '--older-than'`);
}

/** A user who specifies a directory probably wants to clean it; suggests the command for that. */
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
  if (stat.isSymbolicLink())
    throw new UsageError(`'${shown}' is a symlink; specify the directory that it points to`);
  if (stat.isFile() && path.endsWith(".conf")) {
    throw new UsageError(
      `'${shown}' looks like a configuration file. To apply it, omit --older-than; to remove the file itself by age, use an r line`,
    );
  }
  if (!stat.isDirectory() && !stat.isFile()) throw new UsageError(`'${shown}' is not a directory or file`);
  return `${stat.isDirectory() ? "e" : "r"} ${quotedPattern(path)} - - - ${quotedPath(bytes(age))}` as Bytes;
}

function exclusions(path: Bytes, { exclude }: AdHocValues): Bytes[] {
  return exclude.map((glob) => {
    if (glob === "") throw new UsageError("option '--exclude' expects a pattern, not an empty string");
    // The path is quoted, so that only GLOB is a pattern.
    const pattern = isAbsolute(glob) ? quotedPath(glob) : joined(quotedPattern(path), quotedPath(glob));
    return `x ${pattern}` as Bytes;
  });
}

/** Joins two fields of a line; a field can be quoted only as a whole. */
function joined(path: Bytes, glob: Bytes): Bytes {
  const bare = (field: Bytes): string => (field.startsWith('"') ? field.slice(1, -1) : field);
  const whole = `${bare(path)}/${bare(glob)}`;
  return (path.startsWith('"') || glob.startsWith('"') ? `"${whole}"` : whole) as Bytes;
}

/** Rejects lines with errors according to `mayfly check`, such as an invalid age or a line that would clean the system. */
function requireSound(lines: readonly Bytes[]): void {
  const finding = checkSync({ inline: true, args: lines }).find(({ severity }) => severity === "error");
  if (finding !== undefined) throw new UsageError(`${finding.message}. ${finding.title}.`);
}

function pathOf(operand: Bytes): Bytes {
  const path = given(operand);
  if (path === undefined) throw new UsageError("PATH must not be empty");
  return path;
}

function statOf(path: Bytes): Stats | undefined {
  return lstatSync(toBuffer(path), { throwIfNoEntry: false });
}
