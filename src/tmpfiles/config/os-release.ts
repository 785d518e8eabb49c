/** Parses files of assignments, such as os-release(5). */
import type { Bytes } from "../../base/bytes.js";
import { failedWith } from "../../base/errors.js";
import { LIMITS, readBelow } from "../../sys/read.js";

/** A field of os-release(5), empty if it is not set; undefined if the file does not exist. */
export function osRelease(root: Bytes | undefined, field: string): Bytes | undefined {
  const fields =
    readEnvironmentFile(root, "/etc/os-release") ?? readEnvironmentFile(root, "/usr/lib/os-release");
  return fields === undefined ? undefined : (fields.get(field) ?? ("" as Bytes));
}

/** Parses assignments as in os-release(5): shell syntax without expansion. */
export function readEnvironmentFile(root: Bytes | undefined, path: string): Map<string, Bytes> | undefined {
  try {
    const content = readBelow(root, path as Bytes, LIMITS.settings);
    return content === undefined ? undefined : parseAssignments(content);
  } catch (error) {
    // A symlink that leads out of the root, or to itself, is treated as missing.
    if (failedWith(error, "ELOOP", "EXDEV")) return undefined;
    throw error;
  }
}

const ASSIGNMENT = /[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*=/y;
/** An unclosed quote ends at the end of the file. */
const QUOTED = /[ \t]*(?:"((?:[^"\\]|\\[\s\S])*)(?:"|$)|'([^']*)(?:'|$))/y;
const PLAIN = /[ \t]*((?:[^\\\n]|\\[\s\S])*)/y;

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function parseAssignments(content: Bytes): Map<string, Bytes> {
  const fields = new Map<string, Bytes>();
  for (let at = 0; at < content.length; ) {
    const key = match(ASSIGNMENT, content, at);
    if (key !== null) {
      const value = parseValue(content, at + key[0].length);
      fields.set(key[1] ?? "", value.text);
      at = value.end;
    }
    const end = content.indexOf("\n", at);
    at = end < 0 ? content.length : end + 1;
  }
  return fields;
}

/** First quoted parts, and then, up to the end of the line, text in which a quote is literal. */
function parseValue(content: string, from: number): { readonly text: Bytes; readonly end: number } {
  let text = "";
  let at = from;
  for (let quoted = match(QUOTED, content, at); quoted !== null; quoted = match(QUOTED, content, at)) {
    text +=
      quoted[2] ?? quoted[1]?.replace(/\\(["\\`$\n])/g, (_, character) => keepUnlessNewline(character)) ?? "";
    at += quoted[0].length;
  }
  const plain = match(PLAIN, content, at);
  text += (plain?.[1] ?? "").trimEnd().replace(/\\([\s\S])/g, (_, character) => keepUnlessNewline(character));
  return { text: text as Bytes, end: at + (plain?.[0].length ?? 0) };
}

/** An escaped newline joins two lines. */
function keepUnlessNewline(character: string): string {
  return character === "\n" ? "" : character;
}
