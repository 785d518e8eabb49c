/** mayfly scratch with a real NATS server and several workers. ENTRIES sets the size of the tree. */
import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openNats } from "#src/scratch/queue/nats.js";
import { until } from "../children.js";
import { age, Cluster, makeFile, makeTree, needsQueue, pathsBelow } from "./scratch-cluster.js";

const ENTRIES = Number(process.env.ENTRIES ?? 10_000);
const skip = needsQueue;

test("many workers remove what clean removes in one process, and the journal says so", {
  skip,
}, async (t) => {
  const cluster = await Cluster.start(t);
  makeTree(cluster, ENTRIES);
  const before = pathsBelow(cluster.root);
  const left = cluster.leftByClean();
  assert.deepEqual(pathsBelow(cluster.root), before);
  const running = await cluster.begin();
  const workers = Array.from({ length: 4 }, () => cluster.worker());
  const run = await running.ended;
  assert.equal(run.status, 0, run.stderr);
  for (const worker of workers) assert.equal((await worker.ended).status, 0);
  assert.deepEqual(pathsBelow(cluster.root), left);
  const stays = new Set(left);
  const removed = before.filter((path) => !stays.has(path));
  assert.deepEqual(cluster.journal().sort(), removed);
  assert.match(run.stdout, new RegExp(`removed ${removed.length} `));
  assert.match(cluster.ask("status").stdout, /^finished\n.*\nunits left: 0\n/);
});

test("workers that start at the same moment all find the queue", { skip }, async (t) => {
  const { url } = await Cluster.start(t);
  for (let round = 0; round < 20; round++) {
    const opening = Array.from({ length: 6 }, () => openNats({ servers: url, name: `race${round}` }));
    for (const exchange of await Promise.all(opening)) await exchange[Symbol.asyncDispose]();
  }
});

test("lines, marker, silly renames, snapshots and symlinks keep what they name", { skip }, async (t) => {
  const cluster = await Cluster.start(t, "mM:0");
  const { root, config } = cluster;
  writeFileSync(config, `e ${root} - - - mM:1s\nx ${root}/keep*\ne ${root}/young - - - mM:30d\n`);
  const path = (name: string): string => join(root, name);
  for (const name of ["keep1", ".nfs00000000deadbeef", "old"]) makeFile(path(name), true);
  for (const name of ["young", ".snapshot", "empty"]) {
    mkdirSync(path(name));
  }
  for (const name of ["young/old", ".snapshot/old"]) makeFile(path(name), true);
  makeFile(path("young/new"), false);
  for (const name of ["young", ".snapshot", "empty"]) age(path(name));
  age(path(".mayfly-scratch"));
  const running = await cluster.begin();
  const worker = cluster.worker();
  const run = await running.ended;
  assert.equal(run.status, 0, run.stderr);
  await worker.ended;
  assert.deepEqual(
    pathsBelow(root),
    [
      ".mayfly-scratch",
      ".nfs00000000deadbeef",
      ".snapshot",
      ".snapshot/old",
      "keep1",
      "young",
      "young/new",
    ].sort(),
  );
  assert.deepEqual(cluster.journal().sort(), ["empty", "old", "young/old"]);
});

test("a limit stops the run, and the same command with a higher one continues it", { skip }, async (t) => {
  const cluster = await Cluster.start(t);
  for (let index = 0; index < 2000; index++) makeFile(join(cluster.root, `f${index}`), true);
  const running = await cluster.begin("--max-remove=100", "--budget=100");
  const first = cluster.worker();
  const run = await running.ended;
  const ended = await first.ended;
  assert.equal(run.status, 1);
  assert.match(run.stderr, /stopped: \d+ entries were removed, and --max-remove=100 allows 100\. /);
  assert.equal(ended.status, 1, ended.stderr);
  const continued = await cluster.begin("--max-remove=2000");
  const second = cluster.worker();
  const rest = await continued.ended;
  assert.equal(rest.status, 0, rest.stderr);
  await second.ended;
  assert.deepEqual(pathsBelow(cluster.root), [".mayfly-scratch"]);
  assert.equal(new Set(cluster.journal()).size, 2000);
});

test("a paused run removes nothing until it is resumed; an abandoned one ends", { skip }, async (t) => {
  const cluster = await Cluster.start(t);
  for (let index = 0; index < 500; index++) makeFile(join(cluster.root, `f${index}`), true);
  const run = await cluster.begin();
  assert.equal(cluster.ask("pause").stdout, "paused\n");
  const worker = cluster.worker();
  await until("the worker has reported", () => cluster.ask("status").stdout.includes("worker "));
  assert.equal(pathsBelow(cluster.root).length, 501);
  assert.equal(cluster.ask("resume").stdout, "running\n");
  assert.equal((await run.ended).status, 0);
  await worker.ended;
  assert.equal(pathsBelow(cluster.root).length, 1);
  assert.match(cluster.ask("resume").stderr, /the run is finished/);
  makeFile(join(cluster.root, "more"), true);
  const abandoned = await cluster.begin();
  abandoned.child.kill("SIGTERM");
  assert.match((await abandoned.ended).stderr, /a signal was received; run the same command to continue/);
  assert.equal(cluster.ask("abandon").stdout, "finished\n");
  assert.ok(existsSync(join(cluster.root, "more")));
});

test("a worker with another policy removes nothing", { skip }, async (t) => {
  const cluster = await Cluster.start(t);
  makeFile(join(cluster.root, "old"), true);
  const run = await cluster.begin();
  writeFileSync(cluster.config, `e ${cluster.root} - - - mM:1d\n`);
  const other = await cluster.worker().ended;
  assert.equal(other.status, 1);
  assert.match(other.stderr, /the policy differs from the coordinator's: nothing is removed/);
  assert.ok(existsSync(join(cluster.root, "old")));
  run.child.kill("SIGTERM");
  assert.equal((await run.ended).status, 1);
  const again = await cluster.run().ended;
  assert.match(again.stderr, /an unfinished run has another policy/);
});

test("directories get their times back", { skip }, async (t) => {
  const cluster = await Cluster.start(t);
  makeTree(cluster, 500, 3);
  const kept = join(cluster.root, "user0", "wide");
  const { mtimeMs } = statSync(kept);
  const run = await cluster.begin("--budget=50");
  const worker = cluster.worker();
  assert.equal((await run.ended).status, 0);
  await worker.ended;
  assert.equal(statSync(kept).mtimeMs, mtimeMs);
});

test("without a marker of one's own, or for lines that cannot be divided, nothing is begun", {
  skip,
}, async (t) => {
  const cluster = await Cluster.start(t);
  const { root, config } = cluster;
  const refused = async (line: string, expected: RegExp): Promise<void> => {
    writeFileSync(config, line);
    const { status, stderr } = await cluster.run().ended;
    assert.equal(status, 1);
    assert.match(stderr, expected);
  };
  await refused(`R ${root}/x - - - 1d\n`, /policy\.conf:1: 'R' lines with an age are not supported; use 'e'/);
  await refused(
    `e ${root} - - - C:1d\n`,
    /policy\.conf:1: the age of directories by ctime \(C\) is not supported/,
  );
  await refused(`#@ unit=toplevel\ne ${root} - - - 1d\n`, /policy\.conf:2: the pragma unit=toplevel is not/);
  await refused("e /elsewhere - - - 1d\n", /no line with an age cleans /);
  await refused("nonsense\n", /policy\.conf:1: /);
  rmSync(join(root, ".mayfly-scratch"));
  await refused(`e ${root} - - - 1d\n`, /\.mayfly-scratch does not exist: to let mayfly clean this tree/);
  writeFileSync(join(root, ".mayfly-scratch"), "", { mode: 0o666 });
  chmodSync(join(root, ".mayfly-scratch"), 0o666);
  await refused(`e ${root} - - - 1d\n`, /\.mayfly-scratch is writable by others/);
  const { status, stderr } = await cluster.worker("--queue=nats://127.0.0.1:1").ended;
  assert.equal(status, 1);
  assert.match(stderr, /writable by others/);
});
