/** The counters of each configuration line, over all its walks. */
import type { Source } from "../../base/events.js";
import { addCounters, newWalkCounters, subtractCounters, type WalkCounters } from "./walk-counters.js";

/**
 * Attributes the results of walks to the lines that caused them. A walk counts for all lines together; the difference
 * between its start and its end belongs to its line. So this costs nothing for each entry.
 */
export class LineCounters {
  readonly #lines = new Map<Source, WalkCounters>();

  /** The counters of a line, to add to. */
  of(source: Source): WalkCounters {
    let counters = this.#lines.get(source);
    if (counters === undefined) {
      counters = newWalkCounters();
      this.#lines.set(source, counters);
    }
    return counters;
  }

  /** Runs a walk for a line; `total` returns the counters of all walks so far, including those of other threads. */
  during<Result>(source: Source, total: () => WalkCounters, walk: () => Result): Result {
    const before = total();
    try {
      return walk();
    } finally {
      const counters = this.of(source);
      addCounters(counters, total());
      subtractCounters(counters, before);
    }
  }
}
