/** A trie of all lines' paths, walked beside the tree. */
import { type Bytes, components, join } from "../../base/bytes.js";
import { fnmatch } from "../../sys/fnmatch.js";
import { WildcardIndex } from "./wildcard-index.js";

/** All lines' paths, absolute and normalized. A line's index among them is its order, by which the caller identifies it. */
export interface LinePaths {
  readonly paths: readonly Bytes[];
  /** The number of exact paths; the rest are patterns for fnmatch(3). */
  readonly exact: number;
}

const WILDCARD = /[*?[\\]/;

/** A bracket or backslash that the component does not close extends over the slash; only libc knows what it means. */
function isCut(component: Bytes): boolean {
  const bare = component.replace(/\\[\s\S]/g, "").replace(/\[[!^]?\]?[^\]]*\]/g, "");
  return !/[[\\]/.test(bare);
}

/** A node of the trie: one directory entry, or all whose names match a component. */
class TrieEntry {
  /** The line whose exact path ends here. */
  own: number | undefined;
  /** The patterns that end here. */
  readonly patterns: number[] = [];
  /** The lines whose paths continue. They are divided when a walk follows them, because walks come near few of them. */
  readonly on: number[];
  /** The offset in their paths of the next component. */
  readonly #from: number;
  #nodes: TrieNode | undefined;

  constructor(from: number, on: number[]) {
    this.#from = from;
    this.on = on;
  }

  nodes(lines: LinePaths): TrieNode {
    this.#nodes ??= new TrieNode(lines, this.on, this.#from);
    return this.#nodes;
  }
}

/** Lines by the component of their paths at one offset. */
class TrieNode {
  readonly names = new Map<Bytes, TrieEntry>();
  /** Components with a wildcard. */
  wild: WildcardIndex<TrieEntry> | undefined;
  /** Patterns that cannot be split at their slashes: they may match anything below. */
  readonly uncut: number[] = [];

  constructor(lines: LinePaths, orders: readonly number[], from: number) {
    for (const order of orders) this.#add(lines.paths[order] as Bytes, order, from, order >= lines.exact);
  }

  #add(path: Bytes, order: number, from: number, glob: boolean): void {
    const slash = path.indexOf("/", from);
    const component = path.slice(from, slash < 0 ? path.length : slash) as Bytes;
    const entry = this.#entry(component, from + component.length + 1, glob);
    if (entry === undefined) this.uncut.push(order);
    else if (slash >= 0) entry.on.push(order);
    else if (glob) entry.patterns.push(order);
    else entry.own ??= order;
  }

  #entry(component: Bytes, next: number, glob: boolean): TrieEntry | undefined {
    if (glob && WILDCARD.test(component)) {
      if (!isCut(component)) return undefined;
      this.wild ??= new WildcardIndex();
      return this.wild.at(component, () => new TrieEntry(next, []));
    }
    let entry = this.names.get(component);
    if (entry === undefined) {
      entry = new TrieEntry(next, []);
      this.names.set(component, entry);
    }
    return entry;
  }

  /** Adds the nodes of the entry `name`. */
  collectEntries(name: Bytes, found: TrieEntry[]): void {
    const literal = this.names.get(name);
    if (literal !== undefined) found.push(literal);
    if (this.wild !== undefined) this.wild.matching(name, found);
  }
}

/**
 * A trie of all lines by the components of their paths. A walk descends in it together with the tree, so that an entry is
 * compared only with the lines that lead to its directory, and of these only with those whose fixed beginning or end its
 * name has. libc's fnmatch(3) decides about each pattern. The trie grows where walks go: a line that no walk comes near
 * costs nothing.
 */
export class LineIndex {
  readonly #lines: LinePaths;
  readonly #top: TrieEntry;

  constructor(lines: LinePaths) {
    this.#lines = lines;
    this.#top = new TrieEntry(
      1,
      lines.paths.map((_, order) => order),
    );
  }

  /** The lines that may apply to entries of `directory`. */
  below(directory: Bytes): LinesBelow {
    const top = this.#top.nodes(this.#lines);
    let below = new LinesBelow(this.#lines, [top], top.uncut);
    for (const name of components(directory)) below = below.enter(name);
    return below;
  }
}

/** The lines that may apply to the entries of one directory. */
export class LinesBelow {
  readonly #lines: LinePaths;
  readonly #nodes: readonly TrieNode[];
  readonly #uncut: readonly number[];
  /** No line applies, as in nearly all directories. */
  readonly isEmpty: boolean;

  constructor(lines: LinePaths, nodes: readonly TrieNode[], uncut: readonly number[]) {
    this.#lines = lines;
    this.#nodes = nodes;
    this.#uncut = uncut;
    this.isEmpty = nodes.length === 0 && uncut.length === 0;
  }

  /** The same for the subdirectory `name`. */
  enter(name: Bytes): LinesBelow {
    if (this.isEmpty) return this;
    const nodes = this.#collectEntries(name)
      .filter(({ on }) => on.length > 0)
      .map((entry) => entry.nodes(this.#lines));
    if (nodes.length === 0 && this.#uncut.length === 0) return NO_LINES;
    const uncut = nodes.flatMap((found) => found.uncut);
    return new LinesBelow(this.#lines, nodes, [...this.#uncut, ...uncut]);
  }

  /** The line whose exact path is that of the entry `name`. */
  own(name: Bytes): number | undefined {
    for (const { names } of this.#nodes) {
      const own = names.get(name)?.own;
      if (own !== undefined) return own;
    }
    return undefined;
  }

  /** The first line whose pattern matches the entry `name` of `directory`. */
  pattern(name: Bytes, directory: Bytes): number | undefined {
    const candidates = [...this.#uncut, ...this.#collectEntries(name).flatMap((at) => at.patterns)];
    if (candidates.length === 0) return undefined;
    const path = join(directory, name);
    const { paths } = this.#lines;
    const matching = candidates.filter((order) => fnmatch(paths[order] as Bytes, path));
    return matching.length === 0 ? undefined : Math.min(...matching);
  }

  #collectEntries(name: Bytes): TrieEntry[] {
    const found: TrieEntry[] = [];
    for (const nodes of this.#nodes) nodes.collectEntries(name, found);
    return found;
  }
}

export const NO_LINES = new LinesBelow({ paths: [], exact: 0 }, [], []);
