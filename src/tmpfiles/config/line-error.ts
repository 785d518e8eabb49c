/** Errors that make a line ignored, and how they are reported. */
import type { Bytes } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import { errorAt, type NoteCode, noteAt, type ProblemCode } from "../syntax/diagnostics.js";
import { columnOf, type Field } from "../syntax/line.js";
import { notExpanded, unresolvedSpecifier, type Wording } from "../syntax/wording.js";
import type { ItemContext } from "./item-context.js";
import { type ExpansionProblem, LONGEST_PATH } from "./specifiers.js";

/** Thrown while a line is resolved, and always caught there; `at` is an offset in the field. */
export class LineError extends Error {
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

/** The line is valid, but does not apply on this system. */
export class LineSkipped extends Error {
  readonly code: NoteCode;
  readonly field: Field;
  readonly wording: Wording;

  constructor(code: NoteCode, field: Field, wording: Wording) {
    super(wording.message);
    this.wording = wording;
    this.code = code;
    this.field = field;
  }
}

/** Reports a diagnostic about a line. */
export function note(
  source: Source,
  context: ItemContext,
  code: NoteCode,
  field: Field,
  wording: Wording,
  at = 0,
): void {
  const { file, line, text } = source;
  context.report(noteAt(file, line, columnOf(text, field) + at, code, wording));
}

/** Reports why a line is ignored. */
export function reportLeftOut(error: unknown, source: Source, context: ItemContext): void {
  if (error instanceof LineSkipped) note(source, context, error.code, error.field, error.wording);
  else if (error instanceof LineError) {
    const { file, line, text } = source;
    const column = columnOf(text, error.field) + error.at;
    context.report(errorAt(file, line, { code: error.code, column, ...error.wording }));
  } else throw error;
}

/** The error of a line whose specifiers in `text` cannot be replaced. */
export function expansionFailed(
  problem: ExpansionProblem,
  field: "path" | "argument",
  text: Bytes,
  context: ItemContext,
): LineError | LineSkipped {
  const { message, at } = problem;
  const reject = (code: ProblemCode, why: string, said = message): LineError =>
    new LineError(code, field, notExpanded(field, text, why, said), at);
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
      // A root directory may be populated long before it boots, so this is not worth a message there.
      return context.root === undefined
        ? new LineSkipped("unresolved-specifier", field, wording)
        : new LineSkipped("unresolved-specifier-below-root", field, wording);
    }
  }
}
