/** Why a line is left out, and how that is reported. */
import type { Bytes } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import { errorAt, type ProblemCode, type RemarkCode, remarkAt } from "./diagnostics.js";
import { columnOf, type Field } from "./line.js";
import type { ResolveContext } from "./resolve-context.js";
import { type ExpansionProblem, LONGEST_PATH } from "./specifiers.js";
import { notExpanded, unresolvedSpecifier, type Wording } from "./wording.js";

/** Thrown while a line is resolved, and always caught there; `at` is an offset in the field. */
export class Rejection extends Error {
  readonly code: ProblemCode;
  readonly field: Field;
  readonly at: number;
  readonly wording: Wording;

  constructor(code: ProblemCode, field: Field, wording: Wording, at = 0) {
    super(wording.message);
    this.wording = wording;
    this.code = code;
    this.field = field;
    this.at = at;
  }
}

/** The line is right, but does not count here and now. */
export class Omission extends Error {
  readonly code: RemarkCode;
  readonly field: Field;
  readonly wording: Wording;

  constructor(code: RemarkCode, field: Field, wording: Wording) {
    super(wording.message);
    this.wording = wording;
    this.code = code;
    this.field = field;
  }
}

/** Says something of a line that counts, or of why it does not. */
export function remark(
  source: Source,
  context: ResolveContext,
  code: RemarkCode,
  field: Field,
  wording: Wording,
  at = 0,
): void {
  const { file, line, text } = source;
  context.report(remarkAt(file, line, columnOf(text, field) + at, code, wording));
}

/** Tells why a line is left out. */
export function reportLeftOut(error: unknown, source: Source, context: ResolveContext): void {
  if (error instanceof Omission) remark(source, context, error.code, error.field, error.wording);
  else if (error instanceof Rejection) {
    const { file, line, text } = source;
    const column = columnOf(text, error.field) + error.at;
    context.report(errorAt(file, line, { code: error.code, column, ...error.wording }));
  } else throw error;
}

/** What it means for the line that the specifiers in `text` cannot be replaced. */
export function expansionFailed(
  problem: ExpansionProblem,
  field: "path" | "argument",
  text: Bytes,
  context: ResolveContext,
): Rejection | Omission {
  const { message, at } = problem;
  const reject = (code: ProblemCode, why: string, said = message): Rejection =>
    new Rejection(code, field, notExpanded(field, text, why, said), at);
  switch (problem.problem) {
    case "unknown":
      return reject("unknown-specifier", `Invalid slot (${message})`);
    case "too-long": {
      const said = `${field} is longer than ${LONGEST_PATH} bytes`;
      return reject(`${field}-too-long`, `File name too long (${said})`, said);
    }
    case "broken":
      return reject("broken-specifier", message);
    case "unresolved": {
      const wording = unresolvedSpecifier(problem.in262 ?? message, message);
      // A root may be filled long before it is booted: there it is not worth a message.
      return context.root === undefined
        ? new Omission("unresolved-specifier", field, wording)
        : new Omission("unresolved-specifier-below-root", field, wording);
    }
  }
}
