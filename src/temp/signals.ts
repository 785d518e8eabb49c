/** `cleanupOnSignal`: removes everything temporary when a signal ends the program, and lets the signal end it. */
import { once } from "node:events";
import { constants } from "node:os";
import { isMainThread, Worker } from "node:worker_threads";
import { choices, requireArray } from "../base/arguments.js";
import { type Address, currentThread } from "../sys/freeze.js";
import { type GuardData, STARTING, WAITING } from "./guard-data.js";

export type TerminationSignal = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGQUIT";

/** What `cleanupOnSignal` returns. Disposing of it leaves the signals to their default action again. */
export interface SignalCleanup extends Disposable {
  /** What waits for the signals: a thread of its own, so that a busy program hears them too. */
  readonly backing: "guard-thread";
}

const USUAL: readonly TerminationSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];
const SIGNAL = choices("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT");
const START_TIMEOUT_MS = 10_000;

/**
 * Removes everything temporary when one of these signals comes, what Workers made included, and then lets the signal do
 * what it does by default: the process ends by it, and its exit status says so. A thread of its own waits for the
 * signals, so a busy program ends at once too; the main thread is stopped first, so it never sees that its files are
 * gone. If the program listens for a signal itself, its listener decides; `process.exit()` in it removes everything.
 *
 * SIGKILL can't be caught: see `sweepStale`.
 *
 * @throws Error with the code ENOTSUP if this Node.js has no way to do that. The signals then do what they always do.
 */
export async function cleanupOnSignal(signals: readonly TerminationSignal[] = USUAL): Promise<SignalCleanup> {
  const guard = startGuard("cleanupOnSignal", signals);
  try {
    await once(guard.worker, "message");
  } catch (error) {
    throw unsupported(error);
  }
  return armed(guard);
}

/** The same; it blocks the calling thread until the guard's thread has started, some 30 ms. */
export function cleanupOnSignalSync(signals: readonly TerminationSignal[] = USUAL): SignalCleanup {
  const guard = startGuard("cleanupOnSignalSync", signals);
  Atomics.wait(guard.shared, 0, STARTING, START_TIMEOUT_MS);
  return armed(guard);
}

interface Guard {
  readonly signals: readonly TerminationSignal[];
  readonly shared: Int32Array;
  readonly worker: Worker;
}

function startGuard(caller: string, signals: readonly TerminationSignal[]): Guard {
  requireArray(caller, "signals", signals, SIGNAL);
  if (!isMainThread) throw new Error(`${caller}: signals belong to the main thread: call it there`);
  const shared = new Int32Array(new SharedArrayBuffer(4 * (1 + signals.length)));
  const numbers = signals.map((signal) => constants.signals[signal]);
  const workerData: GuardData = { signals: numbers, shared, mainThread: mainThread() };
  const url = new URL("./signal-guard.js", import.meta.url);
  // process.on() hears signals in the main thread only. Its handle works in any; this option is the way to it.
  const worker = new Worker(url, { workerData, execArgv: ["--expose-internals", "--no-warnings"] });
  return { signals, shared, worker };
}

function mainThread(): Address {
  try {
    return currentThread();
  } catch (error) {
    throw unsupported(error);
  }
}

function unsupported(cause: unknown): Error {
  const message = `cleanupOnSignal: Node.js ${process.version} has no way to wait for signals in a thread; end the program by process.exit() in listeners of its own instead`;
  return Object.assign(new Error(message, { cause }), { code: "ENOTSUP" });
}

function armed(guard: Guard): SignalCleanup {
  const { shared, worker } = guard;
  // The guard wakes this thread up by a message.
  worker.on("message", () => undefined);
  worker.unref();
  if (Atomics.load(shared, 0) !== WAITING) {
    void worker.terminate();
    throw unsupported(undefined);
  }
  const stop = countOwnListeners(guard);
  return {
    backing: "guard-thread",
    [Symbol.dispose]() {
      stop();
      void worker.terminate();
    },
  };
}

/** Keeps the guard informed of whether the program listens for the signals itself. */
function countOwnListeners({ signals, shared }: Guard): () => void {
  const count = (): void => {
    for (const [index, signal] of signals.entries()) {
      Atomics.store(shared, 1 + index, process.listenerCount(signal));
    }
  };
  // `newListener` comes before the listener is added.
  const soon = (): void => queueMicrotask(count);
  count();
  process.on("newListener", soon);
  process.on("removeListener", count);
  return () => {
    process.off("newListener", soon);
    process.off("removeListener", count);
  };
}
