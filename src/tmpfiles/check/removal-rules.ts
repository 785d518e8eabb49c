/** Rules about lines that remove or change the system itself. */
import { type Bytes, components, escapeForDisplay, join } from "../../base/bytes.js";
import { expandBraces } from "../../path/braces.js";
import type { Item } from "../model/item.js";
import { type Configuration, hasGlob, isExclusion, matches } from "./configuration.js";
import type { Rule, Spot } from "./rule.js";
import { SYSTEM_DIRECTORIES } from "./system-directories.js";

/** Sample names of entries in a directory. */
const SAMPLES = ["a", "some-name", "Some_Name.2", "0", "x.y"] as Bytes[];

/** Lines that do more than intended. */
export const REMOVAL_RULES: readonly Rule[] = [
  {
    code: "removes-system",
    severity: "error",
    title: "Removes a system directory",
    why: "Removing this path, or everything in it, would destroy the system.",
    fix: "Remove a specific path below a dedicated directory instead.",
    find: (configuration) => systemSpots(configuration, removes, "removes"),
  },
  {
    code: "ages-system",
    severity: "error",
    title: "Cleans a system directory by age",
    why: "System files that have not been used for this long would be removed.",
    fix: "Set the age on a dedicated directory below it instead.",
    find: (configuration) => systemSpots(configuration, agesContents, "cleans"),
  },
  {
    code: "recursive-on-system",
    severity: "error",
    title: "Changes a system directory recursively",
    why: "Every file below it would get the same mode, owner, ACL or attributes: set-user-ID programs stop working, and protected files become readable or writable.",
    fix: "Name a specific path, or use the line type that is not recursive (z, a, h, t).",
    find: (configuration) => systemSpots(configuration, changesTree, "recursively changes"),
  },
];

/** A `Z` line without mode and owner only sets security labels, and each file has its own. */
function changesTree({ type, mode, user, group, argument }: Item): boolean {
  if (type.recursive !== true) return false;
  return argument !== undefined || mode !== undefined || user !== undefined || group !== undefined;
}

/** Whether the line removes its path, including by --purge. */
function removes({ type, modifiers }: Item): boolean {
  return type.remove !== undefined || (modifiers.purge && type.purge !== undefined);
}

function agesContents(item: Item): boolean {
  return item.age !== undefined && item.type.ages === "contents" && !isExclusion(item);
}

function* systemSpots(
  configuration: Configuration,
  acts: (item: Item) => boolean,
  verb: string,
): Generator<Spot> {
  for (const item of configuration.all) {
    const path = configuration.shown(item.path);
    const taken = acts(item)
      ? SYSTEM_DIRECTORIES.find((directory) => takes(item, path, directory))
      : undefined;
    if (taken !== undefined) {
      yield {
        source: item.source,
        field: "path",
        detail: `${item.letter} ${escapeForDisplay(path)} ${verb} ${escapeForDisplay(taken)}`,
      };
    }
  }
}

/** Whether the line matches the directory or all of its entries. */
function takes(item: Item, path: Bytes, directory: Bytes): boolean {
  // Braces are expanded except in exclusions, which this does not get.
  const depth = components(directory).length;
  return expandBraces(path).some((one) => {
    if (components(one).length > depth + 1) return false;
    const named = { ...item, path: one };
    if (matches(named, directory)) return true;
    return hasGlob(one) && SAMPLES.every((name) => matches(named, join(directory, name)));
  });
}
