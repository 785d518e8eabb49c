import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { test } from "node:test";
import { systemClock } from "#src/sys/clock.js";
import { scratch } from "../../../scratch.js";
import { hasFlock, line, lockElsewhere, runLines, TEN_DAYS } from "./cleaning.js";

const OLD = new Date("2001-01-01T00:00:00Z");

/** d/sub/file, d/file, d/link: what most tests begin with. */
function tree(dir: string): string {
  mkdirSync(`${dir}/d/sub`, { recursive: true });
  writeFileSync(`${dir}/d/sub/file`, "12345");
  writeFileSync(`${dir}/d/file`, "");
  symlinkSync("nowhere", `${dir}/d/link`);
  utimesSync(`${dir}/d`, OLD, OLD);
  return `${dir}/d`;
}

const names = (path: string, ...below: string[]): string[] => below.map((name) => `${path}/${name}`);

test("old entries are removed, children first, and the base keeps its timestamps", (t) => {
  const base = tree(scratch(t));
  const { removed, summary } = runLines([line("d", base, TEN_DAYS)]);
  assert.deepEqual(removed.toSorted(), names(base, "file", "link", "sub", "sub/file"));
  assert.ok(removed.indexOf(`${base}/sub/file`) < removed.indexOf(`${base}/sub`));
  assert.deepEqual(readdirSync(base), []);
  assert.equal(statSync(base).mtimeMs, OLD.getTime());
  assert.equal(summary.removed.entries, 4);
  assert.equal(summary.exitStatus, 0);
});

test("times of other centuries count, and are restored", (t) => {
  const base = tree(scratch(t, "/dev/shm"));
  const [longAgo, farOff] = [new Date("1960-01-01T00:00:00Z"), new Date("3000-01-01T00:00:00Z")];
  utimesSync(`${base}/file`, farOff, farOff);
  utimesSync(base, longAgo, longAgo);
  const { kept } = runLines([line("d", base, TEN_DAYS)]);
  assert.equal(kept[`${base}/file`]?.code, "too-new");
  assert.deepEqual(readdirSync(base), ["file"]);
  assert.equal(statSync(base).mtimeMs, longAgo.getTime());
});

test("a dry run reports the same and changes nothing", (t) => {
  const base = tree(scratch(t));
  const before = lstatSync(base, { bigint: true });
  const dry = runLines([line("d", base, TEN_DAYS)], { dryRun: true });
  assert.deepEqual(lstatSync(base, { bigint: true }), before);
  const real = runLines([line("d", base, TEN_DAYS)]);
  assert.deepEqual(dry.removed, real.removed);
  assert.deepEqual(dry.summary.removed, real.summary.removed);
});

test("new entries and the directories above them are kept", (t) => {
  const base = tree(scratch(t));
  const { removed, kept } = runLines([line("d", base, { ...TEN_DAYS, byFile: 0 })], { clock: systemClock });
  assert.deepEqual(removed.toSorted(), names(base, "file", "link", "sub/file"));
  assert.equal(kept[`${base}/sub`]?.code, "too-new");
  const left = tree(scratch(t));
  chmodSync(`${left}/sub/file`, 0o1644);
  const sticky = runLines([line("d", left, TEN_DAYS)]);
  assert.equal(sticky.kept[`${left}/sub/file`]?.code, "sticky");
  assert.deepEqual(sticky.kept[`${left}/sub`], { code: "not-empty", detail: "file" });
  assert.deepEqual(sticky.summary.kept, { sticky: 1, "not-empty": 1 });
});

test("a path with its own line is kept, and so are a glob's matches", (t) => {
  const base = tree(scratch(t));
  const { kept } = runLines([line("d", base, TEN_DAYS), line("d", `${base}/sub`), line("x", `${base}/f*`)]);
  assert.equal(kept[`${base}/sub`]?.code, "own-line");
  assert.equal(kept[`${base}/file`]?.code, "own-glob");
  assert.equal(kept[`${base}/file`]?.by?.text, `${base}/f*`);
  assert.ok(existsSync(`${base}/sub/file`));
});

test("~ keeps the first level, and cleans below it", (t) => {
  const base = tree(scratch(t));
  const { removed, kept } = runLines([line("d", base, { ...TEN_DAYS, keepFirstLevel: true })]);
  assert.deepEqual(removed, [`${base}/sub/file`]);
  assert.equal(kept[`${base}/sub`]?.code, "first-level");
});

test("a lock keeps a directory with its contents, or a file, also in a dry run", async (t) => {
  if (!hasFlock()) return t.skip("flock(1) of util-linux is not installed");
  const base = tree(scratch(t));
  writeFileSync(`${base}/other`, "");
  await lockElsewhere(t, `${base}/sub`);
  await lockElsewhere(t, `${base}/file`);
  for (const dryRun of [true, false]) {
    const { removed, kept } = runLines([line("d", base, TEN_DAYS)], { dryRun });
    assert.deepEqual(removed.toSorted(), names(base, "link", "other"));
    assert.equal(kept[`${base}/sub`]?.code, "locked");
    assert.equal(kept[`${base}/file`]?.code, "locked");
  }
});

test("a live socket is kept, a dead one is removed", async (t) => {
  const base = tree(scratch(t));
  const server = createServer().listen(`${base}/live`);
  await new Promise((resolve) => server.once("listening", resolve));
  t.after(() => server.close());
  const dead = `require("net").createServer().listen(${JSON.stringify(`${base}/dead`)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", dead]);
  const { removed, kept } = runLines([line("d", base, TEN_DAYS)]);
  assert.equal(kept[`${base}/live`]?.code, "live-socket");
  assert.ok(removed.includes(`${base}/dead`));
});

test("names are bytes", (t) => {
  const base = tree(scratch(t));
  const name = Buffer.concat([Buffer.from(`${base}/`), Buffer.from([0xff, 0xfe, 0x0a])]);
  writeFileSync(name, "");
  const { removed } = runLines([line("d", base, TEN_DAYS)]);
  assert.ok(removed.includes(`${base}/\xff\xfe\n`));
  assert.deepEqual(readdirSync(base), []);
});

test("below 256 levels no directory is entered, and empty ones are removed", (t) => {
  const base = `${scratch(t)}/d`;
  const deep = (count: number): string => `${base}${"/x".repeat(count)}`;
  mkdirSync(deep(258), { recursive: true });
  for (const dryRun of [true, false]) {
    const { removed, kept } = runLines([line("d", base, TEN_DAYS)], { dryRun });
    assert.deepEqual(removed, []);
    assert.deepEqual(kept[deep(257)], { code: "too-deep" });
    assert.equal(kept[deep(256)]?.code, "not-empty");
  }
});

test("r removes an empty directory, and fails on one that is not", (t) => {
  const base = tree(scratch(t));
  mkdirSync(`${base}/empty`);
  for (const dryRun of [true, false]) {
    const lines = [line("r", `${base}/empty`), line("r", `${base}/sub`), line("r", `${base}/none`)];
    const { removed, failed, summary } = runLines(lines, { operations: ["remove"], dryRun });
    assert.deepEqual(removed, [`${base}/empty`]);
    assert.match(failed.join(), /unlinkat.*"sub".*ENOTEMPTY/);
    assert.equal(summary.exitStatus, dryRun ? 0 : 73);
  }
});

test("R removes a tree of any age, D its contents", (t) => {
  const base = tree(scratch(t));
  const now = { operations: ["remove"], clock: systemClock } as const;
  assert.deepEqual(runLines([line("R", `${base}/s*`)], now).removed, names(base, "sub/file", "sub"));
  runLines([line("D", base)], now);
  assert.deepEqual(readdirSync(base), []);
});

test("R with an age removes old entries, and the directory once it is old", (t) => {
  const base = tree(scratch(t));
  const young = runLines([line("R", base, TEN_DAYS)], { clock: systemClock });
  assert.deepEqual(young.removed, []);
  for (const dryRun of [true, false]) {
    assert.equal(runLines([line("R", base, TEN_DAYS)], { dryRun }).removed.at(-1), base);
  }
  assert.ok(!existsSync(base));
});

test("purge removes what lines with $ create, and nothing else", (t) => {
  const base = tree(scratch(t));
  runLines([line("d", base)], { operations: ["purge"] });
  assert.ok(existsSync(base));
  runLines([line("d", base, undefined, { purge: true })], { operations: ["purge"] });
  assert.ok(!existsSync(base));
});

test("a symlink, a file or a missing path is not cleaned as a base", (t) => {
  const dir = scratch(t);
  tree(dir);
  symlinkSync("d", `${dir}/link`);
  const lines = [`${dir}/link`, `${dir}/d/file`, `${dir}/none`].map((path) => line("d", path, TEN_DAYS));
  const { removed, summary } = runLines(lines);
  assert.deepEqual(removed, []);
  assert.equal(summary.exitStatus, 0);
});

test("a dry run of several operations reports nothing twice, and knows which directories would be empty", (t) => {
  const base = tree(scratch(t));
  const lines = [
    line("R", `${base}/sub/file`),
    line("r", `${base}/sub`),
    line("D", base, TEN_DAYS),
    line("d", base, TEN_DAYS),
  ];
  const operations = ["remove", "clean"] as const;
  const dry = runLines(lines, { operations, dryRun: true });
  const real = runLines(lines, { operations });
  assert.deepEqual(dry.removed, real.removed);
  assert.equal(real.removed.length, 4);
});

test("a path without a usable parent is nothing to remove, or fails", (t) => {
  const dir = scratch(t);
  writeFileSync(`${dir}/file`, "");
  symlinkSync("loop", `${dir}/loop`);
  const remove = (path: string) => runLines([line("D", path)], { operations: ["remove"] }).summary.exitStatus;
  assert.equal(remove(`${dir}/none/d`), 0);
  assert.equal(remove(`${dir}/file/d`), 0);
  assert.equal(remove(`${dir}/loop/d`), 73);
});
