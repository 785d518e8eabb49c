/** t and T lines: extended attributes. */
import { type Bytes, escapeForDisplay, toBuffer } from "../../base/bytes.js";
import type { Fd } from "../../sys/files.js";
import { setXattr } from "../../sys/xattr.js";
import type { ArgumentContext, Item, Warn } from "../model/item.js";
import type { RunContext } from "../model/run-context.js";
import { splitWords } from "../syntax/lex.js";
import { brokenXattr, ignoredXattr } from "../syntax/wording.js";

/** `user.name=value` of a line. */
export interface XattrAssignment {
  readonly name: Bytes;
  readonly value: Bytes;
}

/** `t`, `T`: sets extended attributes of an existing inode. */
export function applyXattrs(
  run: RunContext,
  item: Item<readonly XattrAssignment[]>,
  fd: Fd,
  path: Bytes,
): void {
  for (const { name, value } of item.argument) {
    run.effects.change(item, path, "xattr", `${escapeForDisplay(name)}=${escapeForDisplay(value)}`, () =>
      setXattr(fd, name, toBuffer(value)),
    );
  }
}

/** Parses the assignments of a line. Invalid ones are ignored with a warning, and so is everything after an open quote. */
export function parseAssignments(argument: Bytes, warn: Warn): readonly XattrAssignment[] {
  const found: XattrAssignment[] = [];
  let rest: Bytes | undefined = argument;
  while (rest !== undefined) {
    const at: number = argument.length - rest.length;
    const words: ReturnType<typeof splitWords> = splitWords(rest, 1);
    if ("problem" in words) {
      warn(brokenXattr(words.problem), at + words.column - 1);
      break;
    }
    const [word] = words;
    rest = words[1];
    if (word === undefined) break;
    const equals = word.indexOf("=");
    const [name, value] = [word.slice(0, Math.max(equals, 0)) as Bytes, word.slice(equals + 1) as Bytes];
    if (name !== "" && value !== "") found.push({ name, value });
    else warn(ignoredXattr(word), at);
  }
  return found;
}

/** Replaces the specifiers in the names and values. */
export function resolveAssignments(
  parsed: readonly XattrAssignment[] = [],
  context: ArgumentContext,
): readonly XattrAssignment[] {
  const expand = (text: Bytes): Bytes => context.expand(text, Number.POSITIVE_INFINITY);
  return parsed.map(({ name, value }) => ({ name: expand(name), value: expand(value) }));
}
