/** Splits an argument into quoted words. */
import type { Bytes } from "../../base/bytes.js";

/** A word of an argument, unquoted, and its offset. */
export interface Word {
  readonly text: Bytes;
  readonly at: number;
}

const WORD = /(?:[^\s"'\\]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*(?:"|$)|'(?:[^'\\]|\\[\s\S])*(?:'|$))+/g;
const PIECE = /\\([\s\S])|"((?:[^"\\]|\\[\s\S])*)(?:"|$)|'((?:[^'\\]|\\[\s\S])*)(?:'|$)/g;

/**
 * The words between blanks. Quotes keep blanks within a word, and a backslash the next character; an open quote ends with
 * the text.
 */
export function splitQuoted(text: Bytes): Word[] {
  return [...text.matchAll(WORD)].map(({ 0: word, index }) => ({ text: unquoted(word), at: index }));
}

function unquoted(word: string): Bytes {
  const plain = (inner: string): string => inner.replace(/\\([\s\S])/g, "$1");
  return word.replace(PIECE, (_, escaped?: string, double?: string, single?: string) =>
    escaped === undefined ? plain(double ?? single ?? "") : escaped,
  ) as Bytes;
}
