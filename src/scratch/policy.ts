/** The policy of a run: lines of tmpfiles.d that clean directories at or below the root. */
import { createHash } from "node:crypto";
import { type Bytes, components, escapeForDisplay, isBelow, join } from "../base/bytes.js";
import type { Source } from "../base/events.js";
import type { Nanoseconds } from "../base/time.js";
import { glob } from "../path/glob.js";
import type { AgeRule } from "../tmpfiles/ageing/age-rule.js";
import type { LinePaths } from "../tmpfiles/ageing/line-index.js";
import { ageRule } from "../tmpfiles/ageing/walker.js";
import { type Item, type ItemGroup, loadItemsSync } from "../tmpfiles/index.js";
import { AGE_BY_CTIME } from "../tmpfiles/syntax/age.js";
import { MARKER } from "./root-directory.js";

/** The policy, the same on each host. */
export interface Policy {
  readonly root: Bytes;
  /** Identifies the root and the lines: a worker with another policy does nothing. */
  readonly digest: string;
  readonly lines: LinePaths;
  /** The items that clean, by the order of their paths. */
  readonly items: ReadonlyMap<number, Item>;
}

/** A directory that a line cleans, relative to the root. */
export interface CleanedDirectory {
  readonly line: number;
  readonly path: Bytes;
}

/**
 * Loads a policy.
 *
 * @throws Error if it cannot be read, has an invalid line, or a line that many hosts cannot apply.
 */
export function loadPolicy(root: Bytes, config: Bytes): Policy {
  const loaded = loadItemsSync({ args: [config], inWorkingDirectory: true });
  const [wrong] = loaded.diagnostics.filter(({ severity }) => severity === "error");
  if (wrong !== undefined) throw new Error(`${escapeForDisplay(wrong.file)}:${wrong.line}: ${wrong.message}`);
  if (loaded.aborted || loaded.failed) throw new Error(`${escapeForDisplay(config)}: cannot be read`);
  const groups = [...loaded.exact, ...loaded.globs];
  const items = new Map(groups.flatMap((group, order) => cleaning(root, group).map((item) => [order, item])));
  if (items.size === 0)
    throw new Error(`${escapeForDisplay(config)}: no line with an age cleans ${escapeForDisplay(root)}`);
  const lines = {
    paths: [join(root, MARKER), ...groups.map(({ path }) => path)],
    exact: loaded.exact.length + 1,
  };
  return { root, lines, items: shifted(items), digest: digestOf(root, groups) };
}

/** The marker comes first among the lines, so that no age removes it. */
const shifted = (items: ReadonlyMap<number, Item>): Map<number, Item> =>
  new Map([...items].map(([order, item]) => [order + 1, item]));

function cleaning(root: Bytes, { path, items }: ItemGroup): Item[] {
  const item = items.find(({ age, type }) => age !== undefined && type.clean !== undefined);
  if (item === undefined) return [];
  if (path !== root && !isBelow(path, root)) return [];
  requireDistributable(item);
  return [item];
}

/** What needs the whole directory at once, or times that removal itself changes, cannot be divided. */
function requireDistributable(item: Item): void {
  const { type, age, pragmas, source } = item;
  if (type.kind === "removal")
    refuse(source, `'${item.letter}' lines with an age are not supported; use 'e' to clean the directory`);
  if (age !== undefined && (age.byDirectory & AGE_BY_CTIME) !== 0)
    refuse(source, "the age of directories by ctime (C) is not supported: removing entries changes it");
  if (pragmas?.wholeUnits) refuse(source, "the pragma unit=toplevel is not supported");
  if (pragmas?.afterClockSync) refuse(source, "the pragma after=clock-sync is not supported");
  if (pragmas?.invalid) refuse(source, "a pragma is not valid");
}

function refuse({ file, line }: Source, why: string): never {
  throw new Error(`${escapeForDisplay(file)}:${line}: ${why}`);
}

function digestOf(root: Bytes, groups: readonly ItemGroup[]): string {
  const text = groups.flatMap(({ path, items }) =>
    items.map(({ letter, age, pragmas }) => [path, letter, age && { ...age, span: `${age.span}` }, pragmas]),
  );
  return createHash("sha256")
    .update(JSON.stringify([root, text]))
    .digest("hex");
}

/** The rule of each line for a run that began at `now`. A line whose age is longer than the time since 1970 has none. */
export function rulesOf({ items }: Policy, now: Nanoseconds): Map<number, AgeRule> {
  const rules = new Map<number, AgeRule>();
  for (const [order, { age, pragmas }] of items) {
    const rule = age && ageRule(age, now, pragmas);
    if (rule !== undefined) rules.set(order, rule);
  }
  return rules;
}

/** The directories that the lines clean; patterns are expanded on this host. */
export function cleanedDirectories({ root, items }: Policy): CleanedDirectory[] {
  const context = { root: "/" as Bytes, preserveAtime: true };
  return [...items].flatMap(([line, { path, type }]) => {
    const paths = type.path === "glob" ? glob(context, path) : [path];
    return paths.map((each) => ({ line, path: belowRoot(root, each) }));
  });
}

const belowRoot = (root: Bytes, path: Bytes): Bytes =>
  components(path).slice(components(root).length).join("/") as Bytes;
