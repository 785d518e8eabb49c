/** Writes paths in unit files: systemd.syntax(7). */
import { type Bytes, dirname, isUtf8, toText } from "../base/bytes.js";

const CONTROL = /\p{Cc}/u;

/** Whether a unit file can name the path: systemd ignores lines that are not valid UTF-8, or that have control characters. */
function isWritable(path: Bytes): boolean {
  return isUtf8(path) && !CONTROL.test(toText(path));
}

/** The path itself, or the nearest directory above it that a unit file can name. */
export function writablePath(path: Bytes): Bytes {
  let at = path;
  while (!isWritable(at)) at = dirname(at);
  return at;
}

/** One word of a list of paths. `%` begins a specifier. */
export function unitWord(word: string): Bytes {
  const escaped = word.replaceAll("%", "%%");
  return (/[\s"'\\]/.test(escaped) ? `"${escaped.replace(/["\\]/g, "\\$&")}"` : escaped) as Bytes;
}

/** One word of a command line, in which `$` begins a variable, too. */
export function commandWord(word: Bytes): Bytes {
  return unitWord(word.replaceAll("$", "$$$$")) as Bytes;
}
