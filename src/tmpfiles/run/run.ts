/** Runs the configuration. */
import { existsSync } from "node:fs";
import type { Bytes } from "../../base/bytes.js";
import type { Operation, Reporter } from "../../base/events.js";
import { Interruption } from "../../base/stop.js";
import { isClockSynchronized, systemClock } from "../../sys/clock.js";
import { DirectoryIndex } from "../ageing/directory-index.js";
import { keptByReason } from "../ageing/walk-counters.js";
import { dryRunWalkEffects, realWalkEffects, type WalkEffects } from "../ageing/walk-effects.js";
import type { WalkObserver } from "../ageing/walk-observer.js";
import { Walker } from "../ageing/walker.js";
import { loadItemsSync } from "../config/items.js";
import { dryRunEffects } from "../effects/dry-run.js";
import { realEffects } from "../effects/real.js";
import { type RunOptions, requireRunOptions } from "../model/options.js";
import { Outcome, type Summary } from "../model/outcome.js";
import { errorAt } from "../syntax/diagnostics.js";
import { summariesByLine } from "./line-summaries.js";
import { type Groups, runPhases } from "./phases.js";

/**
 * Runs like systemd-tmpfiles(8): loads the configuration, then purges, removes, cleans and creates, in that order. Reports
 * the errors of a line, continues with the others, and throws none of them.
 *
 * Security: it may run as root on directories that other users can write to; it does everything by directory fd.
 *
 * @throws TypeError if the options themselves are invalid.
 */
export function runSync(options: RunOptions, reporter: Reporter = SILENT): Summary {
  requireRunOptions(options, reporter);
  if (!existsSync("/proc/self/fd")) {
    reporter.report({ type: "diagnostic", diagnostic: errorAt("/proc" as Bytes, 0, NO_PROC) });
    return { ...NOTHING_DONE, exitStatus: 1 };
  }
  const loaded = loadItemsSync(options);
  for (const diagnostic of loaded.diagnostics) reporter.report({ type: "diagnostic", diagnostic });
  if (loaded.aborted) return { ...NOTHING_DONE, exitStatus: 1 };
  const summary = runItems(loaded, options, reporter);
  if (loaded.failed || summary.exitStatus === 1) return { ...summary, exitStatus: 1 };
  return { ...summary, exitStatus: loaded.invalid ? 65 : summary.exitStatus };
}

/** For callers that only need the summary. */
export const SILENT: Reporter = { wantsKept: false, wantsRemoved: false, report: () => undefined };

/** Only /proc shows which sockets are live and which files are locked. Without it, files in use would be removed. */
const NO_PROC = {
  code: "no-proc",
  column: 0,
  message: "/proc is not mounted, and nothing is done without it: mount it first",
} as const;

const NOTHING_DONE = {
  lines: 0,
  entries: 0,
  removed: { entries: 0, bytes: 0 },
  kept: {},
  failed: 0,
  byLine: [],
  interrupted: false,
} as const;

/** For observers, which may supply effects that behave like another version. */
export interface RunItemsOptions extends RunOptions {
  readonly observer?: WalkObserver;
  readonly walkEffects?: WalkEffects;
  /** The kernel's answer by default; of a run that only looks, it is assumed. */
  readonly isClockSynchronized?: () => boolean;
}

/** Runs loaded items: purges, removes, cleans and creates, in that order. */
export function runItems(groups: Groups, options: RunItemsOptions, reporter: Reporter): Summary {
  const walkEffects =
    options.walkEffects ?? (options.dryRun === true ? dryRunWalkEffects() : realWalkEffects());
  const { clock = systemClock } = options;
  const index = options.index && DirectoryIndex.load(options.index, clock.now());
  const context = contextOf(groups, { ...options, clock, walkEffects }, index, reporter);
  const operations = new Set(options.operations);
  const interrupted = isInterrupted(() => runPhases(context, groups, operations));
  context.walker.finish();
  // A new index would lack the unexamined directories. The old one is still valid.
  if (!interrupted && index !== undefined && options.index !== undefined && walkEffects.acts)
    saveIndex(index, options.index);
  return { ...summaryOf(context, groups, operations), interrupted };
}

function contextOf(
  groups: Groups,
  options: RunItemsOptions & Required<Pick<RunItemsOptions, "clock" | "walkEffects">>,
  index: DirectoryIndex | undefined,
  reporter: Reporter,
) {
  const { clock, walkEffects, jobs, parallelFrom, stop, observer, opensAgeless = false } = options;
  const outcome = new Outcome();
  const listening = outcome.listen(reporter);
  const root = options.root ?? ("/" as Bytes);
  const isObserved = observer !== undefined;
  const walker = new Walker({
    effects: walkEffects,
    reporter: listening,
    ...groups,
    jobs,
    observer,
    index,
    stop,
    ...(parallelFrom === undefined ? {} : { parallelFrom }),
  });
  return {
    root,
    effects: options.dryRun === true ? dryRunEffects(root, listening) : realEffects(root, listening),
    reporter: listening,
    clock,
    isClockSynchronized: options.isClockSynchronized ?? (isObserved ? () => true : isClockSynchronized),
    walker,
    outcome,
    opensAgeless,
    preserveAtime: isObserved,
    stop,
  };
}

function summaryOf(
  context: ReturnType<typeof contextOf>,
  groups: Groups,
  operations: ReadonlySet<Operation>,
): Omit<Summary, "interrupted"> {
  const { walker, outcome } = context;
  const { entries, removed, bytes } = walker.counters;
  return {
    lines: [...groups.exact, ...groups.globs].reduce((sum, { items }) => sum + items.length, 0),
    entries,
    removed: { entries: removed, bytes },
    kept: keptByReason(walker.counters),
    failed: outcome.failures,
    byLine: summariesByLine(context, groups, operations),
    exitStatus: outcome.exitStatus,
  };
}

function isInterrupted(act: () => void): boolean {
  try {
    act();
    return false;
  } catch (error) {
    if (error instanceof Interruption) return true;
    throw error;
  }
}

/** A failure to save the index (a full disk, another user's directory) only costs time. */
function saveIndex(index: DirectoryIndex, path: Bytes): void {
  try {
    index.save(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}
