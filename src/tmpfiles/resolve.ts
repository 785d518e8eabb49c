import { type Bytes, isAbsolute, isBelow, join, show, simplify } from "../base/bytes.js";
import type { Diagnostic } from "../base/errors.js";
import type { FieldProblem } from "./age.js";
import { decodeBase64 } from "./base64.js";
import type { Credentials } from "./credentials.js";
import { errorAt, type ProblemCode, type RemarkCode, remarkAt } from "./diagnostics.js";
import type { Age, Item, Mode, Owner } from "./item.js";
import { columnOf, type Field, type Line } from "./line.js";
import { ArgumentError, type LineType, MissingSourceError } from "./line-type.js";
import { RelativeSourceError } from "./lines/arguments.js";
import { lineType } from "./lines/index.js";
import type { MissingOwner } from "./owners.js";
import type { Expand, ExpansionProblem } from "./specifiers.js";

/** What lines are resolved against. */
export interface ResolveContext {
  /** The directory of --root, absolute and simplified; undefined for the host itself. */
  readonly root: Bytes | undefined;
  readonly boot: boolean;
  readonly graceful: boolean;
  readonly user: (field: Bytes) => Owner | MissingOwner;
  readonly group: (field: Bytes) => Owner | MissingOwner;
  readonly credentials: Credentials;
  readonly expand: Expand;
  /** Whether there is anything at a path, symlinks not followed. */
  readonly exists: (path: Bytes) => boolean;
  readonly parseMode: (field: Bytes) => Mode | FieldProblem;
  readonly parseAge: (field: Bytes) => Age | FieldProblem;
  /** --prefix and --exclude-prefix; of the path without the root. */
  readonly includes: (path: Bytes) => boolean;
  readonly report: (diagnostic: Diagnostic) => void;
}

/** Thrown while a line is resolved, and always caught in `resolveLine`; `at` is an offset in the field. */
class Rejection extends Error {
  readonly code: ProblemCode;
  readonly field: Field;
  readonly at: number;

  constructor(code: ProblemCode, field: Field, message: string, at = 0) {
    super(message);
    this.code = code;
    this.field = field;
    this.at = at;
  }
}

/** The line is right, but does not count here and now. */
class Omission extends Error {
  readonly code: RemarkCode;
  readonly field: Field;

  constructor(code: RemarkCode, field: Field, message: string) {
    super(message);
    this.code = code;
    this.field = field;
  }
}

/**
 * The line as an item of this host: specifiers, owners, the root. Undefined for a line that is left out, with its reason
 * reported. The steps have the order of the reference, since the first that fails decides the exit status.
 */
export function resolveLine(line: Line, context: ResolveContext): Item | undefined {
  try {
    return resolveSteps(line, context);
  } catch (error) {
    if (error instanceof Omission) remark(line, context, error.code, error.field, error.message);
    else if (error instanceof Rejection) {
      const { file, line: number, text } = line.source;
      const column = columnOf(text, error.field) + error.at;
      context.report(errorAt(file, number, { code: error.code, column, message: error.message }));
    } else throw error;
    return undefined;
  }
}

function remark(
  line: Line,
  context: ResolveContext,
  code: RemarkCode,
  field: Field,
  message: string,
  at = 0,
): void {
  const { file, line: number, text } = line.source;
  context.report(remarkAt(file, number, columnOf(text, field) + at, code, message));
}

function resolveSteps(line: Line, context: ResolveContext): Item | undefined {
  if (line.modifiers.boot && !context.boot) {
    throw new Omission("not-at-boot", "type", "counts at boot only (--boot)");
  }
  const path = resolvePath(line, context);
  const type = checkType(line);
  const parsed = parseArgument(line, type, context);
  checkModifiers(line, type);
  if (!context.includes(path)) return undefined;
  const argument = resolveArgument(line, type, parsed, path, context);
  const text = typeof argument === "string" ? (argument as Bytes) : line.argument;
  const argumentBytes = decode(line, readCredential(line, text, context));
  const user = resolveOwner(line, "user", context);
  const group = resolveOwner(line, "group", context);
  const missing = user === MISSING || group === MISSING;
  return {
    source: line.source,
    letter: line.letter,
    type,
    modifiers: line.modifiers,
    path: belowRoot(path, context.root),
    argument,
    argumentBytes,
    user: user === MISSING ? undefined : user,
    group: group === MISSING ? undefined : group,
    mode: line.mode === undefined ? undefined : resolveMode(line, line.mode, missing, context),
    age: line.age === undefined ? undefined : resolveAge(type, line.age, context),
  };
}

function belowRoot(path: Bytes, root: Bytes | undefined): Bytes {
  if (root === undefined || root === "/") return path;
  return path === "/" ? root : join(root, path);
}

const VAR_RUN = "/var/run/";

function resolvePath(line: Line, context: ResolveContext): Bytes {
  const expanded = context.expand(line.path);
  if (typeof expanded !== "string") throw expansionFailed(expanded, "path", context);
  if (!isAbsolute(expanded)) {
    throw new Rejection("relative-path", "path", `the path "${show(expanded)}" is not absolute`);
  }
  const path = simplify(expanded);
  if (!path.startsWith(VAR_RUN)) return path;
  const updated = path.slice("/var".length) as Bytes;
  remark(line, context, "var-run", "path", `/var/run is an old name of /run: write "${show(updated)}"`);
  return updated;
}

function expansionFailed(
  problem: ExpansionProblem,
  field: "path" | "argument",
  context: ResolveContext,
): Rejection | Omission {
  const { message, at } = problem;
  switch (problem.problem) {
    case "unknown":
      return new Rejection("unknown-specifier", field, message, at);
    case "too-long":
      return new Rejection(`${field}-too-long`, field, message, at);
    case "broken":
      return new Rejection("broken-specifier", field, message, at);
    case "unresolved":
      // A root may be filled long before it is ever booted, so there it is nothing to speak of.
      return context.root === undefined
        ? new Omission("unresolved-specifier", field, message)
        : new Omission("unresolved-specifier-below-root", field, message);
  }
}

/** The type, and whether its argument may stand there. */
function checkType(line: Line): LineType {
  const type = lineType(line.letter);
  const letter = show(line.letter as Bytes);
  if (type === undefined) throw new Rejection("unknown-type", "type", `there is no line type "${letter}"`);
  if (line.modifiers.base64 && type.argument !== "none" && !type.modifiers.includes("~")) {
    throw new Rejection("base64-not-taken", "type", `${letter} lines take no base64 ("~")`);
  }
  if (line.argument !== undefined && type.argument === "none") {
    throw new Rejection("argument-not-taken", "argument", `${letter} lines take no argument`);
  }
  if (line.argument === undefined && type.argument === "required") {
    throw new Rejection("argument-missing", "argument", `${letter} lines need an argument`);
  }
  return type;
}

function checkModifiers(line: Line, type: LineType): void {
  const { purge, ifSourceExists } = line.modifiers;
  if (!purge && !ifSourceExists) return;
  const letter = show(line.letter as Bytes);
  if (purge && !type.modifiers.includes("$")) {
    throw new Rejection("purge-not-taken", "type", `what ${letter} lines name can't be purged ("$")`);
  }
  if (ifSourceExists && !type.modifiers.includes("?")) {
    throw new Rejection("if-source-exists-not-taken", "type", `"?" means nothing on ${letter} lines`);
  }
}

function parseArgument(line: Line, type: LineType, context: ResolveContext): unknown {
  const { argument } = line;
  const { parseArgument: parse } = type;
  if (argument === undefined || parse === undefined) return argument;
  const warn = (message: string, at = 0): void =>
    remark(line, context, "ignored-argument", "argument", message, at);
  return withArgumentErrors(() => parse(argument, warn));
}

/** Turns what the functions of a row throw into this module's own. */
function withArgumentErrors<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof MissingSourceError) {
      throw new Omission("missing-source", "argument", "the source does not exist");
    }
    if (!(error instanceof ArgumentError)) throw error;
    const code = error instanceof RelativeSourceError ? "relative-source" : "bad-argument";
    throw new Rejection(code, "argument", error.message, error.at);
  }
}

function resolveArgument(
  line: Line,
  type: LineType,
  parsed: unknown,
  path: Bytes,
  context: ResolveContext,
): unknown {
  const { resolveArgument: resolve } = type;
  if (resolve === undefined || line.modifiers.base64) return parsed;
  const expand = (text: Bytes, limit?: number): Bytes => {
    const expanded = context.expand(text, limit);
    if (typeof expanded === "string") return expanded;
    throw expansionFailed(expanded, "argument", context);
  };
  return withArgumentErrors(() =>
    resolve(parsed, { path, root: context.root, expand, exists: context.exists }),
  );
}

function readCredential(line: Line, name: Bytes | undefined, context: ResolveContext): Bytes | undefined {
  if (!line.modifiers.credential) return name;
  if (name === undefined) {
    throw new Rejection("bad-credential", "type", `"^" needs the name of a credential as the argument`);
  }
  let content: Bytes | undefined;
  try {
    content = context.credentials.read(name);
  } catch (error) {
    throw new Rejection("bad-credential", "argument", (error as Error).message);
  }
  if (content !== undefined) return content;
  throw new Omission("missing-credential", "argument", "there is no such credential");
}

function decode(line: Line, content: Bytes | undefined): Bytes | undefined {
  if (!line.modifiers.base64 || content === undefined) return content;
  const decoded = decodeBase64(content);
  if (decoded === undefined) throw new Rejection("bad-base64", "argument", "this is no base64");
  return decoded;
}

/** The owner that a line names is not known, which --graceful takes for none. */
const MISSING = Symbol("missing owner");

function resolveOwner(
  line: Line,
  kind: "user" | "group",
  context: ResolveContext,
): Owner | typeof MISSING | undefined {
  const field = line[kind];
  if (field === undefined) return undefined;
  const owner = context[kind](field);
  if ("id" in owner) return owner;
  if (!context.graceful || !owner.tolerable) throw new Rejection(`unknown-${kind}`, kind, owner.message);
  remark(line, context, "missing-account", kind, owner.message);
  return MISSING;
}

function resolveMode(line: Line, field: Bytes, missing: boolean, context: ResolveContext): Mode {
  const mode = context.parseMode(field);
  if ("problem" in mode) {
    const message = `"${show(field)}" is no mode: up to four octal digits, after "~" and ":" where wanted`;
    throw new Rejection("bad-mode", "mode", message, mode.at);
  }
  if (!missing || mode.bits <= 0o777) return mode;
  // Set-user-ID for an owner that could not be had would be for somebody else.
  const bits = mode.bits & 0o777;
  const message = `mode 0${mode.bits.toString(8)} becomes 0${bits.toString(8)}, since the owner is not known`;
  remark(line, context, "changed-mode", "mode", message);
  return { ...mode, bits };
}

function resolveAge(type: LineType, field: Bytes, context: ResolveContext): Age {
  const age = context.parseAge(field);
  if ("problem" in age) {
    throw age.problem === "age-by"
      ? new Rejection("bad-age-by", "age", "before the colon stand letters of abcmABCM", age.at)
      : new Rejection("bad-age", "age", `"${show(field)}" is no age, as "10d" or "1h 30min"`, age.at);
  }
  if (age.keepFirstLevel && type.ages === "itself") {
    throw new Rejection("first-level-not-taken", "age", `"~" means nothing where the path itself ages`);
  }
  return age;
}

/** Whether a path counts, by --prefix and --exclude-prefix: whoever excludes it wins. */
export function prefixFilter(
  prefixes: readonly Bytes[],
  excluded: readonly Bytes[],
): (path: Bytes) => boolean {
  const included = prefixes.map(simplify);
  const left = excluded.map(simplify);
  if (included.length === 0 && left.length === 0) return () => true;
  return (path) =>
    !left.some((prefix) => isBelow(path, prefix)) &&
    (included.length === 0 || included.some((prefix) => isBelow(path, prefix)));
}
