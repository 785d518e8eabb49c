/** Finds the line whose age an X line inherits. */
import { type Bytes, dirname, isBelow } from "../../base/bytes.js";
import { fnmatch } from "../../sys/fnmatch.js";
import type { Item } from "../model/item.js";

const WILDCARD = /[*?[\\]/;

/**
 * The source lines of ages, in the order in which they are written. An inheriting line is compared only with those above
 * its path and those that begin like its glob.
 */
export class AgeInheritance {
  readonly #items: readonly Item[];
  /** The indexes of the lines by path. */
  readonly #places = new Map<Bytes, number[]>();
  /** All paths, sorted, for the first glob that needs them. */
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
   * The line of the same path, else the first written at a path above; unless a later line below that matches the
   * inheriting line's own glob. This is the order of systemd-tmpfiles 262, which does not always choose the nearest.
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

  /** The first line at the path or above it. */
  #firstAbove(path: Bytes): number {
    let first = this.#items.length;
    for (let at = path, below = "" as Bytes; at !== below; below = at, at = dirname(at)) {
      first = Math.min(first, this.#places.get(at)?.[0] ?? first);
    }
    return first;
  }

  /** The lines at the path and those that it matches, in the order in which they are written. */
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
