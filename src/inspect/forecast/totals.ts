/** Adds up the forecast removals, by run and by line. */
import type { Bytes } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import type { Nanoseconds } from "../../base/time.js";

/** One entry that will be removed. */
export interface ForecastRemoval {
  readonly path: Bytes;
  /** The disk space that the removal frees. */
  readonly bytes: number;
  readonly line: Source;
  /** When the entry expires, in nanoseconds since the epoch. */
  readonly expires: Nanoseconds;
}

export interface LineSum {
  readonly line: Source;
  readonly entries: number;
  readonly bytes: number;
}

/** What one run of the cleaner will remove. */
export interface Day {
  readonly run: Nanoseconds;
  readonly entries: number;
  readonly bytes: number;
  /** By line, the line with the most entries first. */
  readonly lines: readonly LineSum[];
}

/** How many of the largest removals are kept. */
const LARGEST = 10;

type Sums = Map<string, { line: Source; entries: number; bytes: number }>;

/** Keeps sums only, so that memory does not grow with the number of entries. */
export class ForecastTotals {
  readonly runs: readonly Nanoseconds[];
  /** By index of the run, for runs that remove something. */
  readonly #sums = new Map<number, Sums>();
  #largest: ForecastRemoval[] = [];

  /** `runs` in ascending order. */
  constructor(runs: readonly Nanoseconds[]) {
    this.runs = runs;
  }

  add(removal: ForecastRemoval): void {
    const index = firstIndex(this.runs, (run) => run >= removal.expires);
    if (index === this.runs.length) return;
    const sums: Sums = this.#sums.get(index) ?? new Map();
    this.#sums.set(index, sums);
    const key = `${removal.line.file}\0${removal.line.line}`;
    const sum = sums.get(key) ?? { line: removal.line, entries: 0, bytes: 0 };
    sum.entries++;
    sum.bytes += removal.bytes;
    sums.set(key, sum);
    this.#rank(removal);
  }

  get largest(): readonly ForecastRemoval[] {
    return this.#largest;
  }

  days(): Day[] {
    return this.runs.map((run, index) => {
      const lines = [...(this.#sums.get(index)?.values() ?? [])].sort((a, b) => b.entries - a.entries);
      const total = (key: "entries" | "bytes"): number => lines.reduce((sum, each) => sum + each[key], 0);
      return { run, entries: total("entries"), bytes: total("bytes"), lines };
    });
  }

  #rank(removal: ForecastRemoval): void {
    const smallest = this.#largest.at(-1);
    if (this.#largest.length >= LARGEST && smallest !== undefined && smallest.bytes >= removal.bytes) return;
    this.#largest.push(removal);
    this.#largest.sort((a, b) => b.bytes - a.bytes);
    this.#largest = this.#largest.slice(0, LARGEST);
  }
}

/** Binary search: the index of the first element for which `holds` is true, or the length. It must hold for all later ones. */
export function firstIndex<T>(list: readonly T[], holds: (each: T) => boolean): number {
  let from = 0;
  for (let to = list.length; from < to; ) {
    const middle = (from + to) >> 1;
    if (holds(list[middle] as T)) to = middle;
    else from = middle + 1;
  }
  return from;
}
