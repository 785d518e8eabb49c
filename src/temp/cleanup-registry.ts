/** The cleanup registry: temporary files are registered before they exist, and removed when the process ends. */
import { isMainThread, type Worker } from "node:worker_threads";
import type { Bytes } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { type RemovalResult, removeTreeInSlices } from "../path/tree.js";
import { cstring } from "../sys/ffi.js";
import { AT_REMOVEDIR, Fd, pathBelow, procPath, tryUnlinkat, unlinkat } from "../sys/files.js";
import { InodeMark } from "../sys/inode.js";
import { detachMount, unmount } from "../sys/mount.js";
import { sleepSync } from "../sys/sleep.js";
import { RemovalError } from "./errors.js";
import { hasParentTable, type Kind, type RegistryEntry, registry } from "./registry.js";
import { type SyncAsync, step, stepThroughSync } from "./sync-async.js";

/** A file, directory or mount point to remove. */
export interface Leftover {
  readonly kind: Kind;
  /** The parent directory. */
  readonly dir: Fd;
  readonly name: Bytes;
  /** The created file, to distinguish it from another one with the same name. Undefined if it may not exist yet. */
  readonly fd: Fd | undefined;
}

/** A registered one. */
export interface Held extends Leftover {
  readonly fd: Fd;
  readonly slot: number;
}

/** Registers what is about to be created. Call `register` after success, or `forget`. */
export function expect(kind: Kind, dir: Fd, name: Bytes): number {
  watchExit();
  return registry.add(kind, dir.number, name);
}

/** Marks it as created: it will be removed when the process ends. */
export function register(slot: number, entry: Leftover & { readonly fd: Fd }): Held {
  registry.made(slot, entry.fd.number);
  return { ...entry, slot };
}

/** Unregisters it: it was not created, or was removed again. */
export function forget(slot: number): void {
  registry.drop(slot);
}

/** Unregisters it: it was removed, or deliberately kept. */
export function unregister(held: Held): void {
  registry.drop(held.slot);
}

let watching = false;

/**
 * Wraps the `exit` event instead of listening for it: if a listener throws, later ones are not called, and listeners may
 * still use or create temporary files.
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

// A worker may register files even if this thread does not.
process.on("worker", (worker: Worker) => {
  watchExit();
  const { threadId } = worker;
  worker.once("exit", () => removeQuietly(registry.abandonedBy(threadId)));
});

/**
 * When a worker ends, its files may still be in use elsewhere, so they stay until the process ends. But if the thread that
 * started the worker has no table, the worker itself must clean up.
 */
function atExit(): void {
  if (!isMainThread && hasParentTable) registry.bequeath();
  else removeEverything();
}

/** How often to check again, one millisecond apart, for files that another thread was just creating. */
const MOST_LOOKS = 20;

/** Removes the files of all threads. From now on, other threads cannot create any. */
export function removeEverything(): void {
  registry.close();
  for (let look = 0; look < MOST_LOOKS; look++) {
    const entries = [...registry.entries()];
    if (entries.length === 0) return;
    removeQuietly(entries);
    sleepSync(1);
  }
}

const ORDER: Readonly<Record<Kind, number>> = { "mount-point": 0, file: 1, directory: 2 };

/** Unmounts first, since mounts are inside directories. Failures cannot be reported and must not change the exit status. */
function removeQuietly(entries: readonly RegistryEntry[]): void {
  for (const entry of [...entries].sort((a, b) => ORDER[a.kind] - ORDER[b.kind])) {
    try {
      stepThroughSync(removal(leftoverOf(entry)));
    } catch {
      // Left to a sweep or the host's cleaner, since its lock ends with the process.
    }
    // A file that is just being created may appear after this check.
    if (entry.fd >= 0) registry.drop(entry.slot);
  }
}

function leftoverOf({ kind, dir, name, fd }: RegistryEntry): Leftover {
  const parent = new Fd(dir, procPath(new Fd(dir, name)));
  return { kind, dir: parent, name, fd: fd < 0 ? undefined : new Fd(fd, name) };
}

/** Removes it if its name still leads to the created file, by the directory's fd and never by a path. */
export function* removal(entry: Leftover): SyncAsync<void> {
  if (entry.kind === "directory") yield* directoryRemoval(entry);
  else if (entry.kind === "mount-point") unmountAndRemove(entry);
  else if (isStillThere(entry)) unlinkat(entry.dir, entry.name);
}

/** Removes only an empty directory: if the unmount fails, the mounted files must not be removed. */
function unmountAndRemove(entry: Leftover): void {
  const { dir, name } = entry;
  try {
    unmountAt(pathBelow(dir, name));
  } catch (error) {
    // Not mounted (any more).
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

/** Removes an empty directory. The name has 128 random bits, so it cannot be another one. */
export function removeEmpty({ dir, name }: Leftover): boolean {
  const code = tryUnlinkat(dir, name, AT_REMOVEDIR);
  return code === undefined || code === "ENOENT";
}

function* directoryRemoval(entry: Leftover): SyncAsync<void> {
  if (removeEmpty(entry) || !isStillThere(entry)) return;
  const { dir, name } = entry;
  const { left } = yield* inSlices(removeTreeInSlices(dir, name));
  if (left.length > 0) throw new RemovalError(pathBelow(dir, name), left);
}

/** Returns to the event loop between slices of a large tree. */
function* inSlices(slices: Generator<void, RemovalResult>): SyncAsync<RemovalResult> {
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

/** Whether the name still leads to the created file. */
export function isStillThere({ dir, name, fd }: Leftover): boolean {
  if (!found.look(dir, cstring(name))) return false;
  if (fd === undefined) return true;
  made.lookAt(fd);
  return found.equals(made);
}
