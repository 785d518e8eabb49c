/** The memory that the engine's thread shares with the main thread: answers, and until when the lease surely holds. */
import type { Nanoseconds } from "../../base/time.js";
import { bootTime } from "../../sys/clock.js";

const ANSWER = 0;
const STOP = 1;
const YES = 1;
const NO = 2;
/** In words of eight bytes. */
const DEADLINE = 1;

/**
 * The engine asks and waits; the main thread answers. The lease is a time on CLOCK_BOOTTIME, which also passes while the
 * process is stopped or the host sleeps, so that a worker that was frozen finds it over before it removes anything.
 */
export class Gate {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #times: BigInt64Array;

  constructor(memory = new SharedArrayBuffer(16)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    this.#times = new BigInt64Array(memory);
  }

  /** Before a question is sent. */
  reset(): void {
    Atomics.store(this.#words, ANSWER, 0);
  }

  /** Waits for the answer to the question that was sent. */
  wait(): boolean {
    Atomics.wait(this.#words, ANSWER, 0);
    return Atomics.load(this.#words, ANSWER) === YES;
  }

  answer(yes: boolean): void {
    Atomics.store(this.#words, ANSWER, yes ? YES : NO);
    Atomics.notify(this.#words, ANSWER);
  }

  /** The lease holds until then. A lease that was over does not begin again: another worker may have the unit. */
  extendTo(deadline: Nanoseconds): void {
    if (this.holds()) Atomics.store(this.#times, DEADLINE, deadline);
  }

  begin(deadline: Nanoseconds): void {
    Atomics.store(this.#times, DEADLINE, deadline);
  }

  holds(): boolean {
    return bootTime() < Atomics.load(this.#times, DEADLINE);
  }

  stop(): void {
    Atomics.store(this.#words, STOP, 1);
  }

  /** Whether to begin nothing more: the lease is over, or the worker is asked to end. */
  isClosed(): boolean {
    return Atomics.load(this.#words, STOP) !== 0 || !this.holds();
  }
}
