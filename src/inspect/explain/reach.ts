/** Determines which lines may remove which paths, from the lines alone. */
import { type Bytes, dirname, isBelow } from "../../base/bytes.js";
import type { Operation, Source } from "../../base/events.js";
import { expandBraces } from "../../path/braces.js";
import { fnmatch } from "../../sys/fnmatch.js";
import type { Loaded } from "../../tmpfiles/config/items.js";
import type { Item } from "../../tmpfiles/model/item.js";
import type { Age } from "../../tmpfiles/syntax/age.js";

export interface LineReach {
  /** The paths that some line may remove, as its own path or during a walk. */
  readonly removable: ReadonlySet<Bytes>;
  /** The ages of lines that remove their own path by age. */
  readonly ages: ReadonlyMap<Source, Age>;
  /** Whether lines for this directory or below can affect one of the paths. */
  readonly leads: (directory: Bytes) => boolean;
}

export function reachOf(paths: readonly Bytes[], { exact, globs }: Loaded, operation: Operation): LineReach {
  const items = [...exact, ...globs].flatMap((group) => group.items);
  const acting = items.filter((item) => acts(item, operation));
  const removable = new Set(paths.filter((path) => acting.some((item) => mayRemove(item, path))));
  const aged = items.filter(removesOwnPath);
  return {
    removable,
    ages: new Map(aged.flatMap(({ source, age }) => (age === undefined ? [] : [[source, age] as const]))),
    // Lines below a directory may leave it empty.
    leads: (directory) =>
      paths.some((path) => isBelow(path, directory) || (isBelow(directory, path) && removable.has(path))),
  };
}

function acts(item: Item, operation: Operation): boolean {
  if (operation === "purge") return item.modifiers.purge;
  return item.type[operation] !== undefined && (operation !== "clean" || item.age !== undefined);
}

/** `r` and `R`. */
function removesOwnPath({ type }: Item): boolean {
  return type.kind === "removal";
}

function mayRemove(item: Item, path: Bytes): boolean {
  const from = removesOwnPath(item) || item.modifiers.purge ? path : dirname(path);
  if (item.type.path === "exact") return isBelow(from, item.path);
  const patterns = expandBraces(item.path);
  return selfAndAbove(from).some((each) => patterns.some((one) => one === each || fnmatch(one, each)));
}

function selfAndAbove(path: Bytes): Bytes[] {
  const found: Bytes[] = [];
  for (let at = path; ; at = dirname(at)) {
    found.push(at);
    if (at === "/" || at === ".") return found;
  }
}
