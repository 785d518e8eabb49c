import type { Bytes } from "../base/bytes.js";
import { unescapeAt } from "./escape.js";

/** A word of a line; `column` counts its bytes from 1, and points at the quote where there is one. */
export interface Word {
  readonly text: Bytes;
  readonly column: number;
}

export type Words =
  | { readonly words: readonly Word[]; readonly rest: Word | undefined; readonly problem?: never }
  | { readonly problem: "quote" | "escape"; readonly column: number };

const TAB = 0x09;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const BACKSLASH = 0x5c;

/** What separates fields. Form feeds and vertical tabs do not. */
export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB || code === NEWLINE || code === CARRIAGE_RETURN;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && isBlank(text.charCodeAt(at))) at++;
  return at;
}

/**
 * The first `count` words of a line, unquoted and unescaped, and what follows them as it stands. A word may be put
 * together from quoted and unquoted pieces; escapes are read in both.
 */
export function splitWords(line: Bytes, count: number): Words {
  const words: Word[] = [];
  let at = skipBlanks(line, 0);
  while (words.length < count && at < line.length) {
    const end = plainEnd(line, at);
    const code = line.charCodeAt(end);
    if (end === line.length || isBlank(code)) {
      words.push({ text: line.slice(at, end) as Bytes, column: at + 1 });
      at = skipBlanks(line, end);
      continue;
    }
    const word = readQuoted(line, at);
    if ("problem" in word) return word;
    words.push({ text: word.text, column: at + 1 });
    at = skipBlanks(line, word.end);
  }
  return { words, rest: at < line.length ? { text: line.slice(at) as Bytes, column: at + 1 } : undefined };
}

/** Where the word ends, or its first quote or backslash stands. */
function plainEnd(line: string, from: number): number {
  let at = from;
  for (; at < line.length; at++) {
    const code = line.charCodeAt(at);
    if (isBlank(code) || code === BACKSLASH || code === DOUBLE_QUOTE || code === SINGLE_QUOTE) break;
  }
  return at;
}

type Quoted =
  | { readonly text: Bytes; readonly end: number }
  | { readonly problem: "quote" | "escape"; readonly column: number };

function readQuoted(line: Bytes, from: number): Quoted {
  let text = "";
  let quote = 0;
  let quotedAt = 0;
  let at = from;
  while (at < line.length) {
    const code = line.charCodeAt(at);
    if (code === BACKSLASH) {
      const escape = unescapeAt(line, at + 1);
      if (escape === undefined) return { problem: "escape", column: at + 1 };
      text += escape.value;
      at = escape.end;
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

/** A line as it stands in its file, without the blanks around it. `column` is where it begins. */
export interface TextLine {
  readonly text: Bytes;
  readonly number: number;
  readonly column: number;
  /** With the blanks around it. */
  readonly length: number;
}

const LINE_END = /[\n\r\0]/g;

/**
 * The lines of a file. One ends at a newline, a carriage return or a NUL, or at a pair or triple of different ones: CRLF
 * is one end, two newlines are two.
 */
export function* textLines(content: Bytes): Generator<TextLine> {
  const plain = !content.includes("\r") && !content.includes("\0");
  let number = 0;
  for (let start = 0; start < content.length; ) {
    let end = plain ? content.indexOf("\n", start) : nextEnd(content, start);
    if (end < 0) end = content.length;
    number++;
    yield strip(content, start, end, number);
    start = plain ? end + 1 : afterEnd(content, end);
  }
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
    // A NUL ends the line there and then.
    if (character === "\0") return at + 1;
  }
  return at;
}

function strip(content: Bytes, start: number, end: number, number: number): TextLine {
  let from = start;
  let to = end;
  while (from < to && isBlank(content.charCodeAt(from))) from++;
  while (to > from && isBlank(content.charCodeAt(to - 1))) to--;
  return { text: content.slice(from, to) as Bytes, number, column: from - start + 1, length: end - start };
}
