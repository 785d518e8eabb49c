/** Expands braces, with a limit: a short pattern can expand to more paths than fit in memory. */
import type { Bytes } from "../base/bytes.js";

/** The maximum number of alternatives of a pattern. */
export const MOST_ALTERNATIVES = 4096;
/** The maximum number of characters examined, which bounds the work for nested braces with few alternatives. */
const MOST_WORK = 1 << 24;

/** A pattern has more alternatives than `expandBraces` generates. */
export class TooManyAlternativesError extends Error {
  override readonly name = "TooManyAlternativesError";

  constructor() {
    super(`the braces expand to more than ${MOST_ALTERNATIVES} paths`);
  }
}

/**
 * Expands a pattern as glob(3) does with GLOB_BRACE: `a{b,c{d,e}}` becomes `ab`, `acd` and `ace`. A brace after a
 * backslash, or one that is never closed, is literal.
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

/** The alternatives of the first brace; none if there is no brace, undefined if there are too many. */
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

/** The offset of the comma or closing brace that ends the alternative at `from`, or -1. */
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
