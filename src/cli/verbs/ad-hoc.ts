/** Reads the command line of `mayfly clean PATH... --older-than 10d`. */
import { lstatSync, type Stats } from "node:fs";
import { type Bytes, escapeForDisplay, toBuffer } from "../../base/bytes.js";
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
export async function adHocLines(
  options: AdHocValues & Readonly<Record<string, unknown>>,
  operands: readonly Bytes[],
): Promise<Bytes[]> {
  const combined = CONFIGURATION.find((name) => isGiven(options[name]));
  if (combined !== undefined)
    throw new UsageError(`options '--older-than' and '--${combined}' cannot be combined`);
  if (operands.length === 0) throw new UsageError("missing PATH");
  const { exclude } = options;
  if (exclude.includes("" as Bytes))
    throw new UsageError("option '--exclude' expects a pattern, not an empty string");
  // Loaded only here, because it loads an HTTP server, too.
  const { AgedPathsError, agedPathLines } = await import("../../serve/index.js");
  try {
    return agedPathLines({
      paths: operands.map(pathOf),
      olderThan: options["older-than"] ?? "",
      ageBy: options["age-by"],
      keepFirstLevel: options["keep-first-level"],
      exclude,
    });
  } catch (error) {
    throw error instanceof AgedPathsError ? new UsageError(error.message) : error;
  }
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

function pathOf(operand: Bytes): Bytes {
  const path = given(operand);
  if (path === undefined) throw new UsageError("PATH must not be empty");
  if (path.endsWith(".conf") && statOf(path)?.isFile()) {
    const shown = escapeForDisplay(path);
    throw new UsageError(
      `'${shown}' looks like a configuration file. To apply it, omit --older-than; to remove the file itself by age, use an r line`,
    );
  }
  return path;
}

function statOf(path: Bytes): Stats | undefined {
  return lstatSync(toBuffer(path), { throwIfNoEntry: false });
}
