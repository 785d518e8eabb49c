/** Decodes C escapes in paths and arguments. */
import { type Bytes, bytes } from "../../base/bytes.js";

/** A decoded C escape: its bytes, and the offset after it. */
export interface Escape {
  readonly value: Bytes;
  readonly end: number;
}

const SINGLE: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  s: " ",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/**
 * Decodes the escape whose backslash is before `at`. Undefined if it is invalid: an unknown letter, too few digits, a NUL
 * (which neither a path nor content may contain), half of a surrogate pair, or a `\U` that is not a character.
 */
export function unescapeAt(text: Bytes, at: number): Escape | undefined {
  const letter = text[at] ?? "";
  const single = SINGLE[letter];
  if (single !== undefined) return { value: single as Bytes, end: at + 1 };
  const digits = HEX_DIGITS[letter];
  if (digits !== undefined) return hexadecimal(text, at + 1, digits);
  return octal(text, at);
}

function hexadecimal(text: Bytes, at: number, digits: number): Escape | undefined {
  const written = text.slice(at, at + digits);
  if (written.length < digits || !/^[0-9a-fA-F]+$/.test(written)) return undefined;
  const code = Number.parseInt(written, 16);
  if (code === 0) return undefined;
  const end = at + digits;
  if (digits === 2) return { value: String.fromCharCode(code) as Bytes, end };
  if (isSurrogate(code) || (digits === 8 && isNoCharacter(code))) return undefined;
  return { value: bytes(String.fromCodePoint(code)), end };
}

function octal(text: Bytes, at: number): Escape | undefined {
  const written = text.slice(at, at + 3);
  if (!/^[0-3][0-7][0-7]$/.test(written) || written === "000") return undefined;
  return { value: String.fromCharCode(Number.parseInt(written, 8)) as Bytes, end: at + 3 };
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}

/** A code point beyond Unicode, or one of its 66 noncharacters. */
function isNoCharacter(code: number): boolean {
  return code > 0x10ffff || (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe;
}

/** The text with its C escapes decoded, or the offset of the first invalid one. */
export function unescapeAll(text: Bytes): Bytes | number {
  let backslash = text.indexOf("\\");
  if (backslash < 0) return text;
  let result = "";
  let copied = 0;
  while (backslash >= 0) {
    const found = unescapeAt(text, backslash + 1);
    if (found === undefined) return backslash;
    result += text.slice(copied, backslash) + found.value;
    copied = found.end;
    backslash = text.indexOf("\\", copied);
  }
  return (result + text.slice(copied)) as Bytes;
}
