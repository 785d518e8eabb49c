/** Applies the edits of findings to their files. */
import { closeSync, constants as flags, fstatSync, openSync, readFileSync } from "node:fs";
import { type Bytes, basename, dirname, fromBuffer, SELF, toBuffer } from "../base/bytes.js";
import { replaceFile } from "../path/replace-file.js";
import { Fd, O_DIRECTORY, O_RDONLY, openat } from "../sys/files.js";
import type { AuditFinding, TextEdit } from "./finding.js";

/**
 * Applies all edits, and returns their number. A file that changed since it was audited, or that belongs to another user,
 * is left alone.
 *
 * @throws Node's errors and SyscallError, if a file cannot be read or replaced
 */
export function applyFixes(findings: readonly AuditFinding[]): number {
  const files = new Map<Bytes, Map<number, TextEdit>>();
  for (const { file, edit } of findings) {
    if (edit === undefined) continue;
    const edits = files.get(file) ?? new Map<number, TextEdit>();
    files.set(file, edits.set(edit.start, edit));
  }
  let count = 0;
  for (const [file, edits] of files) count += fixFile(file, [...edits.values()]);
  return count;
}

function fixFile(file: Bytes, edits: readonly TextEdit[]): number {
  const fd = openSync(toBuffer(file), flags.O_RDONLY | flags.O_NOFOLLOW);
  try {
    const { mode, uid } = fstatSync(fd);
    if (uid !== process.geteuid?.()) return 0;
    const text = fromBuffer(readFileSync(fd));
    if (edits.some(({ start, end, before }) => text.slice(start, end) !== before)) return 0;
    using directory = openat(Fd.cwd, file.includes("/") ? dirname(file) : SELF, O_RDONLY | O_DIRECTORY);
    replaceFile(directory, basename(file), toBuffer(edited(text, edits)), mode & 0o7777);
    return edits.length;
  } finally {
    closeSync(fd);
  }
}

function edited(text: Bytes, edits: readonly TextEdit[]): Bytes {
  const backward = [...edits].sort((a, b) => b.start - a.start);
  return backward.reduce(
    (now, { start, end, text: by }) => now.slice(0, start) + by + now.slice(end),
    text as string,
  ) as Bytes;
}
