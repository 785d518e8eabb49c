/**
 * Reports a run as text: errors on standard error, each path if requested, and a summary with a row for each line of the
 * configuration.
 */
import type { Event } from "../../base/events.js";
import { colors } from "../colors.js";
import { number } from "../format.js";
import type { OutputStream } from "../output-stream.js";
import { actionLine, errorLine } from "./event-lines.js";
import { LineTotals } from "./line-totals.js";
import { progressOn } from "./progress.js";
import { summaryLines } from "./summary.js";
import { count, type FinishingReporter, type SummaryCounts } from "./summary-counts.js";

export interface TextOptions {
  readonly dryRun: boolean;
  /** Print each path that is removed, created or changed, and each that is kept, with the reason. */
  readonly verbose: boolean;
  /** Print only errors and warnings. */
  readonly quiet: boolean;
}

/** Limits for a terminal; a pipe or a file gets everything. */
const MAX_PATHS_ON_TERMINAL = 1000;
const MAX_ROWS_ON_TERMINAL = 40;

export function textReporter(
  counts: SummaryCounts,
  streams: { readonly stdout: OutputStream; readonly stderr: OutputStream },
  { dryRun, verbose, quiet }: TextOptions,
): FinishingReporter {
  const { stdout, stderr } = streams;
  const progress = progressOn(stderr, dryRun ? "would remove" : "removed");
  const [out, err] = [colors(stdout), colors(stderr)];
  const totals = new LineTotals();
  const most = (onTerminal: number): number => (stdout.isTerminal ? onTerminal : Number.POSITIVE_INFINITY);
  let paths = 0;
  const printError = (line: string | undefined): void => {
    if (line === undefined) return;
    progress.clear();
    stderr.write(`${line}\n`);
  };
  const printAction = (event: Event): void => {
    if (quiet || !isShown(event, dryRun, verbose)) return;
    const line = actionLine(event, out);
    if (line === undefined || ++paths > most(MAX_PATHS_ON_TERMINAL)) return;
    if (stdout.isTerminal) progress.clear();
    stdout.write(`${line}\n`);
  };
  return {
    // An ordinary user may lack permission to read some directories; these are reported.
    wantsKept: verbose || process.geteuid?.() !== 0,
    wantsRemoved: verbose || dryRun,
    report(event) {
      count(counts, event);
      totals.add(event);
      printError(errorLine(event, err, verbose));
      printAction(event);
    },
    cleans: (directory) => totals.cleans(directory),
    progress: (at) => progress.update(at),
    finish(summary, seconds) {
      progress.clear();
      // On a terminal, the errors appear above the summary.
      stderr.flush();
      if (quiet) return;
      const hidden = paths - most(MAX_PATHS_ON_TERMINAL);
      if (hidden > 0)
        stdout.write(`... and ${number(hidden)} more paths. Redirect the output to list them all.\n`);
      if (!verbose) stdout.write(totals.table(out, most(MAX_ROWS_ON_TERMINAL)));
      stdout.write(`${summaryLines({ counts, summary, totals, dryRun, seconds }, out).join("\n")}\n`);
      if (dryRun && !verbose && summary.removed.entries > 0)
        stdout.write("Use --verbose to list the paths.\n");
    },
  };
}

/** A dry run lists what it would create and change: a few paths per line. It may remove millions, so those need --verbose. */
function isShown(event: Event, dryRun: boolean, verbose: boolean): boolean {
  if (verbose) return true;
  if (!dryRun) return false;
  if (event.type === "created") return event.outcome !== "existing";
  return event.type === "changed" && event.what !== "times";
}
