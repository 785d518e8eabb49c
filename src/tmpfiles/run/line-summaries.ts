/** Summarizes the run for each line of the configuration. */
import type { Operation } from "../../base/events.js";
import { keptByReason } from "../ageing/walk-counters.js";
import type { Item } from "../model/item.js";
import type { LineSummary } from "../model/outcome.js";
import type { RunContext } from "../model/run-context.js";
import { type Groups, handlerOf } from "./phases.js";

type Totals = Pick<RunContext, "walker" | "outcome" | "opensAgeless">;

/**
 * A summary for each line that removes or cleans in this run, even if it found nothing to do, and for each that failed for
 * a path.
 */
export function summariesByLine(
  run: Totals,
  { exact, globs }: Groups,
  operations: ReadonlySet<Operation>,
): LineSummary[] {
  const removing = [...operations].filter((operation) => operation !== "create");
  const takesPart = (item: Item): boolean =>
    run.outcome.failuresOf(item.source) > 0 ||
    removing.some((operation) => handlerOf(run, item, operation) !== undefined);
  return [...exact, ...globs]
    .flatMap(({ items }) => items.filter(takesPart))
    .map((item) => lineSummary(run, item));
}

function lineSummary({ walker, outcome }: Totals, { source }: Item): LineSummary {
  const counters = walker.lines.of(source);
  const { entries, removed, bytes } = counters;
  return {
    source,
    entries,
    removed: { entries: removed, bytes },
    kept: keptByReason(counters),
    failed: outcome.failuresOf(source),
  };
}
