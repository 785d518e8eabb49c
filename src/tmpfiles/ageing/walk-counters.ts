/** The counters of a walk. */
import type { KeepCode } from "../../base/events.js";
import { GUARDS } from "./guards.js";

/** The results of a walk. */
export interface WalkCounters {
  entries: number;
  removed: number;
  bytes: number;
  failed: number;
  /** Entries that are kept unexamined, because of the directory index. */
  indexed: number;
  /** By the index of the guard in GUARDS. */
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
  change(to, from, 1);
}

export function subtractCounters(to: WalkCounters, from: WalkCounters): void {
  change(to, from, -1);
}

function change(to: WalkCounters, from: WalkCounters, sign: 1 | -1): void {
  to.entries += sign * from.entries;
  to.removed += sign * from.removed;
  to.bytes += sign * from.bytes;
  to.failed += sign * from.failed;
  to.indexed += sign * from.indexed;
  for (const [at, count] of from.kept.entries()) to.kept[at] = (to.kept[at] ?? 0) + sign * count;
}

/** The number of kept entries by reason. */
export function keptByReason(counters: WalkCounters): Partial<Record<KeepCode, number>> {
  const kept: Partial<Record<KeepCode, number>> = {};
  for (const [at, { code }] of GUARDS.entries()) {
    const count = counters.kept[at] ?? 0;
    if (count > 0) kept[code] = (kept[code] ?? 0) + count;
  }
  if (counters.indexed > 0) kept.indexed = counters.indexed;
  return kept;
}
