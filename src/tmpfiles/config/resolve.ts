/** Resolves a parsed line into an item of this host. */
import { type Bytes, escapeForDisplay, isAbsolute, join, normalize } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import { expandBraces, TooManyAlternativesError } from "../../path/braces.js";
import { lineType } from "../lines/index.js";
import type { Item, LineType, Owner } from "../model/item.js";
import type { Age } from "../syntax/age.js";
import type { Line } from "../syntax/line.js";
import type { Mode } from "../syntax/mode.js";
import * as wording from "../syntax/wording.js";
import type { ItemContext } from "./item-context.js";
import { expansionFailed, LineError, LineSkipped, note, reportLeftOut } from "./line-error.js";
import { ownerName } from "./owners.js";
import { argumentBytesOf, parseArgument, resolveArgument } from "./resolve-argument.js";

/**
 * Resolves a line to an item of this host: specifiers, owners, the root. Undefined if the line is ignored, after a report
 * of the reason. The order of the steps is that of systemd-tmpfiles 262, because the first failure decides the exit status.
 */
export function resolveLine(line: Line, context: ItemContext): Item | undefined {
  try {
    return resolveSteps(line, context);
  } catch (error) {
    reportLeftOut(error, line.source, context);
    return undefined;
  }
}

/**
 * The same for a line with the same fields as the line of `model`, for another path. Only for lines without an argument,
 * which may depend on the path.
 */
export function resolveFromTemplate(
  model: Item,
  source: Source,
  path: Bytes,
  context: ItemContext,
): Item | undefined {
  try {
    const resolved = resolvePath(source, path, context);
    if (!context.includes(resolved)) return undefined;
    requireFewAlternatives(model.type, resolved);
    return {
      source,
      letter: model.letter,
      type: model.type,
      modifiers: model.modifiers,
      path: belowRoot(resolved, context.root),
      argument: undefined,
      argumentBytes: undefined,
      user: model.user,
      group: model.group,
      mode: model.mode,
      age: model.age,
    };
  } catch (error) {
    reportLeftOut(error, source, context);
    return undefined;
  }
}

function resolveSteps(line: Line, context: ItemContext): Item | undefined {
  if (line.modifiers.boot && !context.boot) {
    throw new LineSkipped("not-at-boot", "type", wording.notAtBoot(`${line.letter}!`, line.path));
  }
  const path = resolvePath(line.source, line.path, context);
  const type = checkType(line, context);
  const parsed = parseArgument(line, type, context);
  checkModifiers(line, type);
  if (!context.includes(path)) return undefined;
  requireFewAlternatives(type, path);
  const argument = resolveArgument(line, type, parsed, path, context);
  const text = typeof argument === "string" ? (argument as Bytes) : line.argument;
  const argumentBytes = argumentBytesOf(line, text, context);
  const user = resolveOwner(line, "user", path, context);
  const group = resolveOwner(line, "group", path, context);
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
    age: line.age === undefined ? undefined : resolveAge(line.letter, type, line.age, context),
  };
}

function belowRoot(path: Bytes, root: Bytes | undefined): Bytes {
  if (root === undefined || root === "/") return path;
  return path === "/" ? root : join(root, path);
}

const VAR_RUN = "/var/run/";

function resolvePath(source: Source, written: Bytes, context: ItemContext): Bytes {
  const expanded = context.expand(written);
  if (typeof expanded !== "string") throw expansionFailed(expanded, "path", written, context);
  if (!isAbsolute(expanded)) {
    throw new LineError("relative-path", "path", wording.relativePath(expanded));
  }
  const path = normalize(expanded);
  if (!path.startsWith(VAR_RUN)) return path;
  const updated = path.slice("/var".length) as Bytes;
  note(source, context, "var-run", "path", wording.legacyDirectory(path, updated));
  return updated;
}

/** Braces multiply: a line of 100 bytes can expand to more paths than fit in memory. */
function requireFewAlternatives(type: LineType, path: Bytes): void {
  if (type.path !== "glob" || !path.includes("{")) return;
  try {
    expandBraces(path);
  } catch (error) {
    if (!(error instanceof TooManyAlternativesError)) throw error;
    throw new LineError("too-many-alternatives", "path", wording.tooManyAlternatives(error.message));
  }
}

/** The type, if it permits the argument. */
function checkType(line: Line, { dialect }: ItemContext): LineType {
  const type = dialect.knownType(lineType(line.letter));
  const letter = escapeForDisplay(line.letter as Bytes);
  if (type === undefined)
    throw new LineError("unknown-type", "type", wording.unknownType(line.letter as Bytes));
  if (line.modifiers.base64 && type.argument !== "none" && !type.modifiers.includes("~")) {
    throw new LineError("base64-not-taken", "type", wording.base64NotAllowed(letter, type.in262?.arguments));
  }
  if (!dialect.knowsModifiers(line.modifiers)) {
    throw new LineError("unknown-modifier", "type", wording.newerModifiers());
  }
  if (line.argument !== undefined && type.argument === "none" && !dialect.ignoresUnexpectedArgument) {
    throw new LineError("argument-not-taken", "argument", wording.unexpectedArgument(letter));
  }
  if (line.argument === undefined && type.argument === "required") {
    throw new LineError("argument-missing", "argument", wording.missingArgument(letter, type.in262?.action));
  }
  return type;
}

function checkModifiers(line: Line, type: LineType): void {
  const { purge, ifSourceExists } = line.modifiers;
  if (!purge && !ifSourceExists) return;
  const letter = escapeForDisplay(line.letter as Bytes);
  if (purge && !type.modifiers.includes("$")) {
    throw new LineError("purge-not-taken", "type", wording.purgeNotAllowed(letter));
  }
  if (ifSourceExists && !type.modifiers.includes("?")) {
    throw new LineError("if-source-exists-not-taken", "type", wording.conditionNotAllowed(letter));
  }
}

/** The owner of a line is unknown, which --graceful treats as no owner. */
const MISSING = Symbol("missing owner");

function resolveOwner(
  line: Line,
  kind: "user" | "group",
  path: Bytes,
  context: ItemContext,
): Owner | typeof MISSING | undefined {
  const field = line[kind];
  if (field === undefined) return undefined;
  const owner = context[kind](field);
  if ("id" in owner) return owner;
  if (!context.graceful || !owner.tolerable) throw new LineError(`unknown-${kind}`, kind, owner.wording);
  note(line.source, context, "missing-account", kind, wording.toleratedAccount(kind, ownerName(field), path));
  return MISSING;
}

function resolveMode(line: Line, field: Bytes, missing: boolean, context: ItemContext): Mode {
  const mode = context.parseMode(field);
  if ("problem" in mode) {
    throw new LineError("bad-mode", "mode", wording.invalidMode(field), mode.at);
  }
  if (!missing || mode.bits <= 0o777) return mode;
  // A set-user-ID bit without the intended owner would be for another user.
  const bits = mode.bits & 0o777;
  const said = wording.reducedMode(mode.bits.toString(8), bits.toString(8));
  note(line.source, context, "changed-mode", "mode", said);
  return { ...mode, bits };
}

/** The text before the colon, without a leading `~`. */
function ageByOf(field: Bytes): Bytes {
  return field.slice(field.startsWith("~") ? 1 : 0, field.indexOf(":")) as Bytes;
}

function resolveAge(letter: string, type: LineType, field: Bytes, context: ItemContext): Age {
  const age = context.parseAge(field);
  if ("problem" in age) {
    throw age.problem === "age-by"
      ? new LineError("bad-age-by", "age", wording.invalidAgeBy(ageByOf(field)), age.at)
      : new LineError("bad-age", "age", wording.invalidAge(field.slice(age.at) as Bytes), age.at);
  }
  if (age.keepFirstLevel && type.ages === "itself") {
    throw new LineError("first-level-not-taken", "age", wording.firstLevelNotAllowed(letter));
  }
  return age;
}
