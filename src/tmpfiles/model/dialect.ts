/** How a version of systemd-tmpfiles interprets lines, where versions differ. */
import { DEFAULT_AGE_BY_DIRECTORY, DEFAULT_AGE_BY_FILE } from "../syntax/age.js";
import { OWN_SUFFIX } from "../syntax/budget.js";
import { parseLine } from "../syntax/line.js";
import type { Modifiers } from "../syntax/modifiers.js";
import type { Item, LineType } from "./item.js";

export interface Dialect {
  /** Of the files in the configuration directories. */
  readonly suffixes: readonly string[];
  /** The type, or undefined if this version does not know it. */
  knownType(type: LineType | undefined): LineType | undefined;
  knowsModifiers(modifiers: Modifiers): boolean;
  /** An argument on a line type without one is ignored; otherwise it is an error. */
  readonly ignoresUnexpectedArgument: boolean;
  /** The item as this version applies it. */
  adapt(item: Item): Item;
  /** Whether a lock on a file keeps it; a lock on a directory always keeps its contents. */
  readonly respectsFileLocks: boolean;
}

/** The suffix of systemd-tmpfiles, and Mayfly's own. */
export const SUFFIXES: readonly string[] = [".conf", OWN_SUFFIX];

/** The dialect that Mayfly itself implements. */
export const DIALECT_262: Dialect = {
  suffixes: SUFFIXES,
  knownType: (type) => type,
  knowsModifiers: () => true,
  ignoresUnexpectedArgument: false,
  adapt: (item) => item,
  respectsFileLocks: true,
};

/** The dialect of an older host, to evaluate what its cleaner would do. */
export const DIALECT_252: Dialect = {
  suffixes: [".conf"],
  knownType: (type) => (type?.since === undefined ? type : undefined),
  knowsModifiers: ({ purge, ifSourceExists }) => !purge && !ifSourceExists,
  ignoresUnexpectedArgument: true,
  adapt: adaptTo252,
  respectsFileLocks: false,
};

/** Pragmas are comments, `X` inherits an age without its age-by, `r` and `R` ignore an age, and `x` with one cleans a path as written. */
function adaptTo252(written: Item): Item {
  const item = written.pragmas === undefined ? written : { ...written, pragmas: undefined };
  const { age, type } = item;
  if (age === undefined) return item;
  if (type.kind === "removal") return { ...item, age: undefined };
  if (type.kind !== "exclusion") return item;
  if (type.ageInheritance !== "inherits")
    return /[*?[{\\]/.test(item.path) ? { ...item, age: undefined } : item;
  if (hasAgeBy(item)) return item;
  return { ...item, age: { ...age, byFile: DEFAULT_AGE_BY_FILE, byDirectory: DEFAULT_AGE_BY_DIRECTORY } };
}

function hasAgeBy({ source }: Item): boolean {
  const line = parseLine(source);
  return "age" in line && line.age?.includes(":") === true;
}
