/** Quotes file names in commands that users paste into a shell. Any user who can write to /tmp can choose such a name. */
import { type Bytes, isUtf8, toText } from "./bytes.js";

const PLAIN = /^[\w@%+=:,./-]+$/;
/** Characters that must not reach a terminal unescaped. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** Quotes one word for the shell: with single quotes if needed, or as `$'...'` if it contains control characters or invalid UTF-8. */
export function shellQuoted(word: Bytes): string {
  if (PLAIN.test(word)) return word;
  const text = toText(word);
  if (isUtf8(word) && !UNSAFE.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  return `$'${word.replace(/['\\]|[^ -~]/g, (byte) => (/['\\]/.test(byte) ? `\\${byte}` : octal(byte)))}'`;
}

/** Always three digits, so that a following digit does not become part of the escape. */
function octal(byte: string): string {
  return `\\${byte.charCodeAt(0).toString(8).padStart(3, "0")}`;
}
