/** Stop requests for synchronous runs: a word of shared memory, set by a signal or another thread. */

/** A stop is requested as soon as one of these words is not zero. Worker threads read the same memory. */
export interface StopFlag {
  readonly words: Int32Array;
  readonly indexes: readonly number[];
}

export function isStopRequested({ words, indexes }: StopFlag): boolean {
  for (const index of indexes) if (Atomics.load(words, index) !== 0) return true;
  return false;
}

/** Unwinds an operation when a stop is requested. The code that started it catches this, and does not report it as a failure. */
export class Interruption extends Error {
  override readonly name = "Interruption";

  constructor() {
    super("a stop was requested");
  }
}

/** @throws Interruption if a stop is requested. */
export function throwIfStopped(stop: StopFlag | undefined): void {
  if (stop !== undefined && isStopRequested(stop)) throw new Interruption();
}
