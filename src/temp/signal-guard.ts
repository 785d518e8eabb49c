/**
 * The thread that waits for signals, so that a main thread that is busy is not deaf to them. libuv delivers a signal to
 * each event loop that waits for it; `process.on` only works in the main thread, but the handle below it does in any.
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

/** How long the main thread may take to stop. One that is in a system call will stop as soon as it comes back. */
const FREEZE_WITHIN_MS = 200;
/** By then the signal has ended the process, unless the process is the init of its pid namespace, which it cannot end. */
const END_WITHIN_MS = 1000;

const { signals, shared, mainThread } = workerData as GuardData;
const handles: SignalHandle[] = [];
let freezer: Freezer | undefined;

function start(): void {
  const state = waitForSignals() ? WAITING : UNABLE;
  Atomics.store(shared, 0, state);
  Atomics.notify(shared, 0);
  // Listening keeps the thread alive.
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

/** Removes everything, and lets the signal do what it does by default. */
function end(number: number): void {
  if (Atomics.load(shared, 1 + signals.indexOf(number)) > 0) return;
  // From here on the main thread does nothing any more, and so does not stumble over what is gone.
  // A thread that waits in its event loop is woken up for that.
  parentPort?.postMessage(WAITING);
  freezer?.freeze(FREEZE_WITHIN_MS);
  removeEverything();
  for (const handle of handles) handle.close();
  // Closing takes effect at the end of this turn; then nobody in the process waits for the signal any more.
  setImmediate(() => process.kill(process.pid, number));
  setTimeout(exitAtOnce, END_WITHIN_MS, 128 + number);
}

start();
