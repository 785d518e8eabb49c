/** Fixes in shell scripts: a name with the process id becomes one from mktemp(1). */
import type { TextEdit } from "../finding.js";
import type { Binding, SourceProgram } from "../program/program.js";
import { lineAt } from "../source/lines.js";

/** `/tmp/name.$$`, with or without quotes. */
const WITH_PID = /^(["']?)(\/(?:var\/)?tmp\/[\w.+-]*)(?:\$\$|\$\{\$\})\1$/;
/** Commands that fail or do something else if the file exists, and tests of whether it does. */
const NEEDS_NEW_NAME =
  /\b(mkdir|mkfifo|mknod|ln|git|sudo|su|ssh|test|export|readonly|declare|typeset|eval)\b|(^|\s)\[\[?\s/;

/**
 * The edits that make the names with `$$` in a script safe. A variable is changed only if it is set once, in any case, as a
 * command of its own, and if no line that mentions it could notice that the file exists from the start.
 */
export function shellFixes({ top }: SourceProgram, text: string): ReadonlyMap<number, TextEdit> {
  const edits = new Map<number, TextEdit>();
  if (/^\s*set\s+(-\w*C|-o\s+noclobber)/m.test(text)) return edits;
  for (const [name, bindings] of top.bindings) {
    const [binding] = bindings;
    const edit = bindings.length === 1 && binding !== undefined ? editOf(name, binding, text) : undefined;
    if (edit !== undefined) edits.set(edit.start, edit);
  }
  return edits;
}

function editOf(name: string, { value, after, arms }: Binding, text: string): TextEdit | undefined {
  const before = text.slice(value.at, after);
  const match = WITH_PID.exec(before);
  if (match === null || arms.length > 0 || match[1] === "'") return undefined;
  const line = lineAt(text, value.at);
  if (line.trim() !== `${name}=${before}`) return undefined;
  const uses = text.split("\n").filter((each) => new RegExp(`\\$\\{?${name}\\b`).test(each));
  if (uses.some((each) => NEEDS_NEW_NAME.test(each))) return undefined;
  return { start: value.at, end: after, before, text: `$(mktemp ${match[2]}XXXXXXXXXX) || exit` };
}
