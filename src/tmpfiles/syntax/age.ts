/** The age field of a line. */
import type { Bytes } from "../../base/bytes.js";
import type { Nanoseconds } from "../../base/time.js";
import { parseTimeSpan } from "../../base/time-span.js";

/** Bits of `AgeBy`. Files and directories have separate fields. */
export const AGE_BY_ATIME = 1;

export const AGE_BY_BTIME = 2;

export const AGE_BY_CTIME = 4;

export const AGE_BY_MTIME = 8;

export type AgeBy = number;

export const DEFAULT_AGE_BY_FILE: AgeBy = AGE_BY_ATIME | AGE_BY_BTIME | AGE_BY_CTIME | AGE_BY_MTIME;

/** Without ctime, which cleaning itself changes: it would affect the next run. */
export const DEFAULT_AGE_BY_DIRECTORY: AgeBy = AGE_BY_ATIME | AGE_BY_BTIME | AGE_BY_MTIME;

export interface Age {
  readonly span: Nanoseconds;
  readonly byFile: AgeBy;
  readonly byDirectory: AgeBy;
  /** `~`: keeps the directory's immediate entries. */
  readonly keepFirstLevel: boolean;
}

import { isBlank } from "./lex.js";

/** Why a field is invalid, and the offset of the problem in it. */
export interface FieldProblem {
  readonly problem: "age" | "age-by" | "mode";
  readonly at: number;
}

const AGE_BY_LETTERS: Readonly<Record<string, AgeBy>> = {
  a: AGE_BY_ATIME,
  b: AGE_BY_BTIME,
  c: AGE_BY_CTIME,
  m: AGE_BY_MTIME,
};

/** The age field, `[~][age-by:]age`. */
export function parseAge(field: Bytes): Age | FieldProblem {
  const keepFirstLevel = field.startsWith("~");
  const start = keepFirstLevel ? 1 : 0;
  const colon = field.indexOf(":", start);
  const by = colon < 0 ? DEFAULT_AGE_BY : parseAgeBy(field.slice(start, colon));
  if (typeof by === "number") return { problem: "age-by", at: start + by };
  const span = parseTimeSpan(field.slice(colon < 0 ? start : colon + 1) as Bytes);
  if (span === undefined) return { problem: "age", at: colon < 0 ? start : colon + 1 };
  return { span, byFile: by.file, byDirectory: by.directory, keepFirstLevel };
}

const DEFAULT_AGE_BY = { file: DEFAULT_AGE_BY_FILE, directory: DEFAULT_AGE_BY_DIRECTORY };

/**
 * Lower-case letters apply to files, upper-case ones to directories; the default applies to the kind without letters.
 * Otherwise, the offset of the error.
 */
function parseAgeBy(text: string): { readonly file: AgeBy; readonly directory: AgeBy } | number {
  let file = 0;
  let directory = 0;
  for (let at = 0; at < text.length; at++) {
    const letter = text.charAt(at);
    if (isBlank(letter.charCodeAt(0))) continue;
    const flag = AGE_BY_LETTERS[letter.toLowerCase()];
    if (flag === undefined) return at;
    if (letter === letter.toLowerCase()) file |= flag;
    else directory |= flag;
  }
  if (file === 0 && directory === 0) return 0;
  return { file: file || DEFAULT_AGE_BY_FILE, directory: directory || DEFAULT_AGE_BY_DIRECTORY };
}
