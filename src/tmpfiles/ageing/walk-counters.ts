/** The counters of a walk. */
import { GUARDS } from "./guards.js";

/** What a walk came to. */
export interface WalkCounters {
  entries: number;
  removed: number;
  bytes: number;
  failed: number;
  /** Entries that stay unlooked at, by the index of directories. */
  indexed: number;
  /** By the guard's place in GUARDS. */
  readonly kept: number[];
}

export const newWalkCounters = (): WalkCounters => ({
  entries: 0,
  removed: 0,
  bytes: 0,
  failed: 0,
  indexed: 0,
  kept: GUARDS.map(() => 0),
});

export function addCounters(to: WalkCounters, from: WalkCounters): void {
  to.entries += from.entries;
  to.removed += from.removed;
  to.bytes += from.bytes;
  to.failed += from.failed;
  to.indexed += from.indexed;
  for (const [at, count] of from.kept.entries()) to.kept[at] = (to.kept[at] ?? 0) + count;
}
