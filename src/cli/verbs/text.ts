/**
 * What the verbs print for people: what fails or is wrong at once, on standard error; each path if it was asked for; and
 * a summary, with a row for each line of the configuration.
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
  /** Print each path that is removed or made, and each that is kept, with its reason. */
  readonly verbose: boolean;
  /** Print only what is wrong. */
  readonly quiet: boolean;
}

/** A person reads no more paths than these on a terminal; a pipe and a file get all of them. */
const MOST_PATHS_ON_TERMINAL = 1000;
const MOST_ROWS_ON_TERMINAL = 40;

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
    if (line === undefined || ++paths > most(MOST_PATHS_ON_TERMINAL)) return;
    if (stdout.isTerminal) progress.clear();
    stdout.write(`${line}\n`);
  };
  return {
    // An ordinary user may not see everything, and learns what could not be read.
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
      // On a terminal both are the same place: what went wrong stands above the summary.
      stderr.flush();
      if (quiet) return;
      const hidden = paths - most(MOST_PATHS_ON_TERMINAL);
      if (hidden > 0)
        stdout.write(`... and ${number(hidden)} more paths. Redirect the output to see them all.\n`);
      if (!verbose) stdout.write(totals.table(out, most(MOST_ROWS_ON_TERMINAL)));
      stdout.write(`${summaryLines({ counts, summary, totals, dryRun, seconds }, out).join("\n")}\n`);
      if (dryRun && !verbose && summary.removed.entries > 0)
        stdout.write("Use --verbose to list the paths.\n");
    },
  };
}

/** A dry run lists what it would make and change, a few paths a line; what it would remove may be a million. */
function isShown(event: Event, dryRun: boolean, verbose: boolean): boolean {
  if (verbose) return true;
  if (!dryRun) return false;
  if (event.type === "created") return event.outcome !== "existing";
  return event.type === "changed" && event.what !== "times";
}
