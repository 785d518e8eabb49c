/** Writes paths as lines of tmpfiles.d have them: the other direction of lexer, specifiers and globs. */
import { type Bytes, bytes, isUtf8, toText } from "../../base/bytes.js";

/** Printable ASCII without blanks, quotes, backslashes and backticks: a word that means what it says. */
const PLAIN = /^[!#-&(-[\]-_a-~]+$/;
/** What may not stand as it is between double quotes; the backtick, so that a line can be quoted in backticks. */
const UNSAFE = /["\\`\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|(?! )\p{Zs}/gu;
const UNSAFE_BYTE = /["\\`]|[^ -~]/g;
const GLOB = /[\\*?[\]{}]/g;

/**
 * A path as a line's path field has it, so that lexer and specifiers give back exactly these bytes: the other direction
 * of `splitWords`. A `%` is doubled, and what a plain word can't hold is quoted and escaped.
 */
export function quotedPath(path: Bytes): Bytes {
  const literal = path.replaceAll("%", "%%") as Bytes;
  if (PLAIN.test(literal)) return literal;
  const inside = isUtf8(literal)
    ? bytes(toText(literal).replace(UNSAFE, (character) => escaped(bytes(character))))
    : literal.replace(UNSAFE_BYTE, escaped);
  return `"${inside}"` as Bytes;
}

/** A path field that, on a line whose type reads a glob, matches this path alone. */
export function quotedPattern(path: Bytes): Bytes {
  return quotedPath(path.replace(GLOB, "\\$&") as Bytes);
}

function escaped(text: string): string {
  if (text === '"' || text === "\\") return `\\${text}`;
  return text.replace(/[\s\S]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
