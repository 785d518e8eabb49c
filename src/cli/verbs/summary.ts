/** Formats the summary of a run: what was done, what was kept and why, and what failed. */
import { escapeForDisplay } from "../../base/bytes.js";
import type { KeepCode } from "../../base/events.js";
import type { Summary } from "../../tmpfiles/index.js";
import type { Colorize } from "../colors.js";
import { counted, number, size } from "../format.js";
import type { LineTotals } from "./line-totals.js";
import { SHORT } from "./reasons.js";
import type { SummaryCounts } from "./summary-counts.js";

export interface Finished {
  readonly counts: SummaryCounts;
  readonly summary: Summary;
  readonly totals: LineTotals;
  readonly dryRun: boolean;
  readonly seconds: number;
}

/** How many directories are listed if there was nothing to do. */
const MAX_LISTED = 4;

export function summaryLines(finished: Finished, colorize: Colorize): string[] {
  const { counts, summary } = finished;
  const failures = [
    ...(counts.failed > 0 ? [`${number(counts.failed)} failed`] : []),
    ...(counts.tolerated > 0 ? [`${number(counts.tolerated)} ignored`] : []),
    ...(counts.errors > 0 ? [`${counted(counts.errors, "error")} in the configuration`] : []),
  ];
  return [
    actionsLine(finished, colorize),
    ...keptLines(summary.kept),
    ...(failures.length > 0 ? [`${colorize("red", failures.join(", "))}.`] : []),
  ];
}

function actionsLine({ counts, summary, totals, dryRun, seconds }: Finished, colorize: Colorize): string {
  const { removed } = summary;
  const actions = [
    ...(removed.entries > 0
      ? [
          `${dryRun ? "would remove" : "removed"} ${counted(removed.entries, "entry", "entries")}, ${size(removed.bytes)}`,
        ]
      : []),
    ...(counts.created > 0 ? [`${dryRun ? "would create" : "created"} ${number(counts.created)}`] : []),
    ...(counts.changed > 0 ? [`${dryRun ? "would change" : "changed"} ${number(counts.changed)}`] : []),
  ];
  const time = seconds >= 0.05 ? ` in ${seconds.toFixed(1)} s` : "";
  if (summary.interrupted) {
    const done = actions.length > 0 ? actions.join(", ") : examinedText(summary, totals);
    return `${colorize("yellow", "Interrupted")}${time}: ${done}.`;
  }
  if (actions.length === 0)
    return `${colorize("bold", "Nothing to do")}${time}: ${examinedText(summary, totals)}.`;
  const text = actions.join(", ");
  return `${colorize("bold", text.charAt(0).toUpperCase() + text.slice(1))}${time}.`;
}

/** What was examined, for a run that did nothing. */
function examinedText({ lines, entries }: Summary, { cleaned }: LineTotals): string {
  const applied = counted(lines, "line");
  if (cleaned.size === 0) return `${applied} of configuration applied`;
  const named = [...cleaned].slice(0, MAX_LISTED).map(escapeForDisplay).join(", ");
  const more =
    cleaned.size > MAX_LISTED
      ? ` and ${counted(cleaned.size - MAX_LISTED, "more directory", "more directories")}`
      : "";
  return `examined ${counted(entries, "entry", "entries")} in ${named}${more} (${applied} of configuration)`;
}

function keptLines(kept: Summary["kept"]): string[] {
  const reasons = (Object.entries(kept) as [KeepCode, number][]).filter(([, count]) => count > 0);
  const all = reasons.reduce((sum, [, count]) => sum + count, 0);
  const [only] = reasons;
  if (only === undefined) return [];
  const entries = counted(all, "entry", "entries");
  if (reasons.length === 1) return [`Kept ${entries}: ${SHORT[only[0]]}.`];
  const texts = reasons.sort((a, b) => b[1] - a[1]).map(([code, count]) => `${number(count)} ${SHORT[code]}`);
  return [`Kept ${entries}: ${texts.join(", ")}.`];
}
