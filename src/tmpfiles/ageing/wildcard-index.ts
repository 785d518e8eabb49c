/** Indexes patterns of one path component by their fixed beginning or end. */
import type { Bytes } from "../../base/bytes.js";
import { matcher } from "../../sys/fnmatch.js";

interface Component<Value> {
  readonly matches: (name: Bytes) => boolean;
  readonly value: Value;
}

/** Components by their fixed text, grouped by its length; the empty text has length 0 and holds all components. */
type ByText<Value> = Map<Bytes, Component<Value>[]>;

/**
 * Path components with wildcards, indexed by the fixed text before their first wildcard, else by that after their last. Of
 * a thousand components, a name is compared with the few that begin like it.
 */
export class WildcardIndex<Value> {
  readonly #known = new Map<Bytes, Value>();
  readonly #prefixes = new Map<number, ByText<Value>>();
  readonly #suffixes = new Map<number, ByText<Value>>();

  /** The value of this component; created if it is new. */
  at(component: Bytes, make: () => Value): Value {
    const known = this.#known.get(component);
    if (known !== undefined) return known;
    const value = make();
    this.#known.set(component, value);
    const [prefix, suffix] = fixedEnds(component);
    if (prefix !== "") file(this.#prefixes, prefix, { matches: matcher(component), value });
    else file(this.#suffixes, suffix, { matches: matcher(component), value });
    return value;
  }

  /** Adds to `found` the values of the components that match `name`. */
  matching(name: Bytes, found: Value[]): void {
    for (const [length, texts] of this.#prefixes) {
      collect(texts.get(name.slice(0, length) as Bytes), name, found);
    }
    for (const [length, texts] of this.#suffixes) {
      collect(texts.get(name.slice(name.length - length) as Bytes), name, found);
    }
  }
}

function collect<Value>(candidates: Component<Value>[] | undefined, name: Bytes, found: Value[]): void {
  if (candidates === undefined) return;
  for (const { matches, value } of candidates) if (matches(name)) found.push(value);
}

function file<Value>(into: Map<number, ByText<Value>>, text: Bytes, component: Component<Value>): void {
  let texts = into.get(text.length);
  if (texts === undefined) {
    texts = new Map();
    into.set(text.length, texts);
  }
  const same = texts.get(text);
  if (same === undefined) texts.set(text, [component]);
  else same.push(component);
}

/** The text before the first and after the last character that is special to fnmatch(3). */
function fixedEnds(component: Bytes): [Bytes, Bytes] {
  const prefix = /^[^*?[\\]*/.exec(component)?.[0] ?? "";
  // The text after a bracket or a backslash is not certainly fixed, so the end is used only after `*` or `?`.
  const suffix = /[[\\]/.test(component) ? "" : (/[^*?]*$/.exec(component)?.[0] ?? "");
  return [prefix as Bytes, suffix as Bytes];
}
