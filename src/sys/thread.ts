/** Runs blocking functions in another thread, so that the caller's event loop continues. */
import type { MessagePort, Worker } from "node:worker_threads";
import type { StopFlag } from "../base/stop.js";
import { decodeErrors, type ErrorClasses, encodeErrors } from "./thread-errors.js";

// Loaded by the first call: most programs make none.
const threads = (): typeof import("node:worker_threads") => process.getBuiltinModule("node:worker_threads");

/** The caller's functions that the thread can call, by name. Their results are discarded. */
export type Callbacks = Readonly<Record<string, ((...args: never[]) => void) | undefined>>;

export interface ThreadCall {
  /** The name of one of the functions that the thread serves. */
  readonly name: string;
  /** The function's argument; cloned. */
  readonly input: unknown;
  readonly callbacks?: Callbacks;
  /** Sets the function's stop flag. The function decides what it does then. */
  readonly signal?: AbortSignal | undefined;
  /** The classes of errors that it throws or reports, besides those of base/errors. */
  readonly errors?: ErrorClasses;
}

/** What a served function receives besides its argument. */
export interface ThreadContext {
  readonly stop: StopFlag;
  /** The callbacks that the caller passed. */
  readonly callbacks: Readonly<Record<string, (...args: readonly unknown[]) => void>>;
}

export type ServedFunctions = Readonly<Record<string, (input: never, context: ThreadContext) => unknown>>;

/** One call, as it is sent to the thread. */
interface ThreadRequest {
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
/** The number of callbacks that were sent and have not run yet. */
const PENDING = 1;
/** A thread that lives for months must stay small: V8 would let its short-lived objects use 48 MB. */
const YOUNG_MB = 6;
/** With this many pending callbacks, the thread waits, so that a slow caller does not run out of memory. */
const MOST_PENDING = 4096;

/**
 * Calls a function in a thread of its own. The thread runs `file`, which calls `serveThread`.
 *
 * @throws what the function throws, with its class; what a callback throws, once the function has stopped.
 */
export function callInThread<Result>(call: ThreadCall & { readonly file: URL }): Promise<Result> {
  const request = requestOf(call);
  const worker = new (threads().Worker)(call.file, { workerData: request });
  return resultFrom(worker, call, request.words);
}

/**
 * A thread that makes one call after the other. A thread for each call would take 20 ms to start, and thousands of them
 * would make the process grow. It keeps the process alive only during a call.
 */
export class ResidentThread implements AsyncDisposable {
  readonly #file: URL;
  #worker: Worker | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: URL) {
    this.#file = file;
  }

  /** Like `callInThread`, after all earlier calls. */
  call<Result>(call: ThreadCall): Promise<Result> {
    const result = this.#last.then(() => this.#callNow<Result>(call));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #callNow<Result>(call: ThreadCall): Promise<Result> {
    const worker = this.#worker ?? this.#start();
    const request = requestOf(call);
    worker.ref();
    worker.postMessage(request);
    try {
      return await resultFrom<Result>(worker, call, request.words);
    } finally {
      worker.unref();
    }
  }

  #start(): Worker {
    const worker = new (threads().Worker)(this.#file, {
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    worker.once("exit", () => {
      this.#worker = undefined;
    });
    this.#worker = worker;
    return worker;
  }

  /** Ends the thread after the last call. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last;
    await this.#worker?.terminate();
  }
}

function requestOf({ name, input, callbacks = {} }: ThreadCall): ThreadRequest {
  const given = Object.keys(callbacks).filter((key) => callbacks[key] !== undefined);
  return { name, input, callbacks: given, words: new Int32Array(new SharedArrayBuffer(8)) };
}

function resultFrom<Result>(worker: Worker, call: ThreadCall, words: Int32Array): Promise<Result> {
  return new Promise((resolve, reject) => {
    new PendingCall(worker, call, words, { resolve, reject }).listen();
  });
}

/** The two functions of a promise. */
interface Settlers<Result> {
  resolve(result: Result): void;
  reject(reason: unknown): void;
}

/** A call whose result is awaited. */
class PendingCall<Result> {
  readonly #worker: Worker;
  readonly #call: ThreadCall;
  readonly #words: Int32Array;
  readonly #promise: Settlers<Result>;
  #failure: { readonly reason: unknown } | undefined;

  constructor(worker: Worker, call: ThreadCall, words: Int32Array, promise: Settlers<Result>) {
    this.#worker = worker;
    this.#call = call;
    this.#words = words;
    this.#promise = promise;
  }

  listen(): void {
    const { signal } = this.#call;
    if (signal?.aborted === true) this.#stop();
    signal?.addEventListener("abort", this.#stop, { once: true });
    this.#worker.on("message", this.#receive).on("error", this.#fail).on("exit", this.#end);
  }

  readonly #stop = (): void => {
    Atomics.store(this.#words, STOP, 1);
    Atomics.notify(this.#words, PENDING);
  };

  /** Only the first failure counts. The call goes on until the thread has stopped. */
  readonly #fail = (reason: unknown): void => {
    this.#failure ??= { reason };
    this.#stop();
  };

  readonly #end = (): void => {
    this.#fail(new Error(`${this.#call.name}: the thread ended early`));
    this.#finish();
  };

  readonly #receive = (message: ThreadMessage): void => {
    if ("call" in message) this.#callBack(message.call, message.args);
    else if ("result" in message) this.#finish(message.result as Result);
    else {
      this.#fail(decodeErrors(message.thrown, this.#call.errors ?? {}));
      this.#finish();
    }
  };

  #callBack(key: string, args: readonly unknown[]): void {
    Atomics.sub(this.#words, PENDING, 1);
    Atomics.notify(this.#words, PENDING);
    if (this.#failure !== undefined) return;
    const { callbacks = {}, errors = {} } = this.#call;
    try {
      callbacks[key]?.(...(args.map((each) => decodeErrors(each, errors)) as never[]));
    } catch (error) {
      this.#fail(error);
    }
  }

  #finish(result?: Result): void {
    this.#call.signal?.removeEventListener("abort", this.#stop);
    this.#worker.off("message", this.#receive).off("error", this.#fail).off("exit", this.#end);
    if (this.#failure === undefined) this.#promise.resolve(result as Result);
    else this.#promise.reject(this.#failure.reason);
  }
}

/** Makes the call for which this thread was started, or each call that its owner sends. */
export function serveThread(functions: ServedFunctions): void {
  const { parentPort, workerData } = threads();
  if (parentPort === null) return;
  const port = parentPort;
  if (workerData === undefined)
    port.on("message", (request: ThreadRequest) => serve(functions, request, port));
  else serve(functions, workerData as ThreadRequest, port);
}

function serve(functions: ServedFunctions, request: ThreadRequest, port: MessagePort): void {
  const { name, input, callbacks, words } = request;
  const send = (message: ThreadMessage): void => port.postMessage(message);
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
