/** Finds the line whose age an X line inherits. */
import { type Bytes, dirname, isBelow } from "../../base/bytes.js";
import { fnmatch } from "../../sys/fnmatch.js";
import type { Item } from "../model/item.js";

const WILDCARD = /[*?[\\]/;

/**
 * The lines that lend their age, in the order in which they are written. A inheritor meets those above it and those that
 * begin as its glob does, not all.
 */
export class AgeInheritance {
  readonly #items: readonly Item[];
  /** The places of the lines, by their paths. */
  readonly #places = new Map<Bytes, number[]>();
  /** All paths, sorted: made for the first glob that asks. */
  #sorted: Bytes[] | undefined;

  constructor(items: readonly Item[]) {
    this.#items = items;
    for (const [place, { path }] of items.entries()) {
      const places = this.#places.get(path);
      if (places === undefined) this.#places.set(path, [place]);
      else places.push(place);
    }
  }

  /**
   * The line of the same path, else the first written at one above it; unless a later one below that is named by the
   * inheritor's own glob. The order is that of the reference, which is not always the nearest.
   */
  find({ path }: Item): Item | undefined {
    const first = this.#firstAbove(path);
    let found = this.#items[first];
    if (found === undefined) return undefined;
    for (const place of this.#named(path)) {
      const source = this.#items[place] as Item;
      if (place > first && (source.path === path || isBelow(source.path, found.path))) found = source;
    }
    return found;
  }

  /** The first line at the path or an ancestor. */
  #firstAbove(path: Bytes): number {
    let first = this.#items.length;
    for (let at = path, below = "" as Bytes; at !== below; below = at, at = dirname(at)) {
      first = Math.min(first, this.#places.get(at)?.[0] ?? first);
    }
    return first;
  }

  /** Those at the path, and those that it matches, as they are written. */
  #named(path: Bytes): number[] {
    const own = this.#places.get(path) ?? [];
    const wildcard = path.search(WILDCARD);
    if (wildcard < 0) return own;
    const beginning = path.slice(0, wildcard);
    const matching = this.#beginningWith(beginning).filter((candidate) => fnmatch(path, candidate));
    const places = matching.flatMap((candidate) => this.#places.get(candidate) ?? []);
    return [...own, ...places].sort((a, b) => a - b);
  }

  #beginningWith(text: string): Bytes[] {
    this.#sorted ??= [...this.#places.keys()].sort();
    const sorted = this.#sorted;
    let from = 0;
    for (let to = sorted.length; from < to; ) {
      const middle = (from + to) >> 1;
      if ((sorted[middle] as Bytes) < text) from = middle + 1;
      else to = middle;
    }
    let end = from;
    while (sorted[end]?.startsWith(text)) end++;
    return sorted.slice(from, end);
  }
}
