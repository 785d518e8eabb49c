import assert from "node:assert/strict";
import { lstatSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { bytes } from "#src/base/bytes.js";
import type { Event, KeepReason } from "#src/base/events.js";
import { fixedClock } from "#src/base/time.js";
import { forecastSync } from "#src/inspect/index.js";
import { runSync } from "#src/tmpfiles/index.js";
import { scratch } from "../../../scratch.js";
import { hasFlock, lockElsewhere } from "./cleaning.js";

const OLD = new Date("2001-01-01T00:00:00Z");
/** How many files the tree of the largest test has; the full number is 100,000. */
const ENTRIES = Number(process.env.ENTRIES ?? 2_000);

interface Result {
  readonly removed: string[];
  readonly kept: ReadonlyMap<string, KeepReason>;
}

function clean(config: string, options: { dryRun?: boolean; jobs?: number } = {}): Result {
  const removed: string[] = [];
  const kept = new Map<string, KeepReason>();
  const report = (event: Event): void => {
    if (event.type === "removed") removed.push(event.path);
    if (event.type === "kept") kept.set(event.path, event.reason);
  };
  const how = { operations: ["clean" as const], args: [bytes(config)], ...options };
  assert.equal(runSync(how, { wantsKept: true, report }).exitStatus, 0);
  return { removed: removed.sort(), kept };
}

const namesBelow = (directory: string): string[] =>
  (readdirSync(directory, { recursive: true }) as string[]).map((name) => join(directory, name));

/** Which entries go, found without the engine: by mtime, each entry of the tree with all below it. */
function expectedIn(tree: string): string[] {
  const isOld = (path: string): boolean => lstatSync(path).mtimeMs === OLD.getTime();
  return readdirSync(tree)
    .map((name) => join(tree, name))
    .flatMap((top) => {
      const all = lstatSync(top).isDirectory() ? [top, ...namesBelow(top)] : [top];
      return all.every(isOld) ? all : [];
    })
    .sort();
}

interface File {
  readonly path: readonly string[];
  readonly isNew: boolean;
}

/** Makes the files; what is not new is old, directories included. */
function plant(tree: string, files: readonly File[]): void {
  mkdirSync(tree, { recursive: true });
  const fresh: string[] = [];
  for (const { path, isNew } of files) {
    const file = join(tree, ...path.slice(0, -1).map((name) => `${name}.d`), path.at(-1) ?? "");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "");
    if (isNew) fresh.push(file);
  }
  const young = new Set(fresh);
  for (const path of namesBelow(tree)) if (!young.has(path)) utimesSync(path, OLD, OLD);
}

function configure(place: string, tree: string, more = ""): string {
  const config = join(place, "a.conf");
  writeFileSync(config, `${more}#@ unit=toplevel\nd ${tree} - - - mM:1d\n`);
  return config;
}

test("an entry of the directory goes with all below it, or stays whole", (t) => {
  const place = scratch(t);
  const name = fc.constantFrom("a", "b", "c");
  const file = fc.record({
    path: fc.array(name, { minLength: 1, maxLength: 4 }),
    isNew: fc.boolean(),
  });
  let count = 0;
  fc.assert(
    fc.property(fc.array(file, { maxLength: 12 }), (files) => {
      const tree = join(place, `${count++}`);
      plant(tree, files);
      const config = configure(place, tree);
      const before = namesBelow(tree);
      const expected = expectedIn(tree);
      assert.deepEqual(clean(config, { dryRun: true }).removed, expected);
      assert.deepEqual(clean(config).removed, expected);
      const gone = new Set(expected);
      assert.deepEqual(namesBelow(tree).sort(), before.filter((path) => !gone.has(path)).sort());
    }),
    { numRuns: 60 },
  );
});

for (const jobs of [1, 4])
  test(`of ${ENTRIES} files, with ${jobs} threads`, (t) => {
    const place = scratch(t);
    const tree = join(place, "tree");
    const at = (index: number): File => ({
      path: [`${index % 97}`, `${index % 13}`, `${index % 7}`, `${index}`],
      isNew: index % 97 < 40 && index % 211 === 0,
    });
    plant(
      tree,
      Array.from({ length: ENTRIES }, (_, index) => at(index)),
    );
    const config = configure(place, tree);
    const expected = expectedIn(tree);
    assert.ok(expected.length > 0 && expected.length < namesBelow(tree).length);
    assert.deepEqual(clean(config, { dryRun: true }).removed, expected);
    assert.deepEqual(clean(config, { jobs }).removed, expected);
  });

test("what is excluded or locked in it keeps all of it, and the reason names it", {
  skip: !hasFlock() && "needs flock",
}, async (t) => {
  const place = scratch(t);
  const tree = join(place, "tree");
  const old = (...path: string[]): File => ({ path, isNew: false });
  plant(tree, [old("a", "b", "file"), old("c", "file"), old("d", "file"), old("file")]);
  const config = configure(place, tree, `x ${tree}/a.d/b.d/file\n`);
  await lockElsewhere(t, join(tree, "c.d/file"));
  const { removed, kept } = clean(config);
  assert.deepEqual(
    removed,
    ["d.d", "d.d/file", "file"].map((name) => join(tree, name)),
  );
  assert.deepEqual(kept.get(join(tree, "a.d")), { code: "unit-kept", detail: "b.d/file" });
  assert.deepEqual(kept.get(join(tree, "c.d")), { code: "unit-kept", detail: "file" });
});

test("forecast says when the whole goes: when its newest file is old", (t) => {
  const place = scratch(t);
  const tree = join(place, "tree");
  plant(tree, [
    { path: ["a", "first"], isNew: false },
    { path: ["a", "second"], isNew: true },
  ]);
  const newer = new Date(Date.now() - 3_600_000);
  utimesSync(join(tree, "a.d/second"), newer, newer);
  const config = configure(place, tree);
  const now = BigInt(Date.now()) * 1_000_000n;
  const days = 86_400_000_000_000n;
  const forecast = (within: bigint) => forecastSync([], { config: [config], at: now, within }).entries;
  assert.equal(forecast(days / 2n), 0);
  assert.equal(forecast(3n * days), 3);
  assert.deepEqual(clean(config).removed, []);
  const report = (event: Event): void => void (event.type === "removed" && removed.push(event.path));
  const removed: string[] = [];
  runSync(
    { operations: ["clean"], args: [bytes(config)], clock: fixedClock(now + 2n * days) },
    { wantsKept: false, report },
  );
  assert.deepEqual(
    removed.sort(),
    ["a.d", "a.d/first", "a.d/second"].map((name) => join(tree, name)),
  );
});
