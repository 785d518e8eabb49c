import type { Event, Reporter } from "../../base/events.js";
import type { Summary } from "../../tmpfiles/index.js";

/** A reporter that closes what it has said when the run is over. */
export interface FinishingReporter extends Reporter {
  finish(summary: Summary, seconds: number): void;
}

/** What the events came to that the engine's own summary does not count. */
export interface Tally {
  created: number;
  changed: number;
  failed: number;
  tolerated: number;
  errors: number;
  warnings: number;
}

export function newTally(): Tally {
  return { created: 0, changed: 0, failed: 0, tolerated: 0, errors: 0, warnings: 0 };
}

export function count(tally: Tally, event: Event): void {
  if (event.type === "created" && event.outcome !== "existing") tally.created++;
  else if (event.type === "changed" && event.what !== "times") tally.changed++;
  else if (event.type === "failed" && event.tolerated) tally.tolerated++;
  else if (event.type === "failed") tally.failed++;
  else if (event.type === "diagnostic" && event.diagnostic.severity === "error") tally.errors++;
  else if (event.type === "diagnostic" && event.diagnostic.severity === "warning") tally.warnings++;
}
