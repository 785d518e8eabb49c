/**
 * Detects termination signals in a program that never returns to its event loop. libuv's handler counts each signal in
 * memory that this module owns and every thread can read, so this needs no thread, system call or callback.
 */
import type { StopFlag } from "../base/stop.js";
import { bind, hasSymbol, symbol } from "./ffi.js";

export type StopSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** Signal numbers, which are the same on every Linux architecture: signal(7). */
const SIGNALS: readonly (readonly [StopSignal, number])[] = [
  ["SIGINT", 2],
  ["SIGTERM", 15],
  ["SIGHUP", 1],
];
/** UV_SIGNAL in uv_handle_type. */
const UV_SIGNAL = 16;
const UV_RUN_NOWAIT = 2;
/**
 * A uv_signal_t ends with two unsigned ints: signals caught, and signals dispatched by the loop. Addons embed the struct, so
 * its layout is stable throughout libuv 1.
 */
const CAUGHT_FROM_END = 8;
const WORD = 4;

const uv = {
  loopSize: bind<[], number | bigint>("size_t uv_loop_size()"),
  handleSize: bind<[number], number | bigint>("size_t uv_handle_size(int type)"),
  loopInit: bind<[Uint8Array], number>("int uv_loop_init(void *loop)"),
  loopClose: bind<[Uint8Array], number>("int uv_loop_close(void *loop)"),
  run: bind<[Uint8Array, number], number>("int uv_run(void *loop, int mode)"),
  signalInit: bind<[Uint8Array, Uint8Array], number>("int uv_signal_init(void *loop, void *handle)"),
  signalStart: bind<[Uint8Array, unknown, number], number>(
    "int uv_signal_start_oneshot(void *handle, void *callback, int signal)",
  ),
  signalStop: bind<[Uint8Array], number>("int uv_signal_stop(void *handle)"),
  close: bind<[Uint8Array, null], void>("void uv_close(void *handle, void *callback)"),
};

/** libuv calls this for a signal that arrives while the loop below runs. It only has to be harmless. */
const HARMLESS = "getpid";

/**
 * Catches termination signals until disposed. Catches each signal once: a second one of its kind terminates the process
 * as usual. Node resets signals that its parent ignored (nohup) by itself.
 */
export class StopSignals implements Disposable {
  readonly flag: StopFlag;
  readonly #loop: Uint8Array;
  readonly #handles: readonly Uint8Array[];

  private constructor() {
    this.#loop = new Uint8Array(new SharedArrayBuffer(Number(uv.loopSize())));
    const size = Number(uv.handleSize(UV_SIGNAL));
    const memory = new SharedArrayBuffer(size * SIGNALS.length);
    this.#handles = SIGNALS.map((_, at) => new Uint8Array(memory, at * size, size));
    this.flag = {
      words: new Int32Array(memory),
      indexes: SIGNALS.map((_, at) => ((at + 1) * size - CAUGHT_FROM_END) / WORD),
    };
    uv.loopInit(this.#loop);
    const harmless = symbol(HARMLESS);
    for (const [at, handle] of this.#handles.entries()) {
      uv.signalInit(this.#loop, handle);
      uv.signalStart(handle, harmless, SIGNALS[at]?.[1] as number);
    }
  }

  /** Undefined if this Node does not export its libuv. Signals then terminate the process as usual. */
  static listen(): StopSignals | undefined {
    return hasSymbol("uv_signal_start_oneshot") ? new StopSignals() : undefined;
  }

  /** The signal that was received, if any. */
  get caught(): StopSignal | undefined {
    const { words, indexes } = this.flag;
    return SIGNALS.find((_, at) => Atomics.load(words, indexes[at] as number) !== 0)?.[0];
  }

  [Symbol.dispose](): void {
    for (const handle of this.#handles) {
      uv.signalStop(handle);
      uv.close(handle, null);
    }
    // One turn of the loop completes the closing of the handles.
    uv.run(this.#loop, UV_RUN_NOWAIT);
    uv.loopClose(this.#loop);
  }
}
