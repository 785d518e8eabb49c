import { show } from "../../base/bytes.js";
import type { Item } from "../item.js";
import { type Configuration, isExclusion, isGlob, matches } from "./configuration.js";
import { fieldOf, type Rule, type Spot } from "./rule.js";

/** Exclusions that exclude nothing. */
export const EXCLUSION_RULES: readonly Rule[] = [
  {
    code: "braces-in-glob",
    severity: "warning",
    title: "Braces in a pattern that does not know them",
    why: "What is excluded is matched by fnmatch(3), to which { and } are ordinary characters: nothing is kept.",
    wayOut: "Write a line for each alternative.",
    find: bracesInGlobs,
  },
  {
    code: "exclusion-misses-glob",
    severity: "warning",
    title: "An exclusion of what a glob names itself",
    why: "An exclusion keeps what is met below a line's path. What a glob matches is such a path, and its contents are cleaned all the same.",
    wayOut: "Exclude what lies in it, as /dir/name/*, or let the glob not match it.",
    find: missedExclusions,
  },
];

const ESCAPED = /\\[\s\S]/g;
const BRACES = /\{[^{}/]*,[^{}/]*\}/;

function* bracesInGlobs(configuration: Configuration): Generator<Spot> {
  for (const { source, path, type } of configuration.all.filter(isExclusion)) {
    const braces = type.path === "glob" ? BRACES.exec(path.replace(ESCAPED, "__")) : null;
    if (braces === null) continue;
    const at = Math.max(0, fieldOf(source, "path")?.indexOf(braces[0]) ?? 0);
    yield {
      source,
      field: "path",
      at,
      detail: `${show(configuration.shown(path))} matches only that very name`,
    };
  }
}

function* missedExclusions(configuration: Configuration): Generator<Spot> {
  const globs = configuration.byDay.filter((item) => isGlob(item.path) && !isExclusion(item) && cleans(item));
  for (const exclusion of configuration.exclusions) {
    const glob = globs.find((item) => item.path === exclusion.path || matches(item, exclusion.path));
    if (glob === undefined) continue;
    const where = `${show(glob.source.file)}:${glob.source.line}`;
    const path = show(configuration.shown(glob.path));
    yield { source: exclusion.source, field: "path", detail: `${where} matches it by ${path}` };
  }
}

function cleans(item: Item): boolean {
  return item.type.remove !== undefined || (item.type.clean !== undefined && item.age !== undefined);
}
