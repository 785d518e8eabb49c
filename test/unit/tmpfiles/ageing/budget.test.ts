import assert from "node:assert/strict";
import { linkSync, lstatSync, mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { bytes } from "#src/base/bytes.js";
import type { Event, KeepReason } from "#src/base/events.js";
import { fixedClock } from "#src/base/time.js";
import { runSync } from "#src/tmpfiles/index.js";
import { scratch } from "../../../scratch.js";
import { hasFlock, lockElsewhere } from "./cleaning.js";

/** How many files the tree of the largest test has; the full number is 100,000. */
const ENTRIES = Number(process.env.ENTRIES ?? 2_000);
const NOW = Date.parse("2026-06-01T00:00:00Z");
const DAY = 86_400_000;
const AGE_DAYS = 10;

interface Cleaned {
  readonly removed: string[];
  readonly kept: ReadonlyMap<string, KeepReason>;
}

function clean(config: string, options: { dryRun?: boolean; jobs?: number } = {}): Cleaned {
  const removed: string[] = [];
  const kept = new Map<string, KeepReason>();
  const report = (event: Event): void => {
    if (event.type === "removed") removed.push(event.path);
    if (event.type === "kept") kept.set(event.path, event.reason);
  };
  const clock = fixedClock(BigInt(NOW) * 1_000_000n);
  const how = { operations: ["clean" as const], args: [bytes(config)], clock, ...options };
  assert.equal(runSync(how, { wantsKept: true, report }).exitStatus, 0);
  return { removed: removed.sort(), kept };
}

const namesBelow = (directory: string): string[] =>
  (readdirSync(directory, { recursive: true }) as string[]).map((name) => join(directory, name));

interface Marks {
  readonly maxSize?: number;
  readonly low?: number;
  readonly maxInodes?: number;
  readonly lowInodes?: number;
}

interface Usage {
  readonly bytes: number;
  readonly inodes: number;
}

/** What du(1) would say of the paths: each inode once. */
function usageOf(paths: Iterable<string>): Usage {
  const sizes = new Map<number, number>();
  for (const path of paths) {
    const { ino, blocks } = lstatSync(path);
    sizes.set(ino, blocks * 512);
  }
  return { bytes: [...sizes.values()].reduce((sum, size) => sum + size, 0), inodes: sizes.size };
}

/**
 * What is removed, found without the engine: a directory with all in it, by the newest modification time; the oldest first,
 * until the rest is small enough. `unit` names what is removed together with a path.
 */
function expectedIn(
  tree: string,
  { maxSize, low = maxSize, maxInodes, lowInodes = maxInodes }: Marks,
  early: boolean,
  units: boolean,
  excluded: ReadonlySet<string> = new Set(),
): string[] {
  const all = namesBelow(tree);
  const unitOf = (path: string): string => join(tree, path.slice(tree.length + 1).split("/")[0] ?? "");
  const keptPaths = new Set<string>();
  for (const path of excluded)
    for (let at = path; at !== tree; at = dirname(at)) keptPaths.add(units ? unitOf(at) : at);
  const newest = new Map<string, number>();
  for (const path of all) {
    const time = lstatSync(path).mtimeMs;
    const tops = units ? [unitOf(path)] : [];
    for (let at = path; at !== tree; at = dirname(at)) tops.push(at);
    for (const at of tops) newest.set(at, Math.max(newest.get(at) ?? 0, time));
  }
  const timeOf = (path: string): number => newest.get(units ? unitOf(path) : path) ?? 0;
  const removable = all.filter((path) => !keptPaths.has(units ? unitOf(path) : path));
  const cutoff = NOW - AGE_DAYS * DAY;
  const old = removable.filter((path) => timeOf(path) < cutoff);
  const gone = new Set(early ? old : []);
  const measure = (): Usage => usageOf(all.filter((path) => !gone.has(path)));
  const start = measure();
  const tooLarge = maxSize !== undefined && start.bytes > maxSize;
  const tooMany = maxInodes !== undefined && start.inodes > maxInodes;
  const isMet = (): boolean => {
    const { bytes, inodes } = measure();
    return (!tooLarge || bytes <= (low ?? 0)) && (!tooMany || inodes <= (lowInodes ?? 0));
  };
  if (tooLarge || tooMany) {
    const candidates = (early ? removable : old).filter((path) => !gone.has(path));
    const times = [...new Set(candidates.map(timeOf))].sort((a, b) => a - b);
    // By bisection, since measuring takes long: what is left only gets smaller.
    const upTo = (count: number): void => {
      gone.clear();
      for (const path of early ? old : []) gone.add(path);
      const last = times[count - 1] ?? Number.NEGATIVE_INFINITY;
      for (const path of candidates) if (timeOf(path) <= last) gone.add(path);
    };
    let [from, to] = [0, times.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      upTo(middle);
      if (isMet()) to = middle;
      else from = middle + 1;
    }
    upTo(from);
  }
  return [...gone].sort();
}

interface File {
  readonly path: readonly string[];
  readonly days: number;
  readonly blocks: number;
  /** Another name for the file before it. */
  readonly linked?: boolean;
}

/** Makes the files; a directory is as old as the first file that needs it. */
function plant(tree: string, files: readonly File[]): void {
  mkdirSync(tree, { recursive: true });
  const times = new Map<string, number>();
  let last: string | undefined;
  for (const { path, days, blocks, linked } of files) {
    const file = join(tree, ...path.slice(0, -1).map((name) => `${name}.d`), path.at(-1) ?? "");
    mkdirSync(dirname(file), { recursive: true });
    for (let at = dirname(file); at !== tree; at = dirname(at)) if (!times.has(at)) times.set(at, days);
    if (times.has(file)) continue;
    if (linked && last !== undefined) linkSync(last, file);
    else writeFileSync(file, "x".repeat(blocks * 4096));
    times.set(file, linked && last !== undefined ? (times.get(last) ?? days) : days);
    last = file;
  }
  for (const [path, days] of times) {
    const time = new Date(NOW - days * DAY - 1);
    utimesSync(path, time, time);
  }
}

function configure(
  place: string,
  tree: string,
  marks: Marks,
  suffix: string,
  more = "",
  before = "",
): string {
  const { maxSize, low, maxInodes, lowInodes } = marks;
  const words = [
    ["max-size", maxSize],
    ["low", low],
    ["max-inodes", maxInodes],
    ["low-inodes", lowInodes],
  ].flatMap(([key, amount]) => (amount === undefined ? [] : [`${key}=${amount}`]));
  const config = join(place, `a.${suffix}`);
  writeFileSync(config, `${before}#@ ${words.join(" ")}${more}\nd ${tree} - - - mM:${AGE_DAYS}d\n`);
  return config;
}

const name = fc.constantFrom("a", "b", "c");
const anyFile = fc.record({
  path: fc.array(name, { minLength: 1, maxLength: 3 }),
  days: fc.integer({ min: 0, max: 20 }),
  blocks: fc.integer({ min: 0, max: 4 }),
  linked: fc.nat(4).map((n) => n === 0),
});
const mark = fc.integer({ min: 0, max: 30 });
const pair = fc.tuple(mark, mark).map(([a, b]) => [Math.max(a, b), Math.min(a, b)] as const);
const anyMarks: fc.Arbitrary<Marks> = fc
  .record({ size: fc.option(pair, { nil: undefined }), inodes: fc.option(pair, { nil: undefined }) })
  .map(({ size, inodes }) => ({
    ...(size && { maxSize: size[0] * 4096, low: size[1] * 4096 }),
    ...((inodes ?? (size === undefined && [3, 2])) && {
      maxInodes: (inodes ?? [3, 2])[0] as number,
      lowInodes: (inodes ?? [3, 2])[1] as number,
    }),
  }));

test("the oldest entries go until the directory is within its budget", (t) => {
  const place = scratch(t);
  let count = 0;
  let removed = 0;
  fc.assert(
    fc.property(
      fc.array(anyFile, { maxLength: 14 }),
      anyMarks,
      fc.constantFrom("conf", "mayfly"),
      fc.boolean(),
      (files, marks, suffix, units) => {
        const tree = join(place, `${count++}`);
        plant(tree, files);
        const config = configure(place, tree, marks, suffix, units ? " unit=toplevel" : "");
        const before = namesBelow(tree);
        const expected = expectedIn(tree, marks, suffix === "mayfly", units);
        removed += expected.length;
        assert.deepEqual(clean(config, { dryRun: true }).removed, expected);
        assert.deepEqual(clean(config).removed, expected);
        const gone = new Set(expected);
        assert.deepEqual(namesBelow(tree).sort(), before.filter((path) => !gone.has(path)).sort());
        rmSync(tree, { recursive: true });
      },
    ),
    { numRuns: Number(process.env.CASES ?? 120) },
  );
  assert.ok(removed > 0);
});

for (const [suffix, jobs] of [
  ["conf", 1],
  ["conf", 4],
  ["mayfly", 1],
  ["mayfly", 4],
] as const)
  test(`of ${ENTRIES} files, with ${jobs} threads, by a line in *.${suffix}`, (t) => {
    const place = scratch(t);
    const tree = join(place, "tree");
    const at = (index: number): File => ({
      path: [`${index % 97}`, `${index % 13}`, `${index}`],
      days: (index * 7919) % 40,
      blocks: index % 4 === 0 ? 1 : 0,
    });
    plant(
      tree,
      Array.from({ length: ENTRIES }, (_, index) => at(index)),
    );
    const { bytes: size, inodes } = usageOf(namesBelow(tree));
    const part = suffix === "conf" ? 0.6 : 0.2;
    const marks = {
      maxSize: Math.round(size * 0.9 * part),
      low: Math.round(size * part * 0.8),
      maxInodes: inodes,
    };
    const config = configure(place, tree, marks, suffix);
    const expected = expectedIn(tree, marks, suffix === "mayfly", false);
    assert.ok(expected.length > 0 && expected.length < namesBelow(tree).length);
    assert.deepEqual(clean(config, { dryRun: true }).removed, expected);
    assert.deepEqual(clean(config, { jobs }).removed, expected);
  });

test("within the budget, a line in *.conf removes nothing, and one in *.mayfly what is old", (t) => {
  const place = scratch(t);
  const tree = join(place, "tree");
  plant(tree, [
    { path: ["old"], days: 20, blocks: 1 },
    { path: ["new"], days: 1, blocks: 1 },
  ]);
  const marks = { maxSize: 1 << 20 };
  const careful = clean(configure(place, tree, marks, "conf"));
  assert.deepEqual(careful.removed, []);
  assert.deepEqual(careful.kept.get(join(tree, "old")), { code: "within-budget" });
  assert.equal(careful.kept.get(join(tree, "new"))?.code, "too-new");
  assert.deepEqual(clean(configure(place, tree, marks, "mayfly")).removed, [join(tree, "old")]);
});

test("what is excluded or locked counts, and is never removed", {
  skip: !hasFlock() && "needs flock",
}, async (t) => {
  const place = scratch(t);
  const tree = join(place, "tree");
  const names = ["excluded", "locked", "one", "two"];
  plant(
    tree,
    names.map((name, index) => ({ path: [name], days: 9 - index, blocks: 4 })),
  );
  await lockElsewhere(t, join(tree, "locked"));
  // An x line's path is not part of what the line cleans.
  const marks = { maxSize: 3 * 16_384 - 1, low: 2 * 16_384 };
  const config = configure(place, tree, marks, "mayfly", "", `x ${tree}/excluded\n`);
  const expected = expectedIn(
    tree,
    marks,
    true,
    false,
    new Set(["excluded", "locked"].map((name) => join(tree, name))),
  );
  assert.deepEqual(expected, [join(tree, "one"), join(tree, "two")]);
  assert.deepEqual(clean(config, { dryRun: true }).removed, expected);
  const { removed, kept } = clean(config);
  assert.deepEqual(removed, expected);
  assert.equal(kept.get(join(tree, "locked"))?.code, "locked");
});
