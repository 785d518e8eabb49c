/** Formats values as JSON that is safe to print on a terminal. */
import { type Bytes, isUtf8, toBuffer, toText } from "./bytes.js";
import type { Source } from "./events.js";

type Json = { readonly [key: string]: unknown };

/** Control and format characters that affect a terminal. JSON itself escapes only those below U+0020. */
const UNSAFE_ON_TERMINAL = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A value as one line of JSON that is safe to print on a terminal. */
export function line(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE_ON_TERMINAL, (character) =>
    character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/** A path as text, and in base64 as well if it is not valid UTF-8. */
export function pathJson(key: string, path: Bytes): Json {
  const text = { [key]: toText(path) };
  return isUtf8(path) ? text : { ...text, [`${key}Base64`]: toBuffer(path).toString("base64") };
}

export function sourceJson({ file, line, text }: Source): Json {
  return { ...pathJson("file", file), line, ...pathJson("text", text) };
}
