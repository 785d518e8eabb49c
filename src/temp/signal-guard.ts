/**
 * The thread that waits for signals, so that a main thread that is busy is not deaf to them. libuv delivers a signal to
 * each loop that waits for it; `process.on` only works in the main thread, but the binding below it does in any.
 */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { type GuardData, type GuardMessage, UNABLE, WAITING } from "./guard-messages.js";
import { type Parcel, unpack } from "./hand-over.js";
import { removeQuietly } from "./leftovers.js";

interface SignalHandle {
  onsignal: (number: number) => void;
  start(number: number): number;
  close(): void;
}

interface SignalBinding {
  readonly Signal: new () => SignalHandle;
}

const { signals, shared } = workerData as GuardData;
const handles: SignalHandle[] = [];
const held = new Map<string, Parcel>();

function start(): void {
  const state = waitForSignals() ? WAITING : UNABLE;
  Atomics.store(shared, 0, state);
  Atomics.notify(shared, 0);
  parentPort?.on("message", take);
  parentPort?.postMessage(state);
}

function waitForSignals(): boolean {
  try {
    const binding = Reflect.get(process, "binding") as (name: string) => SignalBinding;
    const { Signal } = binding.call(process, "signal_wrap");
    for (const number of signals) {
      const handle = new Signal();
      handle.onsignal = end;
      if (handle.start(number) !== 0) return false;
      handles.push(handle);
    }
    return true;
  } catch {
    return false;
  }
}

function take(message: GuardMessage): void {
  if ("held" in message) held.set(keyOf(message.held), message.held);
  else held.delete(keyOf(message.released));
}

const keyOf = ({ dir, name }: Parcel): string => `${dir}/${name}`;

/** Takes in what was sent and not yet received: the main thread may have made things up to this moment. */
function takeAll(): void {
  if (parentPort === null) return;
  for (
    let next = receiveMessageOnPort(parentPort);
    next !== undefined;
    next = receiveMessageOnPort(parentPort)
  ) {
    take(next.message as GuardMessage);
  }
}

/** Removes everything, and lets the signal do what it does by default. */
function end(number: number): void {
  if (Atomics.load(shared, 1 + signals.indexOf(number)) > 0) return;
  for (takeAll(); held.size > 0; takeAll()) {
    const parcels = [...held.values()];
    held.clear();
    removeQuietly(parcels.map(unpack));
  }
  for (const handle of handles) handle.close();
  // Closing takes effect at the end of this turn; then nobody in the process waits for the signal any more.
  setImmediate(() => process.kill(process.pid, number));
}

start();
