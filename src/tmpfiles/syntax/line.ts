/** Parses a line into its fields, without access to the disk. */
import type { Bytes } from "../../base/bytes.js";
import type { Diagnostic } from "../../base/errors.js";
import type { Source } from "../../base/events.js";
import { errorAt, type Problem } from "./diagnostics.js";
import { eachLine, type LexProblem, skipBlanks, splitWords } from "./lex.js";
import type { Modifiers } from "./modifiers.js";
import { MODIFIER_NAMES, NO_MODIFIERS } from "./modifiers.js";
import { PragmaReader, type Pragmas } from "./pragma.js";
import * as wording from "./wording.js";

/** A parsed line, unquoted, with nothing resolved. A field that is missing, empty or `-` is undefined. */
export interface Line {
  readonly source: Source;
  readonly letter: string;
  readonly modifiers: Modifiers;
  readonly path: Bytes;
  readonly mode: Bytes | undefined;
  readonly user: Bytes | undefined;
  readonly group: Bytes | undefined;
  readonly age: Bytes | undefined;
  /** As written: the line types that support escapes decode them. */
  readonly argument: Bytes | undefined;
}

export interface ParsedFile {
  readonly lines: Line[];
  readonly diagnostics: Diagnostic[];
}

/** The fields, in order. */
export const FIELDS = ["type", "path", "mode", "user", "group", "age", "argument"] as const;
export type Field = (typeof FIELDS)[number];
/** The argument is the whole rest of the line. */
const WORDS = FIELDS.length - 1;

/** Lines of this many bytes or more are rejected. */
const LONGEST_LINE = 1 << 20;

const COMMENT = 0x23;

/** The lines of one configuration file. Invalid lines become diagnostics. Does not access the disk. */
export function parseFile(file: Bytes, content: Bytes): ParsedFile {
  const lines: Line[] = [];
  const diagnostics: Diagnostic[] = [];
  eachParsedLine(
    file,
    content,
    (line) => lines.push(line),
    (diagnostic) => diagnostics.push(diagnostic),
  );
  return { lines, diagnostics };
}

/** The same, one at a time, so that ignoring a line costs next to nothing. */
export function eachParsedLine(
  file: Bytes,
  content: Bytes,
  take: (line: Line) => void,
  report: (diagnostic: Diagnostic) => void,
): void {
  eachWrittenLine(
    file,
    content,
    (source) => {
      const line = parseLine(source);
      if ("letter" in line) take(line);
      else report(errorAt(file, source.line, line));
    },
    report,
  );
}

/** Each line that is neither empty nor a comment. */
export function eachWrittenLine(
  file: Bytes,
  content: Bytes,
  take: (source: Source, pragmas: Pragmas | undefined) => void,
  report: (diagnostic: Diagnostic) => void,
): void {
  const reader = new PragmaReader(file);
  eachLine(content, (text, number, length) => {
    if (length >= LONGEST_LINE) return report(errorAt(file, number, TOO_LONG));
    const start = skipBlanks(text, 0);
    if (start === text.length) return;
    if (text.charCodeAt(start) === COMMENT)
      reader.read(text, number, start, (problem) => report({ ...errorAt(file, number, problem), text }));
    else take({ file, line: number, text }, reader.take());
  });
  const { dangling } = reader;
  if (dangling !== undefined)
    report({ ...errorAt(file, dangling.line, dangling.problem), text: dangling.text });
}

const TOO_LONG: Problem = { code: "line-too-long", column: LONGEST_LINE, ...wording.lineTooLong() };

/** Parses one line that is neither empty nor a comment. */
export function parseLine(source: Source): Line | Problem {
  const { text } = source;
  const words = splitWords(text, WORDS);
  if (!Array.isArray(words)) return lexProblem(words);
  const [type, path] = words;
  if (type === undefined || path === undefined) return missingPath(text);
  const modifiers = parseModifiers(type, text);
  if ("code" in modifiers) return modifiers;
  return {
    source,
    letter: type.charAt(0),
    modifiers,
    path,
    mode: given(words[2]),
    user: given(words[3]),
    group: given(words[4]),
    age: given(words[5]),
    argument: given(words[6]),
  };
}

function given(word: Bytes | undefined): Bytes | undefined {
  return word === undefined || word === "" || word === "-" ? undefined : word;
}

/**
 * The column at which a field of a line begins, in bytes from 1; after the end of the line if it has no such field. Splits
 * the line again, because few lines have diagnostics.
 */
export function columnOf(text: Bytes, field: Field): number {
  const starts: number[] = [];
  splitWords(text, WORDS, starts);
  return (starts[FIELDS.indexOf(field)] ?? text.length) + 1;
}

function lexProblem({ problem, column }: LexProblem): Problem {
  return problem === "quote"
    ? { code: "bad-quote", column, ...wording.openQuote() }
    : { code: "bad-escape", column, ...wording.badEscape() };
}

function missingPath(text: Bytes): Problem {
  return { code: "missing-path", column: text.length + 1, ...wording.missingPath() };
}

const knownModifiers = new Map<string, Modifiers>([["", NO_MODIFIERS]]);

function parseModifiers(type: Bytes, text: Bytes): Modifiers | Problem {
  const known = knownModifiers.get(type.slice(1));
  if (type === "") return { code: "missing-type", column: columnOf(text, "type"), ...wording.missingType() };
  if (known !== undefined) return known;
  const modifiers: Record<keyof Modifiers, boolean> = { ...NO_MODIFIERS };
  for (let at = 1; at < type.length; at++) {
    const name = MODIFIER_NAMES[type.charAt(at)];
    if (name === undefined || modifiers[name]) return modifierProblem(type, at, text, name !== undefined);
    modifiers[name] = true;
  }
  knownModifiers.set(type.slice(1), modifiers);
  return modifiers;
}

/** U+FEFF, which some editors write before UTF-8. */
const BYTE_ORDER_MARK = "\xef\xbb\xbf";

function modifierProblem(type: Bytes, at: number, text: Bytes, twice: boolean): Problem {
  const modifier = type.charAt(at) as Bytes;
  const said = type.startsWith(BYTE_ORDER_MARK)
    ? wording.byteOrderMark(type)
    : twice
      ? wording.repeatedModifier(type, modifier)
      : wording.unknownModifier(type, modifier, Object.keys(MODIFIER_NAMES).join(" "));
  return { code: "unknown-modifier", column: columnOf(text, "type") + at, ...said };
}
