/** Splits the text of a configuration into lines and words. */
import type { Bytes } from "../../base/bytes.js";
import { unescapeAt } from "./escape.js";

/** A line cannot be split; `column` counts bytes from 1. */
export interface LexProblem {
  readonly problem: "quote" | "escape";
  readonly column: number;
}

const TAB = 0x09;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const BACKSLASH = 0x5c;

/** The separators of fields. Form feeds and vertical tabs are not among them. */
export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB || code === NEWLINE || code === CARRIAGE_RETURN;
}

/** The offset of the first byte from `from` on that is not a blank. */
export function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && isBlank(text.charCodeAt(at))) at++;
  return at;
}

/**
 * The first `count` words of a line, unquoted and unescaped, followed by the rest of the line as written. A word may
 * consist of quoted and unquoted parts; escapes are decoded in both. `starts` receives the offset of each.
 */
export function splitWords(line: Bytes, count: number, starts?: number[]): Bytes[] | LexProblem {
  const words: Bytes[] = [];
  for (let at = skipBlanks(line, 0); at < line.length; ) {
    starts?.push(at);
    if (words.length === count) {
      words.push(line.slice(at) as Bytes);
      break;
    }
    let end = plainEnd(line, at);
    if (end === line.length || isBlank(line.charCodeAt(end))) {
      words.push(line.slice(at, end) as Bytes);
    } else {
      const word = readQuoted(line, at);
      if ("problem" in word) return word;
      words.push(word.text);
      end = word.end;
    }
    at = skipBlanks(line, end);
  }
  return words;
}

/** A line, split after its path. */
export interface Cut {
  readonly type: Bytes;
  readonly path: Bytes;
  /** The offset of the rest, or of the end of the line. */
  readonly rest: number;
}

/** Undefined if the type or the path is missing, or has quotes or escapes. */
export function cutBehindPath(line: Bytes): Cut | undefined {
  const start = skipBlanks(line, 0);
  const typeEnd = plainEnd(line, start);
  const pathStart = skipBlanks(line, typeEnd);
  const pathEnd = plainEnd(line, pathStart);
  const rest = skipBlanks(line, pathEnd);
  if (pathStart === typeEnd || pathEnd === pathStart || (rest === pathEnd && rest < line.length))
    return undefined;
  return {
    type: line.slice(start, typeEnd) as Bytes,
    path: line.slice(pathStart, pathEnd) as Bytes,
    rest,
  };
}

/** The offset of the end of the word, or of its first quote or backslash. */
function plainEnd(line: string, from: number): number {
  let at = from;
  for (; at < line.length; at++) {
    const code = line.charCodeAt(at);
    if (isBlank(code) || code === BACKSLASH || code === DOUBLE_QUOTE || code === SINGLE_QUOTE) break;
  }
  return at;
}

function readQuoted(line: Bytes, from: number): { readonly text: Bytes; readonly end: number } | LexProblem {
  let text = "";
  let quote = 0;
  let quotedAt = 0;
  let at = from;
  while (at < line.length) {
    const code = line.charCodeAt(at);
    if (code === BACKSLASH) {
      const found = unescapeAt(line, at + 1);
      if (found === undefined) return { problem: "escape", column: at + 1 };
      text += found.value;
      at = found.end;
    } else if (quote === 0 && isBlank(code)) {
      break;
    } else if (code === quote) {
      quote = 0;
      at++;
    } else if (quote === 0 && (code === DOUBLE_QUOTE || code === SINGLE_QUOTE)) {
      quote = code;
      quotedAt = at++;
    } else {
      const end = quote === 0 ? plainEnd(line, at) : quotedEnd(line, at, quote);
      text += line.slice(at, end);
      at = end;
    }
  }
  return quote === 0 ? { text: text as Bytes, end: at } : { problem: "quote", column: quotedAt + 1 };
}

function quotedEnd(line: string, from: number, quote: number): number {
  let at = from;
  while (at < line.length && line.charCodeAt(at) !== BACKSLASH && line.charCodeAt(at) !== quote) at++;
  return at;
}

const LINE_END = /[\n\r\0]/g;

/**
 * Calls `visit` with each line of a file, without trailing blanks; `length` is its length with them. A newline, a carriage
 * return or a NUL ends a line, and so does a pair or triple of different ones: CRLF is one end, two newlines are two.
 */
export function eachLine(content: Bytes, visit: (text: Bytes, number: number, length: number) => void): void {
  const plain = !content.includes("\r") && !content.includes("\0");
  let number = 0;
  for (let start = 0; start < content.length; ) {
    let end = plain ? content.indexOf("\n", start) : nextEnd(content, start);
    if (end < 0) end = content.length;
    let last = end;
    while (last > start && isBlank(content.charCodeAt(last - 1))) last--;
    number++;
    visit(content.slice(start, last) as Bytes, number, end - start);
    start = plain ? end + 1 : afterEnd(content, end);
  }
}

/** The lines of a file as written, without their ends. */
export function linesOf(content: Bytes): Bytes[] {
  const lines: Bytes[] = [];
  for (let start = 0; start < content.length; ) {
    const end = nextEnd(content, start);
    lines.push(content.slice(start, end) as Bytes);
    start = afterEnd(content, end);
  }
  return lines;
}

function nextEnd(content: string, from: number): number {
  LINE_END.lastIndex = from;
  return LINE_END.exec(content)?.index ?? content.length;
}

function afterEnd(content: string, end: number): number {
  const seen = new Set<string>();
  let at = end;
  for (; at < content.length && at < end + 3; at++) {
    const character = content.charAt(at);
    if (!/[\n\r\0]/.test(character) || seen.has(character)) break;
    seen.add(character);
    // A NUL ends the line by itself.
    if (character === "\0") return at + 1;
  }
  return at;
}
