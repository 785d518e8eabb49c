import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { bytes } from "#src/base/bytes.js";
import { fixedClock, SECOND } from "#src/base/time.js";
import { AGE_BY_MTIME, type Age } from "#src/tmpfiles/syntax/age.js";
import { scratch } from "../../../scratch.js";
import { line, runLines, TEN_DAYS } from "./cleaning.js";

const HALF_AN_HOUR: Age = { ...TEN_DAYS, span: 1800n * SECOND };

/** So many minutes after `from`. */
const after = (from: number, minutes: number) =>
  fixedClock(BigInt(from) * 1_000_000n + BigInt(minutes) * 60n * SECOND);

interface Tree {
  readonly base: string;
  readonly index: string;
  readonly made: number;
}

const DIRECTORIES = ["", "/a", "/a/x", "/b", "/b/y", "/b/y/z"];

function tree(dir: string): Tree {
  const base = `${dir}/tree`;
  for (const below of DIRECTORIES) {
    mkdirSync(base + below, { recursive: true });
    for (const name of ["1", "2"]) writeFileSync(`${base}${below}/${name}`, "");
  }
  return { base, index: `${dir}/cache/index`, made: Date.now() };
}

function clean(
  { base, index, made }: Tree,
  minutes: number,
  how: { noIndex?: true; dryRun?: true; age?: Age; jobs?: number } = {},
) {
  return runLines([line("d", base, how.age ?? HALF_AN_HOUR)], {
    clock: after(made, minutes),
    dryRun: how.dryRun ?? false,
    ...(how.noIndex ? {} : { index: bytes(index) }),
    wantsKept: false,
    jobs: how.jobs ?? 1,
    parallelFrom: 0,
  });
}

test("the second run skips the files of an unchanged directory until one may be old", (t) => {
  for (const jobs of [1, 2]) {
    const made = tree(scratch(t));
    const first = clean(made, 10, { jobs }).summary;
    const second = clean(made, 20, { jobs }).summary;
    assert.equal(first.entries, 17);
    // The base itself is always listed: its files, and the directories.
    assert.equal(second.entries, 7);
    assert.equal(second.kept.indexed, 10);
    assert.deepEqual(clean(made, 25, { jobs }).summary, second);
    assert.equal(clean(made, 40, { jobs }).summary.removed.entries, 17);
  }
});

test("several threads write the same index as one", (t) => {
  const made = tree(scratch(t));
  for (let at = 0; at < 2000; at++) writeFileSync(`${made.base}/a/${at}`, "");
  mkdirSync(`${made.base}/a/new`);
  const [alone, shared] = [1, 2].map((jobs) => {
    const index = `${made.index}-${jobs}`;
    clean({ ...made, index }, 10, { jobs });
    return readFileSync(index);
  });
  assert.deepEqual(shared, alone);
});

test("new entries of a directory are checked", (t) => {
  const made = tree(scratch(t));
  clean(made, 10);
  writeFileSync(`${made.base}/a/new`, "");
  assert.equal(clean(made, 20).summary.kept.indexed, 8);
});

test("the index is not used without ctime in age-by, or if each reason is requested", (t) => {
  const made = tree(scratch(t));
  const age = { ...HALF_AN_HOUR, byFile: AGE_BY_MTIME };
  clean(made, 10);
  assert.equal(clean(made, 20, { age }).summary.kept.indexed, undefined);
});

test("a directory that has just changed is not in the index", (t) => {
  const made = tree(scratch(t));
  clean(made, 0);
  assert.equal(clean(made, 20).summary.kept.indexed, undefined);
});

test("the index is ignored after the clock was set back", (t) => {
  const made = tree(scratch(t));
  clean(made, 20);
  assert.equal(clean(made, 10).summary.kept.indexed, undefined);
});

test("an index that others may write to is not read", (t) => {
  const made = tree(scratch(t));
  clean(made, 10);
  chmodSync(made.index, 0o620);
  assert.equal(clean(made, 20, { dryRun: true }).summary.kept.indexed, undefined);
});

const ODD_INDEXES: Readonly<Record<string, (index: string, victim: string) => void>> = {
  "a FIFO": (index) => assert.equal(spawnSync("mkfifo", [index]).status, 0),
  "a link": (index, victim) => symlinkSync(victim, index),
  "of one gigabyte": (index) => {
    writeFileSync(index, "");
    truncateSync(index, 1_000_000_000);
  },
};

for (const [what, lay] of Object.entries(ODD_INDEXES)) {
  test(`an index that is ${what} is not read, and is replaced`, (t) => {
    const dir = scratch(t);
    const made = tree(dir);
    const victim = `${dir}/victim`;
    writeFileSync(victim, "kept");
    mkdirSync(`${dir}/cache`);
    for (const name of [made.index, `${made.index}.new`]) {
      lay(name, victim);
    }
    assert.equal(clean(made, 10).summary.exitStatus, 0);
    assert.ok(lstatSync(made.index).isFile());
    assert.equal(readFileSync(victim, "latin1"), "kept");
    assert.deepEqual(readdirSync(`${dir}/cache`), ["index"]);
    assert.equal(clean(made, 20).summary.kept.indexed, 10);
  });
}

test("a directory instead of the index counts as a missing index", (t) => {
  for (const name of ["index", "index.new"]) {
    const made = tree(scratch(t));
    mkdirSync(`${made.index.replace(/index$/, name)}`, { recursive: true });
    assert.equal(clean(made, 10).summary.exitStatus, 0);
    assert.equal(clean(made, 40).summary.removed.entries, 17);
  }
});

const directory = fc.constantFrom(...DIRECTORIES);
const name = fc.constantFrom("1", "2", "3");

/** Whatever may happen between two runs; what fails (a file that is not there) did not happen. */
const CHANGES: Readonly<Record<string, (base: string, from: string, name: string, to: string) => void>> = {
  write: (base, from, name) => closeSync(openSync(`${base}${from}/${name}`, "w")),
  remove: (base, from, name) => rmSync(`${base}${from}/${name}`),
  touchBack: (base, from, name) => utimesSync(`${base}${from}/${name}`, 0, 0),
  touchDirectoryBack: (base, from) => utimesSync(base + from, 0, 0),
  sticky: (base, from, name) => chmodSync(`${base}${from}/${name}`, 0o1600),
  move: (base, from, name, to) => renameSync(`${base}${from}/${name}`, `${base}${to}/${name}`),
  link: (base, from, name, to) => linkSync(`${base}${from}/${name}`, `${base}${to}/linked`),
  moveDirectory: (base, from, _, to) => renameSync(base + from, `${base}${to}/moved`),
  removeDirectory: (base, from) => from !== "" && rmSync(base + from, { recursive: true }),
};

function happen(base: string, changes: readonly (readonly [string, string, string, string])[]): void {
  for (const [what, from, name, to] of changes) {
    try {
      CHANGES[what]?.(base, from, name, to);
    } catch (error) {
      if (!(error instanceof Error && "code" in error)) throw error;
    }
  }
}

const changes = fc.array(fc.tuple(fc.constantFrom(...Object.keys(CHANGES)), directory, name, directory), {
  maxLength: 6,
});

test("a run removes the same with and without the index", (t) => {
  const dir = scratch(t, "/dev/shm");
  fc.assert(
    fc.property(changes, fc.constantFrom(15, 29, 31, 45), (happened, minutes) => {
      rmSync(dir, { recursive: true, force: true });
      mkdirSync(dir);
      const made = tree(dir);
      clean(made, 10);
      waitForTheNextTick();
      happen(made.base, happened);
      const withIndex = clean(made, minutes, { dryRun: true }).removed;
      const without = clean(made, minutes, { dryRun: true, noIndex: true }).removed;
      assert.deepEqual(withIndex.toSorted(), without.toSorted());
    }),
    { numRuns: 100 },
  );
});

/** Timestamps come from the kernel's tick, 10 ms at most. */
function waitForTheNextTick(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 11);
}

test("no forged index makes a run remove more", (t) => {
  const dir = scratch(t, "/dev/shm");
  const made = tree(dir);
  clean(made, 10);
  const honest = readFileSync(made.index);
  const forgery = fc.oneof(
    fc.uint8Array({ maxLength: 400 }).map((raw) => Buffer.from(raw)),
    fc.nat({ max: honest.length }).map((length) => honest.subarray(0, length)),
    fc.array(fc.tuple(fc.nat({ max: honest.length / 8 - 1 }), fc.double()), { maxLength: 8 }).map((edits) => {
      const forged = Buffer.from(honest);
      for (const [at, value] of edits) forged.writeDoubleLE(value, at * 8);
      return forged;
    }),
  );
  fc.assert(
    fc.property(forgery, fc.constantFrom(20, 40), (forged, minutes) => {
      writeFileSync(made.index, forged, { mode: 0o600 });
      const withIndex = clean(made, minutes, { dryRun: true }).removed;
      const without = new Set(clean(made, minutes, { dryRun: true, noIndex: true }).removed);
      assert.deepEqual(
        withIndex.filter((path) => !without.has(path)),
        [],
      );
    }),
    { numRuns: 300 },
  );
  truncateSync(made.index);
  assert.equal(clean(made, 40).summary.removed.entries, 17);
});
