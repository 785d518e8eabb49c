/**
 * Workers and the queue's server are killed while workers remove entries, and workers are frozen past their lease. KILLS sets
 * how many workers are killed, ten in a round; each round kills the server once. ENTRIES sets the size of the tree.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../children.js";
import { onIntent } from "./journal-listener.js";
import {
  Cluster,
  LEASE_SECONDS,
  makeFile,
  makeTree,
  needsQueue,
  pathsBelow,
  type Running,
} from "./scratch-cluster.js";

const KILLS = Number(process.env.KILLS ?? 4);
const ENTRIES = Number(process.env.ENTRIES ?? 3000);
const KILLS_IN_ROUND = Math.min(KILLS, 10);
const WORKERS = 3;
const skip = needsQueue;

/** Kills a worker at some of its intents, until `kills` are dead; replaces each. Kills the server once. */
async function killing(
  cluster: Cluster,
  workers: Running[],
  kills: number,
): Promise<{ close(): Promise<void> }> {
  let intents = 0;
  let killed = 0;
  return await onIntent(cluster.port, ({ pid }) => {
    intents++;
    const victim = workers.find(({ child, isRunning }) => child.pid === pid && isRunning);
    if (victim === undefined || killed === kills || intents % 2 !== 0) return;
    victim.child.kill("SIGKILL");
    killed++;
    workers.push(cluster.worker());
    if (killed !== Math.ceil(kills / 2)) return;
    void cluster.killServer().then(() => cluster.startServer());
  });
}

for (let round = 0; round < Math.ceil(KILLS / KILLS_IN_ROUND); round++) {
  test(`killed workers and a killed server: the set is removed exactly, round ${round}`, {
    skip,
  }, async (t) => {
    const cluster = await Cluster.start(t);
    makeTree(cluster, ENTRIES, 30);
    const before = pathsBelow(cluster.root);
    const left = cluster.leftByClean();
    const workers: Running[] = [];
    const killer = await killing(cluster, workers, KILLS_IN_ROUND);
    const running = await cluster.begin("--budget=200");
    for (let count = 0; count < WORKERS; count++) workers.push(cluster.worker());
    const run = await running.ended;
    await killer.close();
    assert.equal(run.status, 0, run.stderr);
    for (const worker of workers) await worker.ended;
    const killed = workers.filter(({ child }) => child.signalCode === "SIGKILL").length;
    assert.equal(killed, KILLS_IN_ROUND);
    assert.deepEqual(pathsBelow(cluster.root), left);
    const stays = new Set(left);
    const journal = cluster.journal();
    assert.deepEqual(
      journal.sort(),
      before.filter((path) => !stays.has(path)),
    );
    assert.match(cluster.ask("status").stdout, /^finished\n.*\nunits left: 0\n/);
  });
}

test("a worker that was frozen past its lease removes nothing when it continues", { skip }, async (t) => {
  const cluster = await Cluster.start(t);
  const names = Array.from({ length: 900 }, (_, index) => `f${index}`);
  for (const name of names) makeFile(join(cluster.root, name), true);
  const frozen: Running[] = [];
  const listener = await onIntent(cluster.port, ({ pid }) => {
    const worker = frozen[0];
    if (worker?.child.pid === pid) worker.child.kill("SIGSTOP");
  });
  const run = await cluster.begin();
  const first = cluster.worker();
  frozen.push(first);
  await until("the worker is frozen", () => stateOf(first) === "T");
  await sleep((LEASE_SECONDS + 1) * 1000);
  const second = cluster.worker();
  assert.equal((await run.ended).status, 0);
  await second.ended;
  await listener.close();
  assert.deepEqual(pathsBelow(cluster.root), [".mayfly-scratch"]);
  // The same names again, just as old: only the lease keeps the first worker from removing them.
  for (const name of names) makeFile(join(cluster.root, name), true);
  first.child.kill("SIGCONT");
  assert.equal((await first.ended).status, 0);
  assert.deepEqual(pathsBelow(cluster.root), [".mayfly-scratch", ...names].sort());
});

function stateOf({ child }: Running): string | undefined {
  try {
    const stat = readFileSync(`/proc/${child.pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2)[0];
  } catch {
    return undefined;
  }
}
