import type { Diagnostic } from "../../base/errors.js";
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
  /** Those of them that are about a file as a whole. */
  fileErrors: number;
  warnings: number;
}

export function newTally(): Tally {
  return { created: 0, changed: 0, failed: 0, tolerated: 0, errors: 0, fileErrors: 0, warnings: 0 };
}

export function count(tally: Tally, event: Event): void {
  if (event.type === "created" && event.outcome !== "existing") tally.created++;
  else if (event.type === "changed" && event.what !== "times") tally.changed++;
  else if (event.type === "failed" && event.tolerated) tally.tolerated++;
  else if (event.type === "failed") tally.failed++;
  else if (event.type === "diagnostic") countDiagnostic(tally, event.diagnostic);
}

function countDiagnostic(tally: Tally, { severity, line }: Diagnostic): void {
  if (severity === "warning") tally.warnings++;
  if (severity !== "error") return;
  tally.errors++;
  if (line === 0) tally.fileErrors++;
}
