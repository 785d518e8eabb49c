/** Quotes paths for lines of tmpfiles.d: the reverse of the lexer, specifiers and globs. */
import { type Bytes, bytes, isUtf8, toText } from "../../base/bytes.js";

/** Printable ASCII without blanks, quotes, backslashes and backticks: a word that needs no quotes. */
const PLAIN = /^[!#-&(-[\]-_a-~]+$/;
/** Characters to escape between double quotes. Including the backtick, so that a line can be quoted in backticks. */
const UNSAFE = /["\\`\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]|(?! )\p{Zs}/gu;
const UNSAFE_BYTE = /["\\`]|[^ -~]/g;
const GLOB = /[\\*?[\]{}]/g;

/**
 * Quotes a path for the path field, so that the lexer and the specifiers return exactly these bytes: the reverse of
 * `splitWords`. Doubles each `%`, and quotes and escapes what a plain word cannot contain.
 */
export function quotedPath(path: Bytes): Bytes {
  const literal = path.replaceAll("%", "%%") as Bytes;
  if (PLAIN.test(literal)) return literal;
  const inside = isUtf8(literal)
    ? bytes(toText(literal).replace(UNSAFE, (character) => escaped(bytes(character))))
    : literal.replace(UNSAFE_BYTE, escaped);
  return `"${inside}"` as Bytes;
}

/** A path field that matches only this path on a line whose type expects a glob. */
export function quotedPattern(path: Bytes): Bytes {
  return quotedPath(path.replace(GLOB, "\\$&") as Bytes);
}

function escaped(text: string): string {
  if (text === '"' || text === "\\") return `\\${text}`;
  return text.replace(/[\s\S]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
