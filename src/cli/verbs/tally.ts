import type { Event, KeepCode } from "../../base/events.js";

/** What the events came to. */
export interface Tally {
  removed: number;
  bytes: bigint;
  created: number;
  changed: number;
  failed: number;
  tolerated: number;
  errors: number;
  warnings: number;
  readonly kept: Map<KeepCode, number>;
}

export function newTally(): Tally {
  return {
    removed: 0,
    bytes: 0n,
    created: 0,
    changed: 0,
    failed: 0,
    tolerated: 0,
    errors: 0,
    warnings: 0,
    kept: new Map(),
  };
}

export function count(tally: Tally, event: Event): void {
  switch (event.type) {
    case "removed":
      tally.removed++;
      tally.bytes += event.bytes;
      break;
    case "kept":
      tally.kept.set(event.reason.code, (tally.kept.get(event.reason.code) ?? 0) + 1);
      break;
    case "created":
      if (event.outcome !== "existing") tally.created++;
      break;
    case "changed":
      if (event.what !== "times") tally.changed++;
      break;
    case "failed":
      if (event.tolerated) tally.tolerated++;
      else tally.failed++;
      break;
    case "diagnostic":
      if (event.diagnostic.severity === "error") tally.errors++;
      else if (event.diagnostic.severity === "warning") tally.warnings++;
      break;
    case "skipped":
      break;
  }
}
