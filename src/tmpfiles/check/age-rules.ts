import { show } from "../../base/bytes.js";
import { AGE_BY_ATIME, type Item } from "../item.js";
import { type Configuration, isExclusion } from "./configuration.js";
import { fieldOf, type Rule, type Spot } from "./rule.js";

function* spots(
  items: readonly Item[],
  field: Spot["field"],
  detail: (item: Item) => string | undefined,
): Generator<Spot> {
  for (const item of items) {
    const found = detail(item);
    if (found !== undefined) yield { source: item.source, field, detail: found };
  }
}

/** Lines whose age does not do what it says. */
export const AGE_RULES: readonly Rule[] = [
  {
    code: "age-never-cleans",
    severity: "warning",
    title: "An age on a line that never cleans",
    why: "Only lines that name directories or removals clean by age; on all others the age is read and forgotten.",
    wayOut: "Write - for the age, or give it to a d or e line of the directory.",
    find: (configuration) =>
      spots(configuration.all, "age", (item) =>
        item.age !== undefined && item.type.ages === false ? `${item.letter} lines never clean` : undefined,
      ),
  },
  {
    code: "age-at-boot-only",
    severity: "warning",
    title: "Cleaning that no unit ever runs",
    why: `A line with "!" counts with --boot alone, and no stock unit runs --clean with --boot.`,
    wayOut: `Leave out the "!"; or empty the directory at boot by a D! line.`,
    find: (configuration) =>
      spots(configuration.all, "type", (item) =>
        item.modifiers.boot && item.age !== undefined && cleansAlone(item)
          ? `${item.letter}! never cleans ${show(configuration.shown(item.path))}`
          : undefined,
      ),
  },
  {
    code: "exclusion-at-boot-only",
    severity: "warning",
    title: "An exclusion that is never asked",
    why: `A line with "!" counts with --boot alone, and the daily clean runs without it: the path is cleaned.`,
    wayOut: `Leave out the "!".`,
    find: (configuration) =>
      spots(configuration.all, "type", (item) =>
        item.modifiers.boot && isExclusion(item)
          ? `${show(configuration.shown(item.path))} is not kept from the daily clean`
          : undefined,
      ),
  },
  {
    code: "unshielded-by-day",
    severity: "warning",
    title: "A boot-only line below a directory that is aged",
    why: `By day a line with "!" does not exist, so it does not keep its path from the age of the directory above: what is in use is removed.`,
    wayOut: "Add an x line of the same path.",
    find: (configuration) => spots(configuration.all, "path", (item) => unshielded(configuration, item)),
  },
  {
    code: "age-of-nothing",
    severity: "info",
    title: "An age that everything has reached",
    why: "Each clean removes all there is, also what was made a moment ago and is in use; only a lock keeps it.",
    wayOut: "Give it an age; or, to start empty at each boot, make it a D line.",
    find: (configuration) =>
      spots(configuration.byDay, "age", (item) =>
        item.age?.span === 0n && item.type.ages !== false && !isExclusion(item)
          ? `all below ${show(configuration.shown(item.path))} goes at each clean`
          : undefined,
      ),
  },
  {
    code: "age-by-atime-on-noatime",
    severity: "warning",
    title: "An age by atime on a mount that does not keep it",
    why: "Under noatime reading a file leaves no trace, so what is read each day still grows old.",
    wayOut: "Age by other timestamps, as bcm:10d, or mount with relatime.",
    find: (configuration) => spots(configuration.byDay, "age", (item) => deadAtime(configuration, item)),
  },
];

/** It neither makes nor empties anything at boot: all it has is its age. */
function cleansAlone(item: Item): boolean {
  return (
    item.type.ages === "contents" && !item.type.remove && item.type.path === "glob" && !isExclusion(item)
  );
}

function unshielded(configuration: Configuration, item: Item): string | undefined {
  const keeps = item.type.remove !== undefined || item.type.ageSharing === "lends";
  if (!item.modifiers.boot || !keeps || configuration.isShielded(item.path)) return undefined;
  const by = configuration.ageingAbove(item.path);
  if (by === undefined) return undefined;
  const where = `${show(by.source.file)}:${by.source.line}`;
  return `${show(configuration.shown(item.path))} is aged by ${where}`;
}

function deadAtime(configuration: Configuration, item: Item): string | undefined {
  const { age } = item;
  if (age === undefined || ((age.byFile | age.byDirectory) & AGE_BY_ATIME) === 0) return undefined;
  if (!/^~?[^:]*[aA][^:]*:/.test(fieldOf(item.source, "age") ?? "")) return undefined;
  const mount = configuration.mountOf(item.path);
  if (!mount?.options.includes("noatime")) return undefined;
  return `${show(mount.point)} is mounted noatime`;
}
