import { isMainThread } from "node:worker_threads";
import type { Bytes } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import { type Removal, removeTreeInSlices } from "../path/tree.js";
import { cstring } from "../sys/ffi.js";
import { AT_REMOVEDIR, type Fd, pathBelow, tryUnlinkat, unlinkat } from "../sys/files.js";
import { InodeMark } from "../sys/inode.js";
import { detachMount, unmount } from "../sys/mount.js";
import { RemovalError } from "./errors.js";
import { expectParcels, handedOver, handOver } from "./hand-over.js";
import { runSync, type Steps, step } from "./steps.js";

/**
 * Something on disk that must not outlive the process. It is plain data, so that another thread can remove it: the fds
 * are numbers of the whole process.
 */
export interface Leftover {
  readonly kind: "directory" | "file" | "mount-point";
  /** The directory that it was made in. */
  readonly dir: Fd;
  readonly name: Bytes;
  /** What was made: tells it from whatever may bear its name later. */
  readonly fd: Fd;
}

/** Told of each thing as it comes and goes, for the signal guard. */
export interface Observer {
  held(leftover: Leftover): void;
  released(leftover: Leftover): void;
}

const live = new Set<Leftover>();
const observers = new Set<Observer>();

/** From here on, the process's end removes it. */
export function hold(leftover: Leftover): void {
  if (live.size === 0) watchExit();
  live.add(leftover);
  for (const observer of observers) observer.held(leftover);
}

export function release(leftover: Leftover): void {
  if (live.delete(leftover)) for (const observer of observers) observer.released(leftover);
}

/** Told of what there is, and of all that follows, until the function that this returns is called. */
export function observe(observer: Observer): () => void {
  observers.add(observer);
  for (const leftover of live) observer.held(leftover);
  return () => observers.delete(observer);
}

let watching = false;

function watchExit(): void {
  if (watching) return;
  watching = true;
  process.on("exit", atExit);
  expectParcels();
}

// A worker may make things where the main thread makes none.
if (isMainThread) process.on("worker", watchExit);

/** A worker's end is not the process's: what it made may be in use elsewhere, so the main thread takes it over. */
function atExit(): void {
  if (isMainThread) removeAll();
  else handOver([...live]);
}

/** Everything that this thread, and workers that ended, have made and not removed. */
export function removeAll(): void {
  removeQuietly([...live, ...handedOver()]);
}

/** Newest first, since one may lie in another. An exit has nobody to tell of a failure, and must not change its status. */
export function removeQuietly(leftovers: readonly Leftover[]): void {
  for (const leftover of [...leftovers].reverse()) {
    try {
      runSync(removal(leftover));
    } catch {
      // A sweep, or the host's cleaner, finds it later: its lock ends with the process.
    }
  }
}

/** Removes it, where it still is what was made: by the directory's fd, never by a path. */
export function* removal(leftover: Leftover): Steps<void> {
  if (leftover.kind === "directory") yield* directoryRemoval(leftover);
  else if (leftover.kind === "mount-point") unmountAndRemove(leftover);
  else if (isStillThere(leftover)) unlinkat(leftover.dir, leftover.name);
}

/** Only ever the empty directory: where unmounting fails, what is mounted there must not be emptied. */
function unmountAndRemove(leftover: Leftover): void {
  const { dir, name } = leftover;
  try {
    unmountAt(pathBelow(dir, name));
  } catch (error) {
    // Nothing is mounted there (any more).
    if (!failedWith(error, "EINVAL", "ENOENT")) throw error;
  }
  if (!removeEmpty(leftover)) unlinkat(dir, name, AT_REMOVEDIR);
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

function* directoryRemoval(leftover: Leftover): Steps<void> {
  if (removeEmpty(leftover) || !isStillThere(leftover)) return;
  const { dir, name } = leftover;
  const { left } = yield* inSlices(removeTreeInSlices(dir, name));
  if (left.length > 0) throw new RemovalError(pathBelow(dir, name), left);
}

/** Lets the event loop have its turn between two slices of a large tree. */
function* inSlices(slices: Generator<void, Removal>): Steps<Removal> {
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
  made.lookAt(fd);
  return found.look(dir, cstring(name)) && found.equals(made);
}
