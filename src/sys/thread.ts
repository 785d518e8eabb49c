/** Calls functions that block in a thread of their own, so that the caller's event loop goes on. */
import type { StopFlag } from "../base/stop.js";
import { decodeErrors, type ErrorClasses, encodeErrors } from "./thread-errors.js";

// Loaded by the first call: most programs make none.
const threads = (): typeof import("node:worker_threads") => process.getBuiltinModule("node:worker_threads");

/** Functions of the caller's that the thread calls, by name. What they return is lost. */
export type Callbacks = Readonly<Record<string, ((...args: never[]) => void) | undefined>>;

export interface ThreadCall {
  /** The file that the thread runs: it calls `serveThread`. */
  readonly file: URL;
  /** The name of one of the functions that it serves. */
  readonly name: string;
  /** The function's argument; cloned. */
  readonly input: unknown;
  readonly callbacks?: Callbacks;
  /** Sets the function's stop flag. Whether it heeds that, and what it gives then, is its own matter. */
  readonly signal?: AbortSignal | undefined;
  /** The classes of errors that it throws or reports, beside those of base/errors. */
  readonly errors?: ErrorClasses;
}

/** What a served function gets besides its argument. */
export interface ThreadContext {
  readonly stop: StopFlag;
  /** Those that the caller gave. */
  readonly callbacks: Readonly<Record<string, (...args: readonly unknown[]) => void>>;
}

export type ServedFunctions = Readonly<Record<string, (input: never, context: ThreadContext) => unknown>>;

interface ThreadData {
  readonly name: string;
  readonly input: unknown;
  readonly callbacks: readonly string[];
  /** Two words: STOP, and PENDING. */
  readonly words: Int32Array;
}

type ThreadMessage =
  | { readonly call: string; readonly args: readonly unknown[] }
  | { readonly result: unknown }
  | { readonly thrown: unknown };

const STOP = 0;
/** How many calls of callbacks were sent and not made yet. */
const PENDING = 1;
/** With so many of them the thread waits: a caller that is slow must not run out of memory. */
const MOST_PENDING = 4096;

/** @throws what the function throws, with its class; what a callback throws, once the function has stopped. */
export function callInThread<Result>(call: ThreadCall): Promise<Result> {
  const { file, name, input, signal, callbacks = {}, errors = {} } = call;
  const words = new Int32Array(new SharedArrayBuffer(8));
  const stop = (): void => {
    Atomics.store(words, STOP, 1);
    Atomics.notify(words, PENDING);
  };
  if (signal?.aborted === true) stop();
  signal?.addEventListener("abort", stop, { once: true });
  const given = Object.keys(callbacks).filter((key) => callbacks[key] !== undefined);
  const workerData: ThreadData = { name, input, callbacks: given, words };
  const worker = new (threads().Worker)(file, { workerData });
  return new Promise<Result>((resolve, reject) => {
    let failure: { readonly reason: unknown } | undefined;
    const fail = (reason: unknown): void => {
      failure ??= { reason };
      stop();
    };
    const callBack = (key: string, args: readonly unknown[]): void => {
      Atomics.sub(words, PENDING, 1);
      Atomics.notify(words, PENDING);
      if (failure !== undefined) return;
      try {
        callbacks[key]?.(...(args.map((each) => decodeErrors(each, errors)) as never[]));
      } catch (error) {
        fail(error);
      }
    };
    worker.on("message", (message: ThreadMessage) => {
      if ("call" in message) callBack(message.call, message.args);
      else if ("thrown" in message) fail(decodeErrors(message.thrown, errors));
      else if (failure === undefined) resolve(message.result as Result);
    });
    worker.on("error", fail);
    worker.on("exit", () => {
      signal?.removeEventListener("abort", stop);
      // Settled already unless something failed.
      reject(failure === undefined ? new Error(`${name}: the thread ended early`) : failure.reason);
    });
  });
}

/** Runs the function that this thread was started for. */
export function serveThread(functions: ServedFunctions): void {
  const { parentPort, workerData } = threads();
  if (parentPort === null) return;
  const { name, input, callbacks, words } = workerData as ThreadData;
  const send = (message: ThreadMessage): void => parentPort.postMessage(message);
  const caller = (key: string) => {
    return (...args: readonly unknown[]): void => {
      waitForCaller(words);
      Atomics.add(words, PENDING, 1);
      send({ call: key, args: args.map(encodeErrors) });
    };
  };
  const context: ThreadContext = {
    stop: { words, indexes: [STOP] },
    callbacks: Object.fromEntries(callbacks.map((key) => [key, caller(key)])),
  };
  try {
    send({ result: functions[name]?.(input as never, context) });
  } catch (error) {
    send({ thrown: encodeErrors(error) });
  }
}

function waitForCaller(words: Int32Array): void {
  for (;;) {
    const pending = Atomics.load(words, PENDING);
    if (pending < MOST_PENDING || Atomics.load(words, STOP) !== 0) return;
    Atomics.wait(words, PENDING, pending);
  }
}
