import assert from "node:assert/strict";
import {
  chmodSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { test } from "node:test";
import { SyscallError } from "#src/base/errors.js";
import { DAY } from "#src/base/time.js";
import { scratch } from "../../../scratch.js";
import { type How, hasFlock, line, lockElsewhere, runLines, TEN_DAYS } from "./cleaning.js";

const OLD = new Date("2001-01-01T00:00:00Z");

/** Directories of files, some with a sticky file that keeps them, some nested; all with old times. */
function tree(base: string, anySticky = true): void {
  const fill = (path: string, files: number, sticky: boolean): void => {
    mkdirSync(path, { recursive: true });
    for (let at = 0; at < files; at++) closeSync(openSync(`${path}/f${at}`, "w"));
    if (sticky && anySticky) chmodSync(`${path}/f0`, 0o1600);
    utimesSync(path, OLD, OLD);
  };
  for (let at = 0; at < 60; at++) {
    fill(`${base}/d${at}/deep/er`, at % 7, at % 7 === 3);
    fill(`${base}/d${at}/wide`, 12, at % 3 === 0);
    utimesSync(`${base}/d${at}/deep`, OLD, OLD);
    utimesSync(`${base}/d${at}`, OLD, OLD);
  }
}

/** The paths below `base`, and the times of its directories. */
function left(base: string): string[] {
  const paths = readdirSync(base, { recursive: true, encoding: "utf8" }).toSorted();
  return paths.map((path) => {
    const stat = statSync(`${base}/${path}`);
    return stat.isDirectory() ? `${path} ${stat.mtimeMs}` : path;
  });
}

const JOBS: readonly How[] = [1, 2, 8].map((jobs) => ({ jobs, parallelFrom: 0 }));

test("any number of threads gives the same tree and the same report", async (t) => {
  const dir = scratch(t);
  const results = [];
  for (const how of JOBS) {
    const base = `${dir}/tree`;
    rmSync(base, { recursive: true, force: true });
    tree(base);
    if (hasFlock()) await lockElsewhere(t, `${base}/d7/deep`);
    const { removed, kept, summary } = runLines(
      [line("d", base, TEN_DAYS), line("x", `${base}/d1*/wide/*7`), line("d", `${base}/d2`)],
      how,
    );
    for (const path of removed) {
      const inside = removed.slice(removed.indexOf(path)).find((later) => later.startsWith(`${path}/`));
      assert.equal(inside, undefined, `${path} was reported before its contents`);
    }
    results.push({ left: left(base), removed: removed.toSorted(), kept: sortedKeys(kept), summary });
  }
  assert.deepEqual(results[1], results[0]);
  assert.deepEqual(results[2], results[0]);
});

// The child that blocks a directory is the first that was found to stay: with more threads it may be another.
function sortedKeys(kept: Record<string, { readonly code: string }>): string[] {
  return Object.entries(kept)
    .map(([path, { code }]) => `${path} ${code}`)
    .toSorted();
}

test("one directory is walked by all threads", (t) => {
  const base = `${scratch(t)}/tree`;
  for (const how of JOBS) {
    mkdirSync(base, { recursive: true });
    for (let at = 0; at < 1200; at++) {
      closeSync(openSync(`${base}/f${at}`, "w"));
      if (at % 200 === 0) chmodSync(`${base}/f${at}`, 0o1600);
    }
    utimesSync(base, OLD, OLD);
    const young = runLines([line("d", base, { ...TEN_DAYS, span: 30n * DAY })], { ...how, wantsKept: false });
    assert.deepEqual(young.summary.kept, { "too-new": 1194, sticky: 6 });
    const { removed, summary } = runLines([line("d", base, TEN_DAYS)], { ...how, wantsKept: false });
    assert.equal(new Set(removed).size, 1194);
    assert.deepEqual([summary.entries, summary.kept], [1200, { sticky: 6 }]);
    assert.equal(readdirSync(base).length, 6);
    assert.equal(statSync(base).mtimeMs, OLD.getTime());
  }
});

test("no thread takes the lock of another for that of a program", (t) => {
  const base = `${scratch(t)}/tree`;
  for (let round = 0; round < 3; round++) {
    // One inode: each thread locks it to remove one of its names.
    mkdirSync(base, { recursive: true });
    closeSync(openSync(`${base}/first`, "w"));
    for (let at = 0; at < 8; at++) {
      mkdirSync(`${base}/d${at}`);
      for (let name = 0; name < 300; name++) linkSync(`${base}/first`, `${base}/d${at}/f${name}`);
    }
    const { summary } = runLines([line("d", base, TEN_DAYS)], { jobs: 8, parallelFrom: 0, wantsKept: false });
    assert.deepEqual(summary.kept, {});
    assert.deepEqual(readdirSync(base), []);
  }
});

test("several threads remove a whole tree", (t) => {
  const dir = scratch(t);
  for (const how of JOBS) {
    tree(`${dir}/tree`, false);
    const { summary } = runLines([line("R", `${dir}/tree`)], { ...how, operations: ["remove"] });
    assert.ok(!existsSync(`${dir}/tree`));
    assert.equal(summary.exitStatus, 0);
    assert.deepEqual(summary.kept, {});
  }
});

test("a failure in another thread is reported unchanged", (t) => {
  if (process.getuid?.() === 0) return t.skip("root can remove anything: run as an ordinary user");
  const dir = scratch(t);
  tree(`${dir}/tree`);
  const allow = (mode: number): void => {
    for (let at = 0; at < 60; at++) chmodSync(`${dir}/tree/d${at}/wide`, mode);
  };
  allow(0o500);
  const { errors } = runLines([line("d", `${dir}/tree`, TEN_DAYS)], { jobs: 2, parallelFrom: 0 });
  allow(0o700);
  assert.equal(errors.length, 60 * 12 - 20);
  assert.ok(errors.every((error) => error instanceof SyscallError && error.code === "EACCES"));
});
