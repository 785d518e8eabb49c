/** What must not outlive the process: entered in the registry before it exists, removed when the process ends. */
import { isMainThread, type Worker } from "node:worker_threads";
import type { Bytes } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { type RemovalResult, removeTreeInSlices } from "../path/tree.js";
import { cstring } from "../sys/ffi.js";
import { AT_REMOVEDIR, Fd, pathBelow, procPath, tryUnlinkat, unlinkat } from "../sys/files.js";
import { InodeMark } from "../sys/inode.js";
import { detachMount, unmount } from "../sys/mount.js";
import { RemovalError } from "./errors.js";
import { hasParentTable, type Kind, type RegistryEntry, registry } from "./registry.js";
import { type Steps, step, stepThroughSync } from "./sync-async.js";

/** Something on disk that is to be removed. */
export interface Leftover {
  readonly kind: Kind;
  /** The directory that it was made in. */
  readonly dir: Fd;
  readonly name: Bytes;
  /** What was made: tells it from whatever may have its name later. Undefined if it may not have been made yet. */
  readonly fd: Fd | undefined;
}

/** One that the registry knows. */
export interface Held extends Leftover {
  readonly fd: Fd;
  readonly slot: number;
}

/** Enters in the registry what is about to be made. Then either `hold` it or `forget` it. */
export function expect(kind: Kind, dir: Fd, name: Bytes): number {
  watchExit();
  return registry.add(kind, dir.number, name);
}

/** It was made: from here on, the end of the process removes it. */
export function register(slot: number, entry: Leftover & { readonly fd: Fd }): Held {
  registry.made(slot, entry.fd.number);
  return { ...entry, slot };
}

/** It was not made, or is gone again. */
export function forget(slot: number): void {
  registry.drop(slot);
}

/** It was removed, or given up on purpose. */
export function unregister(held: Held): void {
  registry.drop(held.slot);
}

let watching = false;

/**
 * Around the event rather than a listener for it: a listener that throws keeps those after it from being called, and
 * listeners may still use what is temporary, or make more.
 */
function watchExit(): void {
  if (watching) return;
  watching = true;
  const emit = process.emit;
  Reflect.set(process, "emit", function emitAndCleanUp(this: NodeJS.Process, ...args: [string | symbol]) {
    if (args[0] !== "exit") return Reflect.apply(emit, this, args);
    try {
      return Reflect.apply(emit, this, args);
    } finally {
      atExit();
    }
  });
}

// What a worker makes is in the table, even if this thread makes nothing itself.
process.on("worker", (worker: Worker) => {
  watchExit();
  const { threadId } = worker;
  worker.once("exit", () => removeQuietly(registry.abandonedBy(threadId)));
});

/**
 * The end of a worker is not the end of the process: what it made may be in use elsewhere, so it stays until then. If the
 * thread that started it does not know the table, nobody else can clean up.
 */
function atExit(): void {
  if (!isMainThread && hasParentTable) registry.bequeath();
  else removeEverything();
}

/** How often to look again for what another thread was making at that moment, a millisecond apart. */
const MOST_LOOKS = 20;

/** Removes what all threads have made. From here on, none of the others makes anything. */
export function removeEverything(): void {
  registry.close();
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (let look = 0; look < MOST_LOOKS; look++) {
    const entries = [...registry.entries()];
    if (entries.length === 0) return;
    removeQuietly(entries);
    Atomics.wait(clock, 0, 0, 1);
  }
}

const ORDER: Readonly<Record<Kind, number>> = { "mount-point": 0, file: 1, directory: 2 };

/** Mounts first, since they lie in directories. Nobody is there to hear of a failure, and the status must not change. */
function removeQuietly(entries: readonly RegistryEntry[]): void {
  for (const entry of [...entries].sort((a, b) => ORDER[a.kind] - ORDER[b.kind])) {
    try {
      stepThroughSync(removal(leftoverOf(entry)));
    } catch {
      // A sweep, or the host's cleaner, finds it later: its lock ends with the process.
    }
    // What is still being made may appear after this look.
    if (entry.fd >= 0) registry.drop(entry.slot);
  }
}

function leftoverOf({ kind, dir, name, fd }: RegistryEntry): Leftover {
  const parent = new Fd(dir, procPath(new Fd(dir, name)));
  return { kind, dir: parent, name, fd: fd < 0 ? undefined : new Fd(fd, name) };
}

/** Removes it if it still is what was made: by the directory's fd, never by a path. */
export function* removal(entry: Leftover): Steps<void> {
  if (entry.kind === "directory") yield* directoryRemoval(entry);
  else if (entry.kind === "mount-point") unmountAndRemove(entry);
  else if (isStillThere(entry)) unlinkat(entry.dir, entry.name);
}

/** Only ever the empty directory: if unmounting fails, what is mounted there must not be emptied. */
function unmountAndRemove(entry: Leftover): void {
  const { dir, name } = entry;
  try {
    unmountAt(pathBelow(dir, name));
  } catch (error) {
    // Nothing is mounted there (any more).
    if (!failedWith(error, "EINVAL", "ENOENT")) throw error;
  }
  if (!removeEmpty(entry)) unlinkat(dir, name, AT_REMOVEDIR);
}

function unmountAt(path: Bytes): void {
  try {
    unmount(path);
  } catch (error) {
    if (!failedWith(error, "EBUSY")) throw error;
    detachMount(path);
  }
}

/** Removes an empty directory. Under a name of 128 random bits there is nothing to lose by trying. */
export function removeEmpty({ dir, name }: Leftover): boolean {
  const code = tryUnlinkat(dir, name, AT_REMOVEDIR);
  return code === undefined || code === "ENOENT";
}

function* directoryRemoval(entry: Leftover): Steps<void> {
  if (removeEmpty(entry) || !isStillThere(entry)) return;
  const { dir, name } = entry;
  const { left } = yield* inSlices(removeTreeInSlices(dir, name));
  if (left.length > 0) throw new RemovalError(pathBelow(dir, name), left);
}

/** Lets the event loop have its turn between two slices of a large tree. */
function* inSlices(slices: Generator<void, RemovalResult>): Steps<RemovalResult> {
  for (;;) {
    const slice = slices.next();
    if (slice.done === true) return slice.value;
    yield* step(
      () => undefined,
      () => new Promise<void>((resolve) => setImmediate(resolve)),
    );
  }
}

const made = new InodeMark();
const found = new InodeMark();

/** Whether the name still leads to what was made, rather than to nothing or to something else. */
export function isStillThere({ dir, name, fd }: Leftover): boolean {
  if (!found.look(dir, cstring(name))) return false;
  if (fd === undefined) return true;
  made.lookAt(fd);
  return found.equals(made);
}
