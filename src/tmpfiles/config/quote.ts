import type { Bytes } from "../../base/bytes.js";

/** Printable ASCII without blanks, quotes and backslashes: a word that means what it says. */
const PLAIN = /^[!#-&(-[\]-~]+$/;

/**
 * A path as a line's path field has it, so that lexer and specifiers give back exactly these bytes: the other direction
 * of `splitWords`. A `%` is doubled, and what a plain word can't hold stands quoted and escaped.
 */
export function quotedPath(path: Bytes): Bytes {
  const literal = path.replaceAll("%", "%%");
  if (PLAIN.test(literal)) return literal as Bytes;
  return `"${literal.replace(/["\\]|[^ -~]/g, escaped)}"` as Bytes;
}

function escaped(byte: string): string {
  if (byte === '"' || byte === "\\") return `\\${byte}`;
  return `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
