/** The codes of diagnostics about configuration, and their effects on a run. */
import type { Bytes } from "../../base/bytes.js";
import type { Diagnostic, Severity } from "../../base/errors.js";
import type { Wording } from "./wording.js";

/** Errors in a line. */
export interface Problem {
  readonly code: ProblemCode;
  readonly column: number;
  readonly message: string;
  readonly in262?: string;
}

const ERRORS = [
  "bad-quote",
  "bad-escape",
  "missing-path",
  "missing-type",
  "unknown-modifier",
  "unknown-type",
  "unknown-specifier",
  "relative-path",
  "argument-not-taken",
  "argument-missing",
  "bad-argument",
  "base64-not-taken",
  "purge-not-taken",
  "if-source-exists-not-taken",
  "first-level-not-taken",
  "relative-source",
  "unknown-user",
  "unknown-group",
  "bad-mode",
  "bad-age",
  "bad-age-by",
  "bad-pragma",
  "line-too-long",
  "path-too-long",
  "argument-too-long",
  "too-many-alternatives",
  "broken-specifier",
  "bad-base64",
  "bad-credential",
  "unreadable-file",
  "no-proc",
] as const;

const NOTES = {
  duplicate: "warning",
  "var-run": "warning",
  "ignored-argument": "warning",
  "unresolved-specifier": "info",
  "unresolved-specifier-below-root": "debug",
  "dangling-link": "warning",
  "changed-mode": "info",
  "not-at-boot": "debug",
  "missing-source": "debug",
  "missing-credential": "debug",
  "missing-account": "debug",
} as const satisfies Record<string, Severity>;

export type ProblemCode = (typeof ERRORS)[number];
export type NoteCode = keyof typeof NOTES;

/** The codes of all errors and notes. */
export const DIAGNOSTIC_CODES: readonly string[] = [...ERRORS, ...Object.keys(NOTES)];

/**
 * The effect of an error on the run. `invalid`: the line is ignored, and the exit status is 65 unless something worse
 * happens. `failed`: the same, with status 1. `aborted`: if the caller named the file, nothing runs and the status is 1; in
 * the configuration directories the error is only reported. `unreadable`: if the caller named the file, nothing runs;
 * otherwise all other files are applied. The status is 1.
 */
export type Consequence = "none" | "invalid" | "failed" | "aborted" | "unreadable";

const CONSEQUENCES: Partial<Record<ProblemCode, Consequence>> = {
  "line-too-long": "failed",
  "path-too-long": "failed",
  "argument-too-long": "failed",
  "broken-specifier": "aborted",
  "bad-base64": "aborted",
  "bad-credential": "aborted",
  "unreadable-file": "unreadable",
  "no-proc": "aborted",
};

export function consequenceOf(diagnostic: Diagnostic): Consequence {
  if (diagnostic.severity !== "error") return "none";
  return CONSEQUENCES[diagnostic.code as ProblemCode] ?? "invalid";
}

export function errorAt(file: Bytes, line: number, problem: Problem): Diagnostic {
  return { file, line, severity: "error", ...problem };
}

export function noteAt(
  file: Bytes,
  line: number,
  column: number,
  code: NoteCode,
  wording: Wording,
): Diagnostic {
  return { file, line, column, severity: NOTES[code], code, ...wording };
}
