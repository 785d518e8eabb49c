import { type Bytes, components, join } from "../../base/bytes.js";
import { fnmatch } from "../../sys/fnmatch.js";
import { Affixes } from "./affixes.js";

/** A line's path as the index keeps it: `order` is the line's place among all, and tells the caller which line it was. */
export interface IndexedPath {
  readonly path: Bytes;
  /** Whether the path is a pattern for fnmatch(3), or one path. */
  readonly glob: boolean;
  readonly order: number;
}

interface Node {
  readonly names: Map<Bytes, Node>;
  /** Components that hold a wildcard, each with what follows it. */
  wild: Affixes<Node> | undefined;
  /** The line whose one path ends here. */
  own: number | undefined;
  /** The patterns that end here. */
  readonly patterns: IndexedPath[];
  /** Patterns that can't be cut at their slashes: they may match anything below. */
  readonly uncut: IndexedPath[];
}

const node = (): Node => ({ names: new Map(), wild: undefined, own: undefined, patterns: [], uncut: [] });

const WILDCARD = /[*?[\\]/;

/** A bracket or a backslash that the component does not close reaches over the slash; libc alone knows what it means. */
function isCut(component: Bytes): boolean {
  const bare = component.replace(/\\[\s\S]/g, "").replace(/\[[!^]?\]?[^\]]*\]/g, "");
  return !/[[\\]/.test(bare);
}

/**
 * All lines by the components of their paths: a trie. A walk goes down in it beside the tree, so that an entry meets only
 * the lines that lead to its directory, and of these only those whose fixed beginning or end its name has. libc's
 * fnmatch(3) has the last word on each pattern.
 */
export class LineIndex {
  readonly #top = node();

  constructor(paths: Iterable<IndexedPath>) {
    for (const indexed of paths) this.#add(indexed);
  }

  #add(indexed: IndexedPath): void {
    let at = this.#top;
    for (const component of components(indexed.path)) {
      if (indexed.glob && WILDCARD.test(component)) {
        if (!isCut(component)) {
          at.uncut.push(indexed);
          return;
        }
        at.wild ??= new Affixes(node);
        at = at.wild.at(component);
      } else at = child(at, component);
    }
    if (indexed.glob) at.patterns.push(indexed);
    else at.own ??= indexed.order;
  }

  /** The lines that concern what lies in `directory`. */
  below(directory: Bytes): LinesBelow {
    let lines = new LinesBelow([this.#top], this.#top.uncut);
    for (const name of components(directory)) lines = lines.enter(name);
    return lines;
  }
}

function child(at: Node, name: Bytes): Node {
  let next = at.names.get(name);
  if (next === undefined) {
    next = node();
    at.names.set(name, next);
  }
  return next;
}

/** The lines that may concern the entries of one directory. */
export class LinesBelow {
  readonly #nodes: readonly Node[];
  readonly #uncut: readonly IndexedPath[];
  /** Nothing to ask: so for nearly all directories. */
  readonly isEmpty: boolean;

  constructor(nodes: readonly Node[], uncut: readonly IndexedPath[]) {
    this.#nodes = nodes;
    this.#uncut = uncut;
    this.isEmpty = nodes.length === 0 && uncut.length === 0;
  }

  /** The same for the directory `name` in this one. */
  enter(name: Bytes): LinesBelow {
    if (this.isEmpty) return this;
    const nodes = this.#reach(name);
    const uncut = nodes.flatMap((reached) => reached.uncut);
    return nodes.length === 0 && this.#uncut.length === 0
      ? NO_LINES
      : new LinesBelow(nodes, [...this.#uncut, ...uncut]);
  }

  /** The line whose one path is that of the entry `name`. */
  own(name: Bytes): number | undefined {
    for (const at of this.#nodes) {
      const own = at.names.get(name)?.own;
      if (own !== undefined) return own;
    }
    return undefined;
  }

  /** The first line whose pattern matches the entry `name` of `directory`. */
  pattern(name: Bytes, directory: Bytes): number | undefined {
    const candidates = [...this.#uncut, ...this.#reach(name).flatMap((at) => at.patterns)];
    if (candidates.length === 0) return undefined;
    const path = join(directory, name);
    const matching = candidates.filter(({ path: pattern }) => fnmatch(pattern, path));
    return matching.length === 0 ? undefined : Math.min(...matching.map(({ order }) => order));
  }

  #reach(name: Bytes): Node[] {
    const reached: Node[] = [];
    for (const at of this.#nodes) {
      const literal = at.names.get(name);
      if (literal !== undefined) reached.push(literal);
      if (at.wild !== undefined) at.wild.matching(name, reached);
    }
    return reached;
  }
}

export const NO_LINES = new LinesBelow([], []);
