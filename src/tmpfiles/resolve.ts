import { type Bytes, isAbsolute, isBelow, join, show, simplify } from "../base/bytes.js";
import type { Diagnostic } from "../base/errors.js";
import { type Accounts, parseId } from "../sys/accounts.js";
import type { FieldProblem } from "./age.js";
import { decodeBase64 } from "./base64.js";
import type { Credentials } from "./credentials.js";
import { errorAt, type ProblemCode, type RemarkCode, remarkAt } from "./diagnostics.js";
import type { Age, Item, Mode, Owner } from "./item.js";
import type { Line } from "./line.js";
import { ArgumentError, type LineType, MissingSourceError } from "./line-type.js";
import { RelativeSourceError } from "./lines/arguments.js";
import { lineType } from "./lines/index.js";
import type { Expand, ExpansionProblem } from "./specifiers.js";

/** What lines are resolved against. */
export interface ResolveContext {
  /** The directory of --root, absolute and simplified; undefined for the host itself. */
  readonly root: Bytes | undefined;
  readonly boot: boolean;
  readonly graceful: boolean;
  readonly accounts: Accounts;
  readonly credentials: Credentials;
  readonly expand: Expand;
  readonly parseMode: (field: Bytes) => Mode | FieldProblem;
  readonly parseAge: (field: Bytes) => Age | FieldProblem;
  /** --prefix and --exclude-prefix; of the path without the root. */
  readonly includes: (path: Bytes) => boolean;
  readonly report: (diagnostic: Diagnostic) => void;
}

/** Thrown while a line is resolved, and always caught in `resolveLine`. */
class Rejection extends Error {
  readonly code: ProblemCode;
  readonly column: number;

  constructor(code: ProblemCode, column: number, message: string) {
    super(message);
    this.code = code;
    this.column = column;
  }
}

/** The line is right, but does not count here and now. */
class Omission extends Error {
  readonly code: RemarkCode;
  readonly column: number;

  constructor(code: RemarkCode, column: number, message: string) {
    super(message);
    this.code = code;
    this.column = column;
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
    const { file, line: number } = line.source;
    if (error instanceof Rejection) context.report(errorAt(file, number, rejected(error)));
    else if (error instanceof Omission) context.report(remarkAt(file, number, error.column, error.code, error.message));
    else throw error;
    return undefined;
  }
}

function rejected(error: Rejection): { code: ProblemCode; column: number; message: string } {
  return { code: error.code, column: error.column, message: error.message };
}

function resolveSteps(line: Line, context: ResolveContext): Item | undefined {
  if (line.modifiers.boot && !context.boot) {
    throw new Omission("not-at-boot", line.columns.type, "counts at boot only (--boot)");
  }
  const path = resolvePath(line, context);
  const type = checkType(line);
  const parsed = parseArgument(line, type, context);
  if (!context.includes(path)) return undefined;
  const argument = resolveArgument(line, type, parsed, path, context);
  const text = typeof argument === "string" ? (argument as Bytes) : line.argument;
  return {
    source: line.source,
    letter: line.letter,
    type,
    modifiers: line.modifiers,
    path: belowRoot(path, context.root),
    argument,
    argumentBytes: decode(line, readCredential(line, text, context)),
    ...resolveOwnership(line, context),
    age: line.age === undefined ? undefined : resolveAge(line, type, line.age, context),
  };
}

function belowRoot(path: Bytes, root: Bytes | undefined): Bytes {
  if (root === undefined || root === "/") return path;
  return path === "/" ? root : join(root, path);
}

const VAR_RUN = "/var/run/";

function resolvePath(line: Line, context: ResolveContext): Bytes {
  const column = line.columns.path;
  const expanded = context.expand(line.path);
  if (typeof expanded !== "string") throw expansionFailed(expanded, column, "path-too-long", context);
  if (!isAbsolute(expanded)) {
    throw new Rejection("relative-path", column, `the path "${show(expanded)}" is not absolute`);
  }
  const path = simplify(expanded);
  if (!path.startsWith(VAR_RUN)) return path;
  const updated = path.slice("/var".length) as Bytes;
  const message = `/var/run is an old name of /run: write "${show(updated)}"`;
  context.report(remarkAt(line.source.file, line.source.line, column, "var-run", message));
  return updated;
}

function expansionFailed(
  problem: ExpansionProblem,
  column: number,
  tooLong: "path-too-long" | "argument-too-long",
  context: ResolveContext,
): Rejection | Omission {
  const at = column + problem.at;
  switch (problem.problem) {
    case "unknown":
      return new Rejection("unknown-specifier", at, problem.message);
    case "too-long":
      return new Rejection(tooLong, at, problem.message);
    case "broken":
      return new Rejection("broken-specifier", at, problem.message);
    case "unresolved": {
      // A root may well be filled before it is ever booted, so there it is nothing to speak of.
      const code = context.root === undefined ? "unresolved-specifier" : "unresolved-specifier-below-root";
      return new Omission(code, at, problem.message);
    }
  }
}

/** The type, and whether its modifiers may stand there. */
export function checkType(line: Line): LineType {
  const type = lineType(line.letter);
  const column = line.columns.type;
  const letter = show(line.letter as Bytes);
  if (type === undefined) throw new Rejection("unknown-type", column, `there is no line type "${letter}"`);
  const refuses = (modifier: string): boolean => !type.modifiers.includes(modifier);
  if (line.modifiers.base64 && type.argument !== "none" && refuses("~")) {
    throw new Rejection("base64-not-taken", column, `${letter} lines take no base64 ("~")`);
  }
  if (line.argument !== undefined && type.argument === "none") {
    throw new Rejection("argument-not-taken", line.columns.argument, `${letter} lines take no argument`);
  }
  if (line.argument === undefined && type.argument === "required") {
    throw new Rejection("argument-missing", column, `${letter} lines need an argument`);
  }
  if (line.modifiers.purge && refuses("$")) {
    throw new Rejection("purge-not-taken", column, `what ${letter} lines name can't be purged ("$")`);
  }
  if (line.modifiers.ifSourceExists && refuses("?")) {
    throw new Rejection("if-source-exists-not-taken", column, `"?" means nothing on ${letter} lines`);
  }
  return type;
}

function parseArgument(line: Line, type: LineType, context: ResolveContext): unknown {
  const { argument, source, columns } = line;
  if (argument === undefined || type.parseArgument === undefined) return argument;
  const warn = (message: string, at = 0): void =>
    context.report(remarkAt(source.file, source.line, columns.argument + at, "ignored-argument", message));
  return withArgumentErrors(line, () => type.parseArgument?.(argument, warn));
}

/** Turns what the functions of a row throw into this module's own. */
function withArgumentErrors<T>(line: Line, act: () => T): T {
  const column = line.columns.argument || line.columns.path;
  try {
    return act();
  } catch (error) {
    if (error instanceof MissingSourceError) throw new Omission("missing-source", column, "the source does not exist");
    if (error instanceof RelativeSourceError) throw new Rejection("relative-source", column, error.message);
    if (error instanceof ArgumentError) throw new Rejection("bad-argument", column + error.at, error.message);
    throw error;
  }
}

function resolveArgument(
  line: Line,
  type: LineType,
  parsed: unknown,
  path: Bytes,
  context: ResolveContext,
): unknown {
  if (type.resolveArgument === undefined || line.modifiers.base64) return parsed;
  const expand = (text: Bytes, limit?: number): Bytes => {
    const expanded = context.expand(text, limit);
    if (typeof expanded === "string") return expanded;
    throw expansionFailed(expanded, line.columns.argument, "argument-too-long", context);
  };
  return withArgumentErrors(line, () => type.resolveArgument?.(parsed, { path, root: context.root, expand }));
}

function readCredential(line: Line, name: Bytes | undefined, context: ResolveContext): Bytes | undefined {
  if (!line.modifiers.credential) return name;
  if (name === undefined) {
    throw new Rejection("bad-credential", line.columns.type, `"^" needs the name of a credential as the argument`);
  }
  const column = line.columns.argument;
  let content: Bytes | undefined;
  try {
    content = context.credentials.read(name);
  } catch (error) {
    throw new Rejection("bad-credential", column, (error as Error).message);
  }
  if (content !== undefined) return content;
  throw new Omission("missing-credential", column, "there is no such credential");
}

function decode(line: Line, content: Bytes | undefined): Bytes | undefined {
  if (!line.modifiers.base64 || content === undefined) return content;
  const decoded = decodeBase64(content);
  if (decoded === undefined) throw new Rejection("bad-base64", line.columns.argument, "this is no base64");
  return decoded;
}

type Ownership = Pick<Item, "mode" | "user" | "group">;

function resolveOwnership(line: Line, context: ResolveContext): Ownership {
  const user = resolveOwner(line, "user", context);
  const group = resolveOwner(line, "group", context);
  const mode = line.mode === undefined ? undefined : resolveMode(line, line.mode, context);
  const special = mode !== undefined && mode.bits > 0o777;
  if (!special || (user !== "missing" && group !== "missing")) {
    return { mode, user: present(user), group: present(group) };
  }
  // Set-user-ID for an owner that could not be had would be somebody else's.
  const bits = mode.bits & 0o777;
  const message = `mode 0${mode.bits.toString(8)} becomes 0${bits.toString(8)}, since the owner is not known`;
  const { source, columns } = line;
  context.report(remarkAt(source.file, source.line, columns.mode, "changed-mode", message));
  return { mode: { ...mode, bits }, user: present(user), group: present(group) };
}

function present(owner: Owner | "missing" | undefined): Owner | undefined {
  return owner === "missing" ? undefined : owner;
}

function resolveOwner(
  line: Line,
  kind: "user" | "group",
  context: ResolveContext,
): Owner | "missing" | undefined {
  const written = line[kind];
  if (written === undefined) return undefined;
  const onlyCreate = written.startsWith(":");
  const name = onlyCreate ? (written.slice(1) as Bytes) : written;
  const column = line.columns[kind];
  const id = parseId(name) ?? lookUp(kind, name, column, context);
  if (id !== undefined) return { id, onlyCreate };
  const message = `there is no ${kind} "${show(name)}"`;
  if (!context.graceful || name === "") throw new Rejection(`unknown-${kind}`, column, message);
  context.report(remarkAt(line.source.file, line.source.line, column, "missing-account", message));
  return "missing";
}

function lookUp(kind: "user" | "group", name: Bytes, column: number, context: ResolveContext): number | undefined {
  try {
    return name === "" ? undefined : context.accounts[kind](name);
  } catch (error) {
    const why = (error as Error).message;
    throw new Rejection(`unknown-${kind}`, column, `the ${kind} "${show(name)}" can't be looked up: ${why}`);
  }
}

function resolveMode(line: Line, field: Bytes, context: ResolveContext): Mode {
  const mode = context.parseMode(field);
  if ("bits" in mode) return mode;
  const message = `"${show(field)}" is no mode: up to four octal digits, after "~" and ":" where wanted`;
  throw new Rejection("bad-mode", line.columns.mode + mode.at, message);
}

function resolveAge(line: Line, type: LineType, field: Bytes, context: ResolveContext): Age {
  const age = context.parseAge(field);
  const column = line.columns.age;
  if ("problem" in age) {
    const [code, message] =
      age.problem === "age-by"
        ? (["bad-age-by", "before the colon stand letters of abcmABM"] as const)
        : (["bad-age", `"${show(field)}" is no age, as "10d" or "1h 30min"`] as const);
    throw new Rejection(code, column + age.at, message);
  }
  if (age.keepFirstLevel && type.ages === "itself") {
    throw new Rejection("first-level-not-taken", column, `"~" means nothing where the path itself ages`);
  }
  return age;
}

/** Whether a path counts, by --prefix and --exclude-prefix: whoever excludes it wins. */
export function prefixFilter(prefixes: readonly Bytes[], excluded: readonly Bytes[]): (path: Bytes) => boolean {
  const [included, left] = [prefixes.map(simplify), excluded.map(simplify)];
  return (path) =>
    !left.some((prefix) => isBelow(path, prefix)) &&
    (included.length === 0 || included.some((prefix) => isBelow(path, prefix)));
}
