import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Bytes } from "#src/base/bytes.js";
import type { Event } from "#src/base/events.js";
import { explainSync, forecastSync } from "#src/inspect/index.js";
import { runSync } from "#src/tmpfiles/index.js";
import { scratch } from "../../scratch.js";

const SECOND = 1_000_000_000n;
const DAY = 86_400n * SECOND;

interface ResolveContext {
  readonly top: string;
  readonly config: string;
  readonly paths: readonly string[];
}

/** A tree of old and new entries, with directories that hang on their contents, links, and lines of their own. */
function context(t: TestContext): ResolveContext {
  const top = join(scratch(t), "tree");
  const config = join(scratch(t), "test.conf");
  const now = Date.now() / 1000;
  const days = (count: number): number => now - count * 86_400;
  const make = (name: string, age: number): void => {
    mkdirSync(join(top, name, ".."), { recursive: true });
    writeFileSync(join(top, name), name);
    utimesSync(join(top, name), days(age), days(age));
  };
  for (const [name, age] of [
    ["old/a", 40],
    ["old/deep/b", 35],
    ["mixed/new", 1],
    ["mixed/old", 40],
    ["kept/by-a-line", 40],
    ["soon/c", 25],
    ["soon/d", 22],
    ["later", 5],
    ["glob.keep", 40],
  ] as const)
    make(name, age);
  symlinkSync("nowhere", join(top, "dangling"));
  symlinkSync("old", join(top, "leads-to-old"));
  for (const name of ["old/deep", "old", "mixed", "soon"]) utimesSync(join(top, name), days(40), days(40));
  writeFileSync(config, `e ${top} - - - am:30d\nx ${top}/kept\nx ${top}/*.keep\n`);
  return { top, config, paths: below(top) };
}

function below(top: string): string[] {
  return readdirSync(top, { withFileTypes: true }).flatMap((entry) => {
    const path = join(top, entry.name);
    return entry.isDirectory() ? [path, ...below(path)] : [path];
  });
}

const at = (days: bigint): bigint => BigInt(Date.now()) * 1_000_000n + days * DAY;

function removedBy(config: string, now: bigint, dryRun: boolean): Set<string> {
  const removed = new Set<string>();
  const report = (event: Event): void => void (event.type === "removed" && removed.add(event.path));
  const options = {
    args: [config as Bytes],
    operations: ["clean"],
    clock: { now: () => now },
    dryRun,
  } as const;
  runSync({ ...options, jobs: 1 }, { wantsKept: false, report });
  return removed;
}

for (const days of [0n, 6n, 9n, 20n, 40n]) {
  test(`explain, dry-run, forecast and clean agree, ${days} days from now`, (t) => {
    const { config, paths } = context(t);
    const now = at(days);
    const explained = explainSync(paths, { config: [config], at: now });
    const foretold = new Set(
      explained.filter(({ verdict }) => verdict === "remove").map(({ path }) => `${path}`),
    );
    const dry = removedBy(config, now, true);
    const forecasted = forecastSync([], { config: [config], at: now, within: 0n });
    assert.deepEqual(foretold, dry);
    assert.equal(forecasted.entries, dry.size);
    assert.deepEqual(removedBy(config, now, false), dry);
    for (const path of paths) {
      const gone = !existsSync(path) && lstatSync(path, { throwIfNoEntry: false }) === undefined;
      assert.equal(gone, dry.has(path), path);
    }
  });
}

test("an entry is removed exactly at the time that explain reports", (t) => {
  const { config, paths } = context(t);
  const now = at(0n);
  for (const { path, expires } of explainSync(paths, { config: [config], at: now })) {
    if (expires === undefined) continue;
    assert.equal(removedBy(config, expires, true).has(path), true, `${path} goes`);
    assert.equal(removedBy(config, expires - 1n, true).has(path), false, `${path} stays until then`);
  }
});

test("a forecast counts each entry in the first run after it expires", (t) => {
  const { config } = context(t);
  const now = at(0n);
  const { days } = forecastSync([], { config: [config], at: now, within: 40n * DAY });
  let before = 0;
  for (const { run: moment, entries } of days) {
    const all = removedBy(config, moment, true).size;
    assert.equal(entries, all - before, `at ${moment}`);
    before = all;
  }
});

test("explain, forecast and check change no timestamp, not even a symlink's", (t) => {
  const { top, config, paths } = context(t);
  const everything = [...paths, top, config];
  // Old access times are what relatime would move.
  for (const path of everything)
    if (!lstatSync(path).isSymbolicLink()) utimesSync(path, 1, lstatSync(path).mtime);
  const times = (): string[] =>
    everything.map((path) => {
      const { atimeNs, mtimeNs, ctimeNs } = lstatSync(path, { bigint: true });
      return `${path} ${atimeNs} ${mtimeNs} ${ctimeNs}`;
    });
  const before = times().filter((line) => !line.startsWith(config));
  explainSync(everything, { config: [config] });
  forecastSync([], { config: [config] });
  forecastSync([top], { config: [config] });
  execFileSync(process.execPath, [
    join(import.meta.dirname, "../../../../bin/mayfly.js"),
    "explain",
    "--config",
    config,
    ...paths,
  ]);
  assert.deepEqual(
    times().filter((line) => !line.startsWith(config)),
    before,
  );
});

test("a missing path is evaluated as a new file", (t) => {
  const { top, config } = context(t);
  const [plain, excluded, deep] = explainSync(
    ["new", "kept/new", "not/there/yet"].map((name) => join(top, name)),
    {
      config: [config],
    },
  );
  assert.equal(plain?.exists, false);
  assert.equal(plain?.verdict, "keep");
  assert.equal(plain?.line?.line, 1);
  assert.equal(plain?.age, 30n * DAY);
  assert.deepEqual(
    excluded?.reasons.map(({ code, at: where }) => [code, where]),
    [["own-glob", join(top, "kept")]],
  );
  assert.equal(deep?.line?.line, 1);
});

test("ineffective protections are reported: braces, and x lines against a glob's own matches", (t) => {
  const { top, config } = context(t);
  writeFileSync(config, `e ${top} - - - am:30d\nx ${top}/{old,mixed}/a\n`);
  const [braces] = explainSync([join(top, "old/a")], { config: [config] });
  assert.equal(braces?.verdict, "remove");
  assert.equal(
    braces?.unprotected.some((text) => text.includes("brace expansion")),
    true,
  );
  writeFileSync(config, `e ${top}/* - - - am:30d\nx ${top}/old\n`);
  const [overruled] = explainSync([join(top, "old/a")], { config: [config] });
  assert.equal(overruled?.verdict, "remove");
  assert.equal(
    overruled?.unprotected.some((text) => text.includes("and cleans that")),
    true,
  );
});

test("--assume-version 252 reports the behaviour of 252", (t) => {
  const { top, config } = context(t);
  writeFileSync(config, `r ${top}/old/a - - - am:30d\n`);
  const path = join(top, "old/a");
  assert.equal(explainSync([path], { config: [config] })[0]?.verdict, "remove");
  assert.equal(explainSync([path], { config: [config], version: 252 })[0]?.verdict, "keep");
});
