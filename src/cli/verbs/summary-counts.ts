/** Counts the events of a run for its summary. */
import type { Diagnostic } from "../../base/errors.js";
import type { Event, Reporter } from "../../base/events.js";
import type { Summary } from "../../tmpfiles/index.js";

/** A reporter that prints a summary when the run is over. */
export interface FinishingReporter extends Reporter {
  finish(summary: Summary, seconds: number): void;
}

/** Counts that the engine's own summary does not have. */
export interface SummaryCounts {
  created: number;
  changed: number;
  failed: number;
  tolerated: number;
  errors: number;
  /** The errors that are about a whole file. */
  fileErrors: number;
  warnings: number;
}

export function newSummaryCounts(): SummaryCounts {
  return { created: 0, changed: 0, failed: 0, tolerated: 0, errors: 0, fileErrors: 0, warnings: 0 };
}

export function count(counts: SummaryCounts, event: Event): void {
  if (event.type === "created" && event.outcome !== "existing") counts.created++;
  else if (event.type === "changed" && event.what !== "times") counts.changed++;
  else if (event.type === "failed" && event.tolerated) counts.tolerated++;
  else if (event.type === "failed") counts.failed++;
  else if (event.type === "diagnostic") countDiagnostic(counts, event.diagnostic);
}

function countDiagnostic(counts: SummaryCounts, { severity, line }: Diagnostic): void {
  if (severity === "warning") counts.warnings++;
  if (severity !== "error") return;
  counts.errors++;
  if (line === 0) counts.fileErrors++;
}
