/** Groups the items of a configuration by path. */
import { ancestors, type Bytes, dirname } from "../../base/bytes.js";
import type { Item, ItemGroup } from "../model/item.js";
import { AgeInheritance } from "./age-inheritance.js";
import { compareItems, conflictingItem } from "./conflicts.js";

/**
 * All items by their paths, in the order in which the paths were first written: those of one path, and the globs. A
 * path and a glob that are written alike are two groups.
 */
export class ItemTable {
  readonly #exact = new Map<Bytes, ItemGroup>();
  readonly #globs = new Map<Bytes, ItemGroup>();
  readonly #borrowers = new Set<ItemGroup>();

  get exact(): ItemGroup[] {
    return [...this.#exact.values()];
  }

  get globs(): ItemGroup[] {
    return [...this.#globs.values()];
  }

  /** Adds the item, or returns the earlier one that it contradicts. */
  add(item: Item): Item | undefined {
    const glob = item.type.path === "glob";
    const groups = glob ? this.#globs : this.#exact;
    let group = groups.get(item.path);
    if (group === undefined) {
      group = { path: item.path, glob, items: [item], parent: undefined, children: [] };
      groups.set(item.path, group);
    } else {
      const winner = conflictingItem(group.items, item);
      if (winner !== undefined) return winner;
      insert(group.items, item);
    }
    if (item.type.ageInheritance === "inherits") this.#borrowers.add(group);
    return undefined;
  }

  /**
   * Gives those that borrow an age that of their directory's line. Done after each file: what an earlier file lent stays
   * if no later line has an age.
   */
  shareAges(): void {
    if (this.#borrowers.size === 0) return;
    const inheritance = new AgeInheritance(
      this.exact.flatMap((group) => group.items.filter((item) => item.type.ageInheritance === "source")),
    );
    for (const group of this.#borrowers) {
      for (const [index, item] of group.items.entries()) {
        if (item.type.ageInheritance === "inherits")
          group.items[index] = withAgeOf(item, inheritance.find(item));
      }
    }
  }

  /**
   * Links each group to that of the nearest path above, by which parents are made first and emptied last. The root is
   * nobody's parent: it is there in any case.
   */
  link(root: Bytes): void {
    const nearest = this.#nearestGroups(root);
    const directoryOf = ancestors();
    for (const groups of [this.#exact, this.#globs]) {
      for (const group of groups.values()) {
        group.parent = nearest(directoryOf(group.path));
        group.parent?.children.push(group);
      }
    }
  }

  /** Finds the nearest group at a directory or above it: once for all that lie in one directory. */
  #nearestGroups(root: Bytes): (directory: Bytes) => ItemGroup | undefined {
    const known = new Map<Bytes, ItemGroup | undefined>(
      [root, "/", "."].map((top) => [top as Bytes, undefined]),
    );
    const nearest = (directory: Bytes): ItemGroup | undefined => {
      const found = known.get(directory);
      if (found !== undefined || known.has(directory)) return found;
      const group = this.#exact.get(directory) ?? this.#globs.get(directory) ?? nearest(dirname(directory));
      known.set(directory, group);
      return group;
    };
    return nearest;
  }
}

/** Behind all that do not come after it: mostly that is the end. */
function insert(items: Item[], item: Item): void {
  let at = items.length;
  for (let last = items[at - 1]; last !== undefined && compareItems(last, item) > 0; last = items[at - 1])
    at--;
  if (at === items.length) items.push(item);
  else items.splice(at, 0, item);
}

/** `~` is not lent: it says something of its own line. */
function withAgeOf(inheritor: Item, source: Item | undefined): Item {
  if (source?.age === undefined) return inheritor;
  const pragmas = inheritor.pragmas ?? source.pragmas;
  const careful = pragmas === undefined ? inheritor : { ...inheritor, pragmas };
  return { ...careful, age: { ...source.age, keepFirstLevel: inheritor.age?.keepFirstLevel ?? false } };
}
