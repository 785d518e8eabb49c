/** In the shared memory: no slot. */
export const NONE = -1;
// Where the lock is that all pools and queues of a memory have in common.
const LOCK = 0;

/** Runs a few lines while no other thread is in any of them. */
export function locked<Result>(words: Int32Array, act: () => Result): Result {
  while (Atomics.compareExchange(words, LOCK, 0, 1) !== 0) Atomics.wait(words, LOCK, 1, 1);
  try {
    return act();
  } finally {
    Atomics.store(words, LOCK, 0);
    Atomics.notify(words, LOCK, 1);
  }
}

/** Places of one size in shared memory, which any thread takes and gives back. The first word of a free one is the next. */
export class FreeList {
  readonly #words: Int32Array;
  readonly #head: number;

  /** `head` is the word that says where the first free place is. */
  constructor(words: Int32Array, head: number) {
    this.#words = words;
    this.#head = head;
  }

  /** Makes all places free; `size` in words. */
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
