import { type Bytes, show } from "../base/bytes.js";
import type { Diagnostic } from "../base/errors.js";
import type { Source } from "../base/events.js";
import { errorAt, type Problem } from "./diagnostics.js";
import type { Modifiers } from "./item.js";
import { splitWords, type TextLine, textLines, type Word } from "./lex.js";

/** The bytes of each field, counted from 1; 0 where the line does not have it. */
export interface Columns {
  readonly type: number;
  readonly path: number;
  readonly mode: number;
  readonly user: number;
  readonly group: number;
  readonly age: number;
  readonly argument: number;
}

/** A written line, unquoted, with nothing resolved yet. A field that is missing, empty or `-` is undefined. */
export interface Line {
  readonly source: Source;
  readonly letter: string;
  readonly modifiers: Modifiers;
  readonly path: Bytes;
  readonly mode: Bytes | undefined;
  readonly user: Bytes | undefined;
  readonly group: Bytes | undefined;
  readonly age: Bytes | undefined;
  /** As it is written: its escapes are read by the line types that have them. */
  readonly argument: Bytes | undefined;
  readonly columns: Columns;
}

export interface ParsedFile {
  readonly lines: Line[];
  readonly diagnostics: Diagnostic[];
}

/** A line of this many bytes or more is refused. */
export const LONGEST_LINE = 1 << 20;
const FIELDS = 6;

export const MODIFIER_NAMES: Readonly<Record<string, keyof Modifiers>> = {
  "+": "force",
  "!": "boot",
  "-": "allowFailure",
  "=": "replaceWrongType",
  "~": "base64",
  "^": "credential",
  $: "purge",
  "?": "ifSourceExists",
};

export const NO_MODIFIERS: Modifiers = {
  force: false,
  boot: false,
  allowFailure: false,
  replaceWrongType: false,
  base64: false,
  credential: false,
  purge: false,
  ifSourceExists: false,
};

/** The lines of one configuration file. Touches no disk; what is no line becomes a diagnostic. */
export function parseFile(file: Bytes, content: Bytes): ParsedFile {
  const parsed: ParsedFile = { lines: [], diagnostics: [] };
  for (const text of textLines(content)) {
    if (text.text === "" || text.text.startsWith("#")) {
      if (text.length < LONGEST_LINE) continue;
    }
    const line = parseLine(file, text);
    if ("letter" in line) parsed.lines.push(line);
    else parsed.diagnostics.push(errorAt(file, text.number, line));
  }
  return parsed;
}

/** One line, which is neither empty nor a comment. */
export function parseLine(file: Bytes, text: TextLine): Line | Problem {
  if (text.length >= LONGEST_LINE) {
    return { code: "line-too-long", column: LONGEST_LINE, message: "the line is longer than a mebibyte" };
  }
  const split = splitWords(text.text, FIELDS);
  const shift = text.column - 1;
  if (split.problem !== undefined) return lexProblem(split.problem, split.column + shift);
  const [type, path, mode, user, group, age] = split.words;
  if (type === undefined || path === undefined) {
    const message = "a line needs a type and a path, as in `d /run/example 0755 root root -`";
    return { code: "missing-path", column: shift + text.text.length + 1, message };
  }
  const modifiers = parseModifiers(type, shift);
  if ("code" in modifiers) return modifiers;
  const column = (word: Word | undefined): number => (word === undefined ? 0 : word.column + shift);
  return {
    source: { file, line: text.number, text: text.text },
    letter: type.text.charAt(0),
    modifiers,
    path: path.text,
    mode: given(mode),
    user: given(user),
    group: given(group),
    age: given(age),
    argument: given(split.rest),
    columns: {
      type: column(type),
      path: column(path),
      mode: column(mode),
      user: column(user),
      group: column(group),
      age: column(age),
      argument: column(split.rest),
    },
  };
}

function given(word: Word | undefined): Bytes | undefined {
  return word === undefined || word.text === "" || word.text === "-" ? undefined : word.text;
}

function lexProblem(problem: "quote" | "escape", column: number): Problem {
  return problem === "quote"
    ? { code: "bad-quote", column, message: "the quote that opens here is never closed" }
    : { code: "bad-escape", column, message: "no C escape; write a backslash as `\\\\`" };
}

const knownModifiers = new Map<string, Modifiers>([["", NO_MODIFIERS]]);

function parseModifiers(type: Word, shift: number): Modifiers | Problem {
  if (type.text === "") {
    return { code: "missing-type", column: type.column + shift, message: "the type is empty" };
  }
  const written = type.text.slice(1);
  const known = knownModifiers.get(written);
  if (known !== undefined) return known;
  const modifiers: Record<keyof Modifiers, boolean> = { ...NO_MODIFIERS };
  for (let at = 0; at < written.length; at++) {
    const name = MODIFIER_NAMES[written.charAt(at)];
    if (name === undefined || modifiers[name]) return modifierProblem(type, at + 1, shift, name !== undefined);
    modifiers[name] = true;
  }
  knownModifiers.set(written, modifiers);
  return modifiers;
}

function modifierProblem(type: Word, at: number, shift: number, twice: boolean): Problem {
  const modifier = show(type.text.charAt(at) as Bytes);
  const why = twice ? "stands twice" : `is none of ${Object.keys(MODIFIER_NAMES).join(" ")}`;
  const message = `the modifier "${modifier}" of "${show(type.text)}" ${why}`;
  return { code: "unknown-modifier", column: type.column + shift + at, message };
}
