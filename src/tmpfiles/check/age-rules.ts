/** Rules about ages, and about lines that the daily clean ignores. */
import { escapeForDisplay } from "../../base/bytes.js";
import type { Item } from "../model/item.js";
import { AGE_BY_ATIME } from "../syntax/age.js";
import { type Configuration, isExclusion } from "./configuration.js";
import { fieldOf, type Rule, type Spot } from "./rule.js";

function spots(
  items: readonly Item[],
  field: Spot["field"],
  detail: (item: Item) => string | undefined,
): Spot[] {
  return items.flatMap((item) => {
    const found = detail(item);
    return found === undefined ? [] : [{ source: item.source, field, detail: found }];
  });
}

/** Ages that have another effect than they seem to. */
export const AGE_RULES: readonly Rule[] = [
  {
    code: "age-never-cleans",
    severity: "warning",
    title: "Age has no effect on this line type",
    why: "Only lines for directories, copies, exclusions and removals use an age. On all others it is parsed and ignored.",
    fix: "Replace the age with -, or set it on a d or e line for the directory.",
    find: (configuration) =>
      spots(configuration.all, "age", (item) =>
        item.age !== undefined && item.type.ages === false ? `${item.letter} lines never clean` : undefined,
      ),
  },
  {
    code: "pragma-without-age",
    severity: "warning",
    title: "Pragma has no effect",
    why: "Pragmas restrict what the age of a line removes, and this line removes nothing by age.",
    fix: "Remove the pragma, or set an age.",
    find: (configuration) =>
      spots(configuration.all, "age", (item) =>
        item.pragmas === undefined
          ? undefined
          : item.age === undefined || item.type.ages === false
            ? "the pragma before this line has no effect"
            : item.pragmas.budget !== undefined && item.type.kind === "removal"
              ? "a budget is for what is in a directory, and has no effect on this line"
              : undefined,
      ),
  },
  {
    code: "age-at-boot-only",
    severity: "warning",
    title: "Age is never applied",
    why: `Lines with "!" apply only with --boot, and no stock unit runs --clean with --boot. The daily clean ignores this line.`,
    fix: `Remove the "!", or the age.`,
    find: (configuration) =>
      spots(configuration.all, "type", (item) =>
        item.modifiers.boot && cleansByAge(item)
          ? `${item.letter}! never cleans ${escapeForDisplay(configuration.shown(item.path))}`
          : undefined,
      ),
  },
  {
    code: "exclusion-at-boot-only",
    severity: "warning",
    title: "Exclusion is never applied",
    why: `Lines with "!" apply only with --boot. The daily clean runs without it, and cleans the path.`,
    fix: `Remove the "!".`,
    find: (configuration) =>
      spots(configuration.all, "type", (item) =>
        item.modifiers.boot && isExclusion(item)
          ? `${escapeForDisplay(configuration.shown(item.path))} is not excluded from the daily clean`
          : undefined,
      ),
  },
  {
    code: "unshielded-by-day",
    severity: "warning",
    title: "Boot-only line below an aged directory",
    why: `The daily clean ignores lines with "!", so the parent directory's age applies to this path and files in use may be removed.`,
    fix: "Add an x line for the same path.",
    find: unshielded,
  },
  {
    code: "age-of-nothing",
    severity: "info",
    title: "Age 0 matches everything",
    why: "Every clean removes all contents, even files just created and in use; only locked files are kept.",
    fix: "Set an age. To empty the directory only at boot, use a D line without an age.",
    find: (configuration) =>
      spots(configuration.byDay, "age", (item) =>
        item.age?.span === 0n && item.type.ages !== false && !isExclusion(item)
          ? `every clean empties ${escapeForDisplay(configuration.shown(item.path))}`
          : undefined,
      ).map(forEmptiedDirectories(configuration)),
  },
  {
    code: "age-in-seconds",
    severity: "warning",
    title: "Age without a unit",
    why: "A number without a unit is a number of seconds.",
    fix: `Write the unit: "d" for days, "s" if seconds are meant.`,
    find: (configuration) =>
      spots(configuration.all, "age", (item) => {
        const seconds = /^~?(?:[a-zA-Z]+:)?(\d+)$/.exec(fieldOf(item.source, "age") ?? "")?.[1];
        const isSpan = item.age !== undefined && item.age.span > 0n;
        return seconds !== undefined && isSpan ? `${seconds} means ${seconds} seconds` : undefined;
      }),
  },
  {
    code: "age-by-atime-on-noatime",
    severity: "warning",
    title: "Age by access time on a noatime mount",
    why: "A noatime mount does not record reads, so files that are read every day still expire.",
    fix: "Use other timestamps, for example bcm:10d, or mount with relatime.",
    find: (configuration) => spots(configuration.byDay, "age", (item) => deadAtime(configuration, item)),
  },
];

/** Whether the line cleans by age. Lines such as `D! - - - 0` are meant to empty a directory at boot. */
function cleansByAge(item: Item): boolean {
  if (item.type.ages === false || isExclusion(item) || item.age === undefined) return false;
  return item.type.remove === undefined || item.age.span > 0n;
}

/** A D line needs no advice to become one. */
function forEmptiedDirectories({ all }: Configuration): (spot: Spot) => Spot {
  const emptied = new Set(all.filter(({ type }) => type.remove !== undefined).map(({ source }) => source));
  const fix = "Set an age, or write -: a D line is emptied at boot without one.";
  return (spot) => (emptied.has(spot.source) ? { ...spot, fix } : spot);
}

/**
 * Lines that apply only at boot, below a directory that is cleaned daily. Entries that they remove from a directory of the
 * package's own may be removed daily as well; those in a shared directory may be in use, unless they are a tree of
 * leftovers.
 */
function* unshielded(configuration: Configuration): Generator<Spot> {
  for (const { source, path, type, modifiers } of configuration.all) {
    const removes = type.ageInheritance !== "source";
    if (!modifiers.boot || (removes && type.remove === undefined) || configuration.isShielded(path)) continue;
    const by = configuration.ageingAbove(path);
    if (by === undefined || (removes && configuration.worldWritableAbove(path) === undefined)) continue;
    const detail = `${escapeForDisplay(configuration.shown(path))} is aged by ${escapeForDisplay(by.source.file)}:${by.source.line}`;
    const isTree = removes && type.ages === "contents";
    yield { source, field: "path", detail, ...(isTree && { severity: "info" as const }) };
  }
}

function deadAtime(configuration: Configuration, item: Item): string | undefined {
  const { age } = item;
  if (age === undefined || ((age.byFile | age.byDirectory) & AGE_BY_ATIME) === 0) return undefined;
  if (!/^~?[^:]*[aA][^:]*:/.test(fieldOf(item.source, "age") ?? "")) return undefined;
  const mount = configuration.mountOf(item.path);
  if (!mount?.options.includes("noatime")) return undefined;
  return `${escapeForDisplay(mount.point)} is mounted noatime`;
}
