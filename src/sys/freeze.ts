/**
 * Stops the JavaScript of one thread from another thread of the process. The thread stops where V8 checks for interrupts,
 * so it holds no lock of V8, libuv or malloc that other threads may need. It stays stopped until the process ends.
 *
 * v8::Isolate::RequestInterrupt (v8-isolate.h), which Node exports for native addons, calls a C function on the thread of
 * an isolate, with the isolate and a pointer. Two existing functions serve: one that leaves a trace, and pause(2).
 */
import { address, bind } from "./ffi.js";
import { sleepSync } from "./sleep.js";

export type Address = number | bigint;

// The C++ names are mangled as on all architectures of Linux.
const native = {
  currentIsolate: bind<[], Address>("uintptr_t _ZN2v87Isolate10GetCurrentEv()"),
  requestInterrupt: bind<[Address, Address, Address], void>(
    "void _ZN2v87Isolate16RequestInterruptEPFvPS0_PvES2_(uintptr_t isolate, uintptr_t call, uintptr_t data)",
  ),
  symbol: bind<[Address, Buffer], Address>("uintptr_t dlsym(uintptr_t handle, const void *name)"),
  exit: bind<[number], void>("void _exit(int status)"),
};

const RTLD_DEFAULT = 0;
/** Larger than a v8::HeapStatistics. */
const ROOM_FOR_STATISTICS = 1024;
/** The number of pauses. A caught signal ends one, so there are more of them than signals are expected. */
const PAUSES = 4096;

function addressOf(symbol: string): Address {
  const at = native.symbol(RTLD_DEFAULT, Buffer.from(`${symbol}\0`));
  if (Number(at) === 0) throw new Error(`this Node.js does not export ${symbol}`);
  return at;
}

/** Identifies the calling thread to other threads. */
export function currentThread(): Address {
  return native.currentIsolate();
}

/** Freezes a thread. Constructed early, so that an unsupported Node.js version fails early. */
export class Freezer {
  readonly #thread: Address;
  /** v8::Isolate::GetHeapStatistics fills it in. */
  readonly #trace = Buffer.alloc(ROOM_FOR_STATISTICS);
  readonly #leaveTrace = addressOf("_ZN2v87Isolate17GetHeapStatisticsEPNS_14HeapStatisticsE");
  readonly #pause = addressOf("pause");

  /** @throws Error if this Node.js does not export the functions. */
  constructor(thread: Address) {
    this.#thread = thread;
    addressOf("_ZN2v87Isolate16RequestInterruptEPFvPS0_PvES2_");
  }

  /**
   * Stops the thread at its next interrupt check.
   *
   * @returns false if it has not stopped in time: it waits in its event loop, or in a system call that takes long. It
   *   will stop when that is over.
   */
  freeze(milliseconds: number): boolean {
    native.requestInterrupt(this.#thread, this.#leaveTrace, address(this.#trace));
    for (let count = 0; count < PAUSES; count++) native.requestInterrupt(this.#thread, this.#pause, 0);
    for (let waited = 0; this.#trace.every((byte) => byte === 0); waited++) {
      if (waited >= milliseconds) return false;
      sleepSync(1);
    }
    return true;
  }
}

/** Ends the process at once, with no handler run. */
export function exitAtOnce(status: number): void {
  native.exit(status);
}
