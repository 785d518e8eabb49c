/** A run that is asked to stop through the flag in its options. */
import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import type { Event } from "#src/base/events.js";
import { StopSignals } from "#src/sys/stop-signals.js";
import { runSync, type StopFlag } from "#src/tmpfiles/index.js";
import { scratch } from "../../scratch.js";

const OLD = new Date("2001-02-03T04:05:06Z");

function flag(): { readonly stop: StopFlag; readonly raise: () => void } {
  const words = new Int32Array(new SharedArrayBuffer(8));
  return { stop: { words, indexes: [1] }, raise: () => void Atomics.store(words, 1, 1) };
}

/** `another` makes one more file: by default another name, which takes a fraction of the time. */
function fill(tree: string, directories: number, files: number, another = linkSync): string[] {
  const made = Array.from({ length: directories }, (_, n) => `${tree}/d${n}`);
  for (const directory of made) {
    mkdirSync(directory, { recursive: true });
    const first = `${directory}/f0`;
    writeFileSync(first, "");
    utimesSync(first, OLD, OLD);
    for (let n = 1; n < files; n++) another(first, `${directory}/f${n}`);
    utimesSync(directory, OLD, OLD);
  }
  utimesSync(tree, OLD, OLD);
  return made;
}

function inline(directory: string, name: string, line: string): { args: ReturnType<typeof bytes>[] } {
  const file = `${directory}/${name}.conf`;
  writeFileSync(file, `${line}\n`);
  return { args: [bytes(file)] };
}

for (const jobs of [1, 3]) {
  test(`clean stops in the middle, with ${jobs} threads`, (t) => {
    const directory = scratch(t);
    const tree = `${directory}/tree`;
    const made = fill(tree, 12, 800);
    const { stop, raise } = flag();
    let removed = 0;
    const reporter = {
      wantsKept: false,
      report: (event: Event) => void (event.type === "removed" && ++removed === 1 && raise()),
    };
    const { args } = inline(directory, "old", `e ${tree} - - - mM:1d`);
    const options = { operations: ["clean"], args, jobs, parallelFrom: 0 } as const;
    const summary = runSync({ ...options, stop }, reporter);
    assert.equal(summary.interrupted, true);
    assert.equal(summary.removed.entries, removed);
    const left = made.filter(existsSync);
    assert.ok(left.length > 0, "all is gone");
    for (const one of [...left, tree]) assert.deepEqual(statSync(one).mtime, OLD, one);
    const rest = runSync(options, { wantsKept: false, report: () => {} });
    assert.equal(rest.interrupted, false);
    assert.deepEqual(readdirSync(tree), []);
  });
}

test("R stops in the middle, and leaves what it names", (t) => {
  const directory = scratch(t);
  const tree = `${directory}/tree`;
  fill(tree, 3, 500);
  const { stop, raise } = flag();
  const { args } = inline(directory, "remove", `R ${tree}`);
  const report = (event: Event): void => void (event.type === "removed" && raise());
  const summary = runSync({ operations: ["remove"], args, stop }, { wantsKept: false, report });
  assert.equal(summary.interrupted, true);
  assert.ok(readdirSync(tree).length > 0);
});

test("create stops between two lines", (t) => {
  const directory = scratch(t);
  const { stop, raise } = flag();
  const { args } = inline(directory, "make", `d ${directory}/a\nd ${directory}/b`);
  const report = (event: Event): void => void (event.type === "created" && raise());
  const summary = runSync({ operations: ["create"], args, stop }, { wantsKept: false, report });
  assert.equal(summary.interrupted, true);
  assert.deepEqual([existsSync(`${directory}/a`), existsSync(`${directory}/b`)], [true, false]);
});

test("Z stops in the middle of a tree", (t) => {
  const directory = scratch(t);
  const tree = `${directory}/tree`;
  // Z leaves inodes with several names alone.
  fill(tree, 3, 100, copyFileSync);
  const { stop, raise } = flag();
  const { args } = inline(directory, "adjust", `Z ${tree} 0700`);
  let changed = 0;
  const report = (event: Event): void => void (event.type === "changed" && ++changed === 10 && raise());
  const summary = runSync({ operations: ["create"], args, stop }, { wantsKept: false, report });
  assert.equal(summary.interrupted, true);
  assert.equal(changed, 10);
});

test("a busy program hears a signal, and ends by it once it no longer listens", () => {
  const signals = StopSignals.listen();
  assert.ok(signals !== undefined, "this Node does not share its libuv");
  assert.equal(signals.caught, undefined);
  process.kill(process.pid, "SIGHUP");
  assert.equal(signals.caught, "SIGHUP");
  signals[Symbol.dispose]();
  using again = StopSignals.listen();
  assert.equal(again?.caught, undefined);
});
