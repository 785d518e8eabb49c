/** `cleanupOnSignal`: removes all temporary files when a signal ends the program. */
import { once } from "node:events";
import { constants } from "node:os";
import { isMainThread, Worker } from "node:worker_threads";
import { choices, requireArray } from "../base/arguments.js";
import { type Address, currentThread } from "../sys/freeze.js";
import { type GuardData, STARTING, WAITING } from "./guard-data.js";

export type TerminationSignal = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGQUIT";

/** A running `cleanupOnSignal`. Disposing of it restores the default action of the signals. */
export interface SignalCleanup extends Disposable {
  /** Signals are awaited by a separate thread, so that they are handled while the program is busy. */
  readonly backing: "guard-thread";
}

const USUAL: readonly TerminationSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];
const SIGNAL = choices("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT");
const START_TIMEOUT_MS = 10_000;

/**
 * Removes all temporary files, including those of Workers, when one of these signals arrives. The signal then ends the
 * process, as its exit status shows. A separate thread waits for the signals, so that a busy program ends immediately too.
 * The main thread is stopped first, so it never uses removed files. If the program has its own listener for a signal, that
 * listener decides; `process.exit()` in it removes all files.
 *
 * SIGKILL cannot be caught: see `sweepStale`.
 *
 * @throws Error with the code ENOTSUP if this version of Node.js does not support it. The signals then keep their default
 * action.
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

/** Blocks the calling thread until the thread that waits for signals has started, about 30 ms. */
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
  if (!isMainThread)
    throw new Error(`${caller}: signals can be handled only in the main thread; call it there`);
  const shared = new Int32Array(new SharedArrayBuffer(4 * (1 + signals.length)));
  const numbers = signals.map((signal) => constants.signals[signal]);
  const workerData: GuardData = { signals: numbers, shared, mainThread: mainThread() };
  const url = new URL("./signal-guard.js", import.meta.url);
  // process.on() gets signals only in the main thread. Its handle works in any thread, and this option gives access to it.
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
  const message = `cleanupOnSignal: Node.js ${process.version} cannot wait for signals in a thread; call process.exit() in signal listeners of your own instead`;
  return Object.assign(new Error(message, { cause }), { code: "ENOTSUP" });
}

function armed(guard: Guard): SignalCleanup {
  const { shared, worker } = guard;
  // The thread wakes up this one with a message.
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

/** Tracks whether the program has its own listeners for the signals. */
function countOwnListeners({ signals, shared }: Guard): () => void {
  const count = (): void => {
    for (const [index, signal] of signals.entries()) {
      Atomics.store(shared, 1 + index, process.listenerCount(signal));
    }
  };
  // `newListener` is emitted before the listener is added.
  const soon = (): void => queueMicrotask(count);
  count();
  process.on("newListener", soon);
  process.on("removeListener", count);
  return () => {
    process.off("newListener", soon);
    process.off("removeListener", count);
  };
}
