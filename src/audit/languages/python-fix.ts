/** Fixes in Python: mktemp(), which only makes up a name, becomes mkstemp(), which creates the file. */
import type { TextEdit } from "../finding.js";
import type { SourceProgram } from "../program/program.js";

/** What fails, or does something else, if the file exists. */
const NEEDS_NEW_NAME =
  /mkfifo|mknod|mkdir|makedirs|\.bind\(|symlink|\.link\(|copytree|O_EXCL|exists\(|isfile\(|["']x/;

export function pythonFixes({ calls }: SourceProgram, text: string): ReadonlyMap<number, TextEdit> {
  const edits = new Map<number, TextEdit>();
  if (NEEDS_NEW_NAME.test(text)) return edits;
  for (const { callee, at: start, end } of calls) {
    if (callee !== "tempfile.mktemp") continue;
    const before = text.slice(start, end);
    const fixed = `${before.replace("tempfile.mktemp", "tempfile.mkstemp")}[1]`;
    edits.set(start, { start, end, before, text: fixed });
  }
  return edits;
}
