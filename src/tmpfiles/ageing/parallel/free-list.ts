/** A list of free slots in shared memory. NONE marks its end. */
export const NONE = -1;
// The lock that all lists and queues of a memory share.
const LOCK = 0;

/** Runs `act` while no other thread runs one. */
export function locked<Result>(words: Int32Array, act: () => Result): Result {
  while (Atomics.compareExchange(words, LOCK, 0, 1) !== 0) Atomics.wait(words, LOCK, 1, 1);
  try {
    return act();
  } finally {
    Atomics.store(words, LOCK, 0);
    Atomics.notify(words, LOCK, 1);
  }
}

/**
 * Slots of one size in shared memory, which any thread takes and returns. The first word of a free slot is the offset of
 * the next.
 */
export class FreeList {
  readonly #words: Int32Array;
  readonly #head: number;

  /** `head` is the offset of the word that holds the first free slot. */
  constructor(words: Int32Array, head: number) {
    this.#words = words;
    this.#head = head;
  }

  /** Frees all slots. `size` is in words. */
  lay(start: number, count: number, size: number): void {
    this.#words[this.#head] = start;
    for (let at = 0; at < count; at++) {
      this.#words[start + at * size] = at + 1 < count ? start + (at + 1) * size : NONE;
    }
  }

  take(): number | undefined {
    return locked(this.#words, () => {
      const at = this.#words[this.#head] as number;
      if (at === NONE) return undefined;
      this.#words[this.#head] = this.#words[at] as number;
      return at;
    });
  }

  giveBack(at: number): void {
    locked(this.#words, () => {
      this.#words[at] = this.#words[this.#head] as number;
      this.#words[this.#head] = at;
    });
  }
}
