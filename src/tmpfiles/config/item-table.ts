/** Groups the items of a configuration by path. */
import { ancestors, type Bytes, dirname } from "../../base/bytes.js";
import type { Item, ItemGroup } from "../model/item.js";
import { AgeInheritance } from "./age-inheritance.js";
import { compareItems, conflictingItem } from "./conflicts.js";

/**
 * All items by path, in the order in which the paths were first written: exact paths and globs. A path and a glob with the
 * same text are two groups.
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
   * Gives inheriting lines the age of their directory's line. Called after each file: an age from an earlier file remains
   * if no later line has one.
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
   * Links each group to that of the nearest path above, so that parents are created first and emptied last. The root is the
   * parent of none, because it always exists.
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

  /** Finds the nearest group at a directory or above it, once for all paths in one directory. */
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

/** Inserts after all items that do not come later, which is mostly at the end. */
function insert(items: Item[], item: Item): void {
  let at = items.length;
  for (let last = items[at - 1]; last !== undefined && compareItems(last, item) > 0; last = items[at - 1])
    at--;
  if (at === items.length) items.push(item);
  else items.splice(at, 0, item);
}

/** `~` is not inherited: it applies only to its own line. */
function withAgeOf(inheritor: Item, source: Item | undefined): Item {
  if (source?.age === undefined) return inheritor;
  const pragmas = inheritor.pragmas ?? source.pragmas;
  const careful = pragmas === undefined ? inheritor : { ...inheritor, pragmas };
  return { ...careful, age: { ...source.age, keepFirstLevel: inheritor.age?.keepFirstLevel ?? false } };
}
