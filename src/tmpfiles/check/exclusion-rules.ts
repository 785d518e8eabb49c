/** Rules about exclusions that exclude nothing. */
import { escapeForDisplay } from "../../base/bytes.js";
import type { Item } from "../model/item.js";
import { type Configuration, hasGlob, isExclusion, matches } from "./configuration.js";
import { fieldOf, type Rule, type Spot } from "./rule.js";

export const EXCLUSION_RULES: readonly Rule[] = [
  {
    code: "braces-in-glob",
    severity: "warning",
    title: "Brace expansion is not supported in this pattern",
    why: "Exclusions are matched with fnmatch(3), which treats { and } as ordinary characters, so nothing is excluded.",
    fix: "Write one line for each alternative.",
    find: bracesInGlobs,
  },
  {
    code: "exclusion-misses-glob",
    severity: "warning",
    title: "Exclusion does not apply to the glob's own matches",
    why: "An exclusion applies to what is found below a line's path. Paths matched by the glob are cleaned regardless.",
    fix: "Exclude the contents, for example /dir/name/*, or change the glob so that it does not match.",
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
      detail: `${escapeForDisplay(configuration.shown(path))} matches only that exact name`,
    };
  }
}

function* missedExclusions(configuration: Configuration): Generator<Spot> {
  const globs = configuration.byDay.filter(
    (item) => hasGlob(item.path) && !isExclusion(item) && cleans(item),
  );
  for (const exclusion of configuration.exclusions) {
    const glob = globs.find((item) => item.path === exclusion.path || matches(item, exclusion.path));
    if (glob === undefined) continue;
    const where = `${escapeForDisplay(glob.source.file)}:${glob.source.line}`;
    const path = escapeForDisplay(configuration.shown(glob.path));
    yield { source: exclusion.source, field: "path", detail: `${where} matches it with ${path}` };
  }
}

function cleans(item: Item): boolean {
  return item.type.remove !== undefined || (item.type.clean !== undefined && item.age !== undefined);
}
