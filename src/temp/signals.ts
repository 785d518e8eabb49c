import { once } from "node:events";
import { constants } from "node:os";
import { isMainThread, Worker } from "node:worker_threads";
import { type GuardData, type GuardMessage, STARTING, UNABLE } from "./guard-messages.js";
import { pack } from "./hand-over.js";
import { observe, removeAll } from "./leftovers.js";

export type TerminationSignal = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGQUIT";

/** What `cleanupOnSignal` returns: disposing of it leaves the signals to themselves again. */
export interface SignalCleanup extends Disposable {
  /** What waits for the signals: a thread of its own, or the program's event loop, which is deaf while it is busy. */
  readonly backing: "guard-thread" | "event-loop";
}

const USUAL: readonly TerminationSignal[] = ["SIGINT", "SIGTERM", "SIGHUP"];
const START_TIMEOUT_MS = 10_000;

/**
 * Removes everything temporary when one of these signals comes, and then lets the signal do what it would have done:
 * the process ends by it, and its exit status says so. A thread of its own waits for them, so that a program that is
 * busy, and would not hear a listener called, ends at once too. Where the program listens for the signal itself, its
 * listener decides; `process.exit()` in it removes everything as well.
 *
 * SIGKILL can't be caught: see `sweepStale`, which also finds what Workers had made.
 */
export async function cleanupOnSignal(signals: readonly TerminationSignal[] = USUAL): Promise<SignalCleanup> {
  const guard = startGuard(signals);
  await once(guard.worker, "message");
  return armed(guard);
}

/** The same; it holds the calling thread up until the guard's thread has started, some 30 ms. */
export function cleanupOnSignalSync(signals: readonly TerminationSignal[] = USUAL): SignalCleanup {
  const guard = startGuard(signals);
  Atomics.wait(guard.shared, 0, STARTING, START_TIMEOUT_MS);
  return armed(guard);
}

interface Guard {
  readonly signals: readonly TerminationSignal[];
  readonly shared: Int32Array;
  readonly worker: Worker;
}

function startGuard(signals: readonly TerminationSignal[]): Guard {
  if (!isMainThread) throw new Error("signals concern the main thread: call cleanupOnSignal there");
  const shared = new Int32Array(new SharedArrayBuffer(4 * (1 + signals.length)));
  const workerData: GuardData = { signals: signals.map((signal) => constants.signals[signal]), shared };
  const worker = new Worker(new URL("./signal-guard.js", import.meta.url), {
    workerData,
    // The binding that it waits with is deprecated, and nothing else hears signals off the main thread.
    execArgv: ["--no-deprecation"],
  });
  return { signals, shared, worker };
}

function armed(guard: Guard): SignalCleanup {
  const state = Atomics.load(guard.shared, 0);
  guard.worker.unref();
  if (state === STARTING || state === UNABLE) {
    void guard.worker.terminate();
    return onEventLoop(guard.signals);
  }
  const stops = [tellOfOwnListeners(guard), tellOfLeftovers(guard.worker)];
  return {
    backing: "guard-thread",
    [Symbol.dispose]() {
      for (const stop of stops) stop();
      void guard.worker.terminate();
    },
  };
}

function tellOfLeftovers(worker: Worker): () => void {
  const send = (message: GuardMessage): void => worker.postMessage(message);
  return observe({
    held: (leftover) => send({ held: pack(leftover) }),
    released: (leftover) => send({ released: pack(leftover) }),
  });
}

/** Keeps the guard informed of whether the program listens for the signals itself. */
function tellOfOwnListeners({ signals, shared }: Guard): () => void {
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

/** For a Node whose threads can't wait for signals. */
function onEventLoop(signals: readonly TerminationSignal[]): SignalCleanup {
  const listener = (signal: NodeJS.Signals): void => {
    if (process.listenerCount(signal) > 1) return;
    removeAll();
    process.off(signal, listener);
    process.kill(process.pid, signal);
  };
  for (const signal of signals) process.on(signal, listener);
  return {
    backing: "event-loop",
    [Symbol.dispose]() {
      for (const signal of signals) process.off(signal, listener);
    },
  };
}
