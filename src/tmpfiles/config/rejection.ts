import type { Source } from "../../base/events.js";
import { errorAt, type ProblemCode, type RemarkCode, remarkAt } from "./diagnostics.js";
import { columnOf, type Field } from "./line.js";
import type { ResolveContext } from "./resolve-context.js";
import type { ExpansionProblem } from "./specifiers.js";

/** Thrown while a line is resolved, and always caught there; `at` is an offset in the field. */
export class Rejection extends Error {
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
export class Omission extends Error {
  readonly code: RemarkCode;
  readonly field: Field;

  constructor(code: RemarkCode, field: Field, message: string) {
    super(message);
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
  message: string,
  at = 0,
): void {
  const { file, line, text } = source;
  context.report(remarkAt(file, line, columnOf(text, field) + at, code, message));
}

/** Tells why a line is left out. */
export function reportLeftOut(error: unknown, source: Source, context: ResolveContext): void {
  if (error instanceof Omission) remark(source, context, error.code, error.field, error.message);
  else if (error instanceof Rejection) {
    const { file, line, text } = source;
    const column = columnOf(text, error.field) + error.at;
    context.report(errorAt(file, line, { code: error.code, column, message: error.message }));
  } else throw error;
}

/** What it means for the line that specifiers can't be replaced. */
export function expansionFailed(
  problem: ExpansionProblem,
  field: "path" | "argument",
  context: ResolveContext,
): Rejection | Omission {
  const { message, at } = problem;
  switch (problem.problem) {
    case "unknown":
      return new Rejection("unknown-specifier", field, message, at);
    case "too-long":
      return new Rejection(
        `${field}-too-long`,
        field,
        `the ${field} gets ${message}: write a shorter one`,
        at,
      );
    case "broken":
      return new Rejection("broken-specifier", field, message, at);
    case "unresolved":
      // A root may be filled long before it is ever booted, so there it is nothing to speak of.
      return context.root === undefined
        ? new Omission("unresolved-specifier", field, message)
        : new Omission("unresolved-specifier-below-root", field, message);
  }
}
