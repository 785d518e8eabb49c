/** How a synchronous run is asked to stop: by a word of shared memory, which a signal or another thread sets. */

/** A stop is requested as soon as one of these words is not zero. Worker threads read the same memory. */
export interface StopFlag {
  readonly words: Int32Array;
  readonly indexes: readonly number[];
}

export function isStopRequested({ words, indexes }: StopFlag): boolean {
  for (const index of indexes) if (Atomics.load(words, index) !== 0) return true;
  return false;
}

/** Ends what is under way when a stop is requested. Whoever started it catches this; nobody reports it as a failure. */
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
