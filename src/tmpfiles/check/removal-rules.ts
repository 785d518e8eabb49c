import { type Bytes, join, show } from "../../base/bytes.js";
import { expandBraces } from "../../path/braces.js";
import type { Item } from "../item.js";
import { type Configuration, isExclusion, isGlob, matches } from "./configuration.js";
import type { Rule, Spot } from "./rule.js";
import { SYSTEM_DIRECTORIES } from "./system-directories.js";

/** Names that stand for all there may be in a directory. */
const SAMPLES = ["a", "some-name", "Some_Name.2", "0", "x.y"] as Bytes[];

/** Lines that remove more than anybody means. */
export const REMOVAL_RULES: readonly Rule[] = [
  {
    code: "removes-system",
    severity: "error",
    title: "A removal that takes the system with it",
    why: "It removes a directory that the system needs, or all that lies in one.",
    wayOut: "Name what shall go, below a directory of its own.",
    find: (configuration) => systemSpots(configuration, removes),
  },
  {
    code: "ages-system",
    severity: "error",
    title: "An age that takes the system with it",
    why: "What has not been touched for so long is removed from a directory that the system needs.",
    wayOut: "Give the age to a directory below it.",
    find: (configuration) => systemSpots(configuration, agesContents),
  },
];

/** Also by --purge. */
function removes({ type, modifiers }: Item): boolean {
  return type.remove !== undefined || (modifiers.purge && type.purge !== undefined);
}

function agesContents(item: Item): boolean {
  return item.age !== undefined && item.type.ages === "contents" && !isExclusion(item);
}

function* systemSpots(configuration: Configuration, removes: (item: Item) => boolean): Generator<Spot> {
  for (const item of configuration.all) {
    const path = configuration.shown(item.path);
    const taken = removes(item)
      ? SYSTEM_DIRECTORIES.find((directory) => takes(item, path, directory))
      : undefined;
    if (taken !== undefined) {
      yield {
        source: item.source,
        field: "path",
        detail: `${item.letter} ${show(path)} takes ${show(taken)}`,
      };
    }
  }
}

/** Whether the line names the directory, or by a glob all that lies in it. */
function takes(item: Item, path: Bytes, directory: Bytes): boolean {
  // Exclusions aside, of which none comes here, braces stand for alternatives.
  return expandBraces(path).some((one) => {
    const named = { ...item, path: one };
    if (matches(named, directory)) return true;
    return isGlob(one) && SAMPLES.every((name) => matches(named, join(directory, name)));
  });
}
