/** Brace expansion, bounded: a short pattern can stand for more paths than memory holds. */
import type { Bytes } from "../base/bytes.js";

/** A pattern may stand for this many others. */
export const MOST_ALTERNATIVES = 4096;
/** Bounds the work for nested braces that hardly multiply: characters looked at. */
const MOST_WORK = 1 << 24;

/** A pattern with braces stands for more alternatives than `expandBraces` makes. */
export class TooManyAlternativesError extends Error {
  override readonly name = "TooManyAlternativesError";

  constructor() {
    super(`the braces expand to more than ${MOST_ALTERNATIVES} paths`);
  }
}

/**
 * The patterns that a pattern with braces stands for, as glob(3) with GLOB_BRACE expands them: `a{b,c{d,e}}` is `ab`,
 * `acd` and `ace`. A brace after a backslash, or one that is never closed, stands for itself.
 *
 * @throws TooManyAlternativesError
 */
export function expandBraces(pattern: Bytes): Bytes[] {
  if (!pattern.includes("{")) return [pattern];
  const expanded: Bytes[] = [];
  const pending = [pattern];
  let work = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    work += next.length;
    const alternatives = work > MOST_WORK ? undefined : expandFirst(next);
    if (alternatives === undefined) throw new TooManyAlternativesError();
    if (alternatives.length > 0) for (const each of alternatives.reverse()) pending.push(each);
    else if (expanded.push(next) > MOST_ALTERNATIVES) throw new TooManyAlternativesError();
  }
  return expanded;
}

/** The alternatives of the first brace; none if no brace is left, undefined if they are too many. */
function expandFirst(pattern: Bytes): Bytes[] | undefined {
  const open = findOpening(pattern);
  if (open < 0) return [];
  const alternatives: string[] = [];
  let from = open + 1;
  for (;;) {
    const to = findSeparator(pattern, from);
    if (to < 0) return [];
    if (alternatives.push(pattern.slice(from, to)) > MOST_ALTERNATIVES) return undefined;
    from = to + 1;
    if (pattern[to] === "}") break;
  }
  const [before, after] = [pattern.slice(0, open), pattern.slice(from)];
  return alternatives.map((alternative) => (before + alternative + after) as Bytes);
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
