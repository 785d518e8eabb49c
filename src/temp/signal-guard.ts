/**
 * The thread that waits for signals, so that they are handled while the main thread is busy. libuv delivers a signal to each
 * event loop that waits for it; `process.on` works only in the main thread, but the handle below it works in any thread.
 */
import { createRequire } from "node:module";
import { parentPort, workerData } from "node:worker_threads";
import { exitAtOnce, Freezer } from "../sys/freeze.js";
import { removeEverything } from "./cleanup-registry.js";
import { type GuardData, UNABLE, WAITING } from "./guard-data.js";

interface SignalHandle {
  onsignal: (number: number) => void;
  start(number: number): number;
  close(): void;
}

interface InternalModule {
  internalBinding(name: "signal_wrap"): { readonly Signal: new () => SignalHandle };
}

/** How long to wait for the main thread to stop. If it is in a system call, it stops when that returns. */
const FREEZE_WITHIN_MS = 200;
/** By then, the signal has ended the process, unless the process is the init of its PID namespace. */
const END_WITHIN_MS = 1000;

const { signals, shared, mainThread } = workerData as GuardData;
const handles: SignalHandle[] = [];
let freezer: Freezer | undefined;

function start(): void {
  const state = waitForSignals() ? WAITING : UNABLE;
  Atomics.store(shared, 0, state);
  Atomics.notify(shared, 0);
  // A listener keeps the thread alive.
  parentPort?.on("message", () => undefined);
  parentPort?.postMessage(state);
}

function waitForSignals(): boolean {
  try {
    freezer = new Freezer(mainThread);
    const require = createRequire(import.meta.url);
    const { internalBinding } = require("internal/test/binding") as InternalModule;
    const { Signal } = internalBinding("signal_wrap");
    for (const number of signals) {
      const handle = new Signal();
      handles.push(handle);
      handle.onsignal = end;
      if (handle.start(number) !== 0) throw new Error("uv_signal_start failed");
    }
    return true;
  } catch {
    for (const handle of handles) handle.close();
    return false;
  }
}

/** Removes all files, then restores the default action of the signal and sends it. */
function end(number: number): void {
  if (Atomics.load(shared, 1 + signals.indexOf(number)) > 0) return;
  // Stops the main thread, so that it never uses removed files.
  // A thread that is idle in its event loop is woken up.
  parentPort?.postMessage(WAITING);
  freezer?.freeze(FREEZE_WITHIN_MS);
  removeEverything();
  for (const handle of handles) handle.close();
  // The handle is closed at the end of this turn of the event loop; after that, the signal has its default action.
  setImmediate(() => process.kill(process.pid, number));
  setTimeout(exitAtOnce, END_WITHIN_MS, 128 + number);
}

start();
