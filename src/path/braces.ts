import type { Bytes } from "../base/bytes.js";

/**
 * The patterns that a pattern with braces stands for, as glob(3) with GLOB_BRACE expands them: `a{b,c{d,e}}` is `ab`,
 * `acd` and `ace`. A brace after a backslash, or one that is never closed, stands for itself.
 */
export function expandBraces(pattern: Bytes): Bytes[] {
  const open = findOpening(pattern);
  if (open < 0) return [pattern];
  const alternatives: string[] = [];
  let from = open + 1;
  for (;;) {
    const to = findSeparator(pattern, from);
    if (to < 0) return [pattern];
    alternatives.push(pattern.slice(from, to));
    from = to + 1;
    if (pattern[to] === "}") break;
  }
  const [before, after] = [pattern.slice(0, open), pattern.slice(from)];
  return alternatives.flatMap((alternative) => expandBraces((before + alternative + after) as Bytes));
}

function findOpening(pattern: Bytes): number {
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] === "\\") at++;
    else if (pattern[at] === "{") return at;
  }
  return -1;
}

/** The comma or the closing brace that ends the alternative which starts at `from`, or -1. */
function findSeparator(pattern: Bytes, from: number): number {
  let depth = 0;
  for (let at = from; at < pattern.length; at++) {
    const character = pattern[at];
    if (character === "\\") at++;
    else if (depth === 0 && (character === "," || character === "}")) return at;
    else if (character === "{") depth++;
    else if (character === "}") depth--;
  }
  return -1;
}
