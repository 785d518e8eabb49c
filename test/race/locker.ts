/**
 * A process that locks files and directories that it finds, as tmpfiles.d(5) suggests, and then relies on the locks. It counts the
 * locks that did not protect.
 */
import { fork } from "node:child_process";
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { bind } from "#src/sys/ffi.js";
import { endWithTest } from "../children.js";

const flock = bind<[number, number], number>("int flock(int fd, int operation)");
const LOCK_SHARED_NOW = 1 | 4;
const HELD_MS = 2;

export interface Count {
  /** Locks on entries that still existed. */
  readonly held: number;
  /** Of these, the locks whose entry, or a part of it, was removed before the lock was released. */
  readonly broken: string[];
}

/** What must stay while the lock is held: the entry itself, and the names in a directory; undefined once it is gone. */
function namesIn(fd: number): string[] | undefined {
  const stat = fstatSync(fd);
  if (stat.nlink === 0) return undefined;
  return stat.isDirectory() ? readdirSync(`/proc/self/fd/${fd}`) : [];
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function lockOnce(path: string, count: { held: number; broken: string[] }): void {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch {
    return;
  }
  try {
    if (flock(fd, LOCK_SHARED_NOW) !== 0) return;
    const before = namesIn(fd);
    if (before === undefined) return;
    count.held++;
    sleep(HELD_MS);
    // Names may come: the test fills the tree again meanwhile.
    const after = namesIn(fd);
    if (after === undefined || !before.every((name) => after.includes(name)))
      count.broken.push(`${path}: "${before.join(" ")}" became "${after?.join(" ") ?? "gone"}"`);
  } finally {
    closeSync(fd);
  }
}

function lockOnAndOn(tree: string): void {
  const count = { held: 0, broken: [] as string[] };
  let going = true;
  process.on("message", () => {
    going = false;
  });
  process.on("disconnect", () => process.exit());
  const round = (): void => {
    for (const path of candidates(tree)) lockOnce(path, count);
    if (going) setImmediate(round);
    else process.send?.(count, () => process.exit());
  };
  process.send?.("ready");
  round();
}

function candidates(tree: string): string[] {
  try {
    const names = readdirSync(tree).map((name) => join(tree, name));
    return names.filter((path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined);
  } catch {
    return [];
  }
}

export interface Locker {
  stop(): Promise<Count>;
}

export async function startLocker(tree: string): Promise<Locker> {
  const child = endWithTest(fork(import.meta.filename, [tree]));
  const message = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      child.once("message", resolve);
      child.once("exit", (code) => reject(new Error(`the locker ended: ${code}`)));
    });
  await message();
  return {
    async stop() {
      const reported = message();
      child.send("stop");
      return (await reported) as Count;
    },
  };
}

const [, script, tree] = process.argv;
if (script === import.meta.filename && tree !== undefined) lockOnAndOn(tree);
