/**
 * A writer changes entries after a worker has decided to remove them and before it unlinks them. A proxy holds back the
 * queue's confirmation of each intent until the writer is done, so that every change falls into that gap. TRIES sets the
 * number of entries.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { connect as connectSocket, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { bytes } from "#src/base/bytes.js";
import { Fd, flock, LOCK_EX, LOCK_NB, O_RDONLY, openat } from "#src/sys/files.js";
import { type HeardIntent, onIntent } from "../e2e/journal-listener.js";
import { Cluster, makeFile, needsQueue } from "../e2e/scratch-cluster.js";

const TRIES = Number(process.env.TRIES ?? 2000);
const PER_DIRECTORY = 500;
const skip = needsQueue;

/** Forwards a worker's connection; holds what the server answers from an intent on until it is released. */
async function holdingProxy(port: number): Promise<{ url: string; release(): void; close(): void }> {
  const held = new Set<Socket>();
  const all = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connectSocket(port, "127.0.0.1");
    for (const socket of [client, upstream]) all.add(socket.on("error", () => socket.destroy()));
    client.on("data", (chunk) => {
      if (chunk.includes('"type":"intent"')) {
        upstream.pause();
        held.add(upstream);
      }
      upstream.write(chunk);
    });
    upstream.on("data", (chunk) => client.write(chunk));
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: own } = server.address() as { port: number };
  return {
    url: `nats://127.0.0.1:${own}`,
    release() {
      for (const socket of held) socket.resume();
      held.clear();
    },
    close() {
      server.close();
      for (const socket of all) socket.destroy();
    },
  };
}

/** What the writer does to an entry, and whether the name is to be there afterwards. */
interface Change {
  readonly stays: boolean;
  make(path: string, other: string): void;
}

const FRESH = "fresh";

function changes(outside: string, locks: Fd[]): Change[] {
  const swapWith = (make: (path: string) => void) => (path: string, other: string) => {
    renameSync(path, other);
    make(path);
  };
  return [
    { stays: false, make: () => undefined },
    { stays: true, make: (path) => utimesSync(path, new Date(), new Date()) },
    { stays: true, make: (path) => appendFileSync(path, FRESH) },
    { stays: true, make: swapWith((path) => writeFileSync(path, FRESH)) },
    { stays: true, make: swapWith((path) => linkSync(join(outside, "linked"), path)) },
    { stays: true, make: swapWith((path) => symlinkSync(join(outside, "linked"), path)) },
    { stays: true, make: swapWith((path) => mkdirSync(path)) },
    { stays: false, make: (path) => unlinkSync(path) },
    {
      stays: true,
      make(path) {
        const fd = openat(Fd.cwd, bytes(path), O_RDONLY);
        assert.ok(flock(fd, LOCK_EX | LOCK_NB));
        locks.push(fd);
      },
    },
  ];
}

test("nothing fresh or foreign is removed, whatever changes between intent and unlink", {
  skip,
}, async (t) => {
  const cluster = await Cluster.start(t);
  const outside = join(cluster.place, "outside");
  const elsewhere = join(cluster.place, "elsewhere");
  mkdirSync(outside);
  mkdirSync(elsewhere);
  writeFileSync(join(outside, "linked"), FRESH);
  for (let made = 0; made < TRIES; made += PER_DIRECTORY) {
    const directory = join(cluster.root, `d${made / PER_DIRECTORY}`);
    mkdirSync(directory);
    for (let index = 0; index < PER_DIRECTORY; index++) makeFile(join(directory, `f${index}`), true);
  }
  const locks: Fd[] = [];
  const kinds = changes(outside, locks);
  const expected = new Map<string, boolean>();
  const moved: string[] = [];
  let others = 0;
  const write = ({ path, names }: HeardIntent): void => {
    const directory = join(cluster.root, path);
    if (!names[0]?.startsWith("f") || !existsSync(directory)) return;
    // One directory is moved out of the tree, and another one takes its place.
    if (path === "d1") {
      if (moved.length > 0) return;
      renameSync(directory, join(elsewhere, `moved${moved.length}`));
      moved.push(directory);
      mkdirSync(directory);
      for (const name of names) writeFileSync(join(directory, name), FRESH);
      for (const name of names) expected.set(join(directory, name), true);
      return;
    }
    for (const name of names) {
      // A few locks are enough: each is an open file.
      const index = others % kinds.length === 8 && locks.length > 200 ? 1 : others % kinds.length;
      const change = kinds[index] as Change;
      const at = join(directory, name);
      if (!existsSync(at) || expected.has(at)) continue;
      const other = join(elsewhere, `o${others++}`);
      change.make(at, other);
      expected.set(at, change.stays);
    }
  };
  const proxy = await holdingProxy(cluster.port);
  const listener = await onIntent(cluster.port, (intent) => {
    write(intent);
    proxy.release();
  });
  const running = await cluster.begin();
  cluster.url = proxy.url;
  const worker = cluster.worker();
  const run = await running.ended;
  assert.equal(run.status, 0, run.stderr);
  await worker.ended;
  await listener.close();
  proxy.close();
  for (const lock of locks) lock.close();
  assert.ok(expected.size >= TRIES - PER_DIRECTORY);
  const lost = [...expected].filter(([path, stays]) => stays && !isThere(path)).map(([path]) => path);
  assert.deepEqual(lost, []);
  const left = [...expected].filter(([path, stays]) => !stays && isThere(path)).map(([path]) => path);
  assert.deepEqual(left, []);
  assert.equal(readFileSync(join(outside, "linked"), "utf8"), FRESH);
  assert.equal(moved.length, TRIES > PER_DIRECTORY ? 1 : 0);
  for (const name of readdirSync(elsewhere).filter((each) => each.startsWith("moved")))
    assert.ok(readdirSync(join(elsewhere, name)).length > 0, "files of a directory that was moved away stay");
});

/** Also for a symlink that leads nowhere. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

test("a list of old files that rm -f removes later loses what was changed meanwhile", { skip }, async (t) => {
  const cluster = await Cluster.start(t);
  for (let index = 0; index < 90; index++) makeFile(join(cluster.root, `f${index}`), true);
  const find = spawnSync("find", [cluster.root, "-type", "f", "-mtime", "+30", "-print"], {
    encoding: "utf8",
  });
  const listed = find.stdout.trim().split("\n");
  assert.equal(listed.length, 90);
  for (const path of listed) appendFileSync(path, FRESH);
  assert.equal(spawnSync("rm", ["-f", "--", ...listed]).status, 0);
  assert.equal(listed.filter(existsSync).length, 0);
});
