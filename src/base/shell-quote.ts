/** Quoting for advice that people paste into a shell: file names come from whoever may write to /tmp. */
import { type Bytes, isUtf8, toText } from "./bytes.js";

const PLAIN = /^[\w@%+=:,./-]+$/;
/** What a terminal must not get as it stands. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** One word of a shell command: in single quotes where it needs any, in `$'...'` where it holds control characters or bytes that are not UTF-8. */
export function shellQuoted(word: Bytes): string {
  if (PLAIN.test(word)) return word;
  const text = toText(word);
  if (isUtf8(word) && !UNSAFE.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  return `$'${word.replace(/['\\]|[^ -~]/g, (byte) => (/['\\]/.test(byte) ? `\\${byte}` : octal(byte)))}'`;
}

/** Of three digits, so that no digit that follows belongs to it. */
function octal(byte: string): string {
  return `\\${byte.charCodeAt(0).toString(8).padStart(3, "0")}`;
}
