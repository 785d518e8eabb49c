import { existsSync } from "node:fs";
import type { Bytes } from "../base/bytes.js";
import type { KeepCode, Operation, Reporter } from "../base/events.js";
import { Interruption, type StopFlag } from "../base/stop.js";
import type { Clock } from "../base/time.js";
import { systemClock } from "../sys/clock.js";
import { DirectoryIndex } from "./ageing/directory-index.js";
import type { Lens } from "./ageing/lens.js";
import { actingWalkHands, lookingWalkHands, type WalkHands } from "./ageing/walk-hands.js";
import { Walker } from "./ageing/walker.js";
import { errorAt } from "./config/diagnostics.js";
import { type LoadOptions, loadItems } from "./config/items.js";
import { dryHands } from "./hands/dry.js";
import type { Hands } from "./hands/hands.js";
import { realHands } from "./hands/real.js";
import { requireRunOptions } from "./options.js";
import { Outcome } from "./outcome.js";
import { type Groups, runPhases } from "./phases.js";

/** What every handler needs to know of the run that it is part of. */
export interface Run {
  /** `/`, or the directory of --root: all items' paths lie below it, and symlinks resolve inside it. */
  readonly root: Bytes;
  /** Of a run that only looks: no symlink's access time is to move. */
  readonly traceless: boolean;
  readonly hands: Hands;
  readonly reporter: Reporter;
  /** Asked anew by each item: an age of 0 takes what the items before it have touched, too. */
  readonly clock: Clock;
  /** Walks below the items' paths. */
  readonly walker: Walker;
  readonly outcome: Outcome;
  readonly opensAgeless: boolean;
  readonly stop?: StopFlag | undefined;
}

export interface RunOptions extends LoadOptions {
  readonly operations: readonly Operation[];
  /** Say what would be done, and touch nothing. */
  readonly dryRun?: boolean;
  readonly clock?: Clock;
  /** On --clean, opens the directories of lines without an age too, as 262 does: who may not open one has failed. */
  readonly opensAgeless?: boolean;
  /** Threads that walk; as many as the machine has cores by default. */
  readonly jobs?: number | undefined;
  /** How many entries are looked at before more threads are started. */
  readonly parallelFrom?: number | undefined;
  /**
   * A file for what this run sees of each directory, so that the next need not look at files that can't be old yet:
   * docs/index-soundness.md. None by default.
   */
  readonly index?: Bytes | undefined;
  /**
   * Asks the run to stop early, from another thread or a signal handler. The entry at hand is finished, directories get
   * their times back, and locks are released; `Summary.interrupted` is true then.
   */
  readonly stop?: StopFlag | undefined;
}

/** The exit status that systemd-tmpfiles(8) documents. */
export type ExitStatus = 0 | 1 | 65 | 73;

/** What a run came to. */
export interface Summary {
  /** Lines of the configuration that the run applied. */
  readonly lines: number;
  /** Entries that were looked at below the lines' paths. */
  readonly entries: number;
  /** What went, or would go in a dry run. */
  readonly removed: { readonly entries: number; readonly bytes: bigint };
  /** What was looked at and stays, by the first reason. */
  readonly kept: Partial<Record<KeepCode, number>>;
  readonly failed: number;
  /** Whether the run was asked to stop before it was done. */
  readonly interrupted: boolean;
  readonly exitStatus: ExitStatus;
}

/**
 * Does what systemd-tmpfiles(8) does: loads the configuration, and purges, removes, cleans and creates as it says, in
 * that order. What goes wrong with one line is reported, and the others go on; it throws nothing of the kind.
 *
 * Security: it may run as root over directories that others write to; everything is done by directory fd.
 *
 * @throws TypeError where the options themselves are wrong.
 */
export function run(options: RunOptions, reporter: Reporter = SILENT): Summary {
  requireRunOptions(options, reporter);
  if (!existsSync("/proc/self/fd")) {
    reporter.report({ type: "diagnostic", diagnostic: errorAt("/proc" as Bytes, 0, NO_PROC) });
    return { ...NOTHING_DONE, exitStatus: 1 };
  }
  const loaded = loadItems(options);
  for (const diagnostic of loaded.diagnostics) reporter.report({ type: "diagnostic", diagnostic });
  if (loaded.aborted) return { ...NOTHING_DONE, exitStatus: 1 };
  const summary = runItems(loaded, options, reporter);
  if (loaded.failed || summary.exitStatus === 1) return { ...summary, exitStatus: 1 };
  return { ...summary, exitStatus: loaded.invalid ? 65 : summary.exitStatus };
}

/** For those who only want the summary. */
const SILENT: Reporter = { wantsKept: false, wantsRemoved: false, report: () => undefined };

/** Which sockets live and which files are locked is told there alone: without it, what is in use would go. */
const NO_PROC = {
  code: "no-proc",
  column: 0,
  message: "/proc is not mounted, and nothing is done without it: mount it first",
} as const;

const NOTHING_DONE = {
  lines: 0,
  entries: 0,
  removed: { entries: 0, bytes: 0n },
  kept: {},
  failed: 0,
  interrupted: false,
} as const;

/** For those who ask why; see Lens. They have hands of their own where another version's ways are asked about. */
export interface LookOptions extends RunOptions {
  readonly lens?: Lens;
  readonly walkHands?: WalkHands;
}

/** Runs items that were loaded already: purges, removes, cleans and creates, in that order. */
export function runItems(groups: Groups, options: LookOptions, reporter: Reporter): Summary {
  const outcome = new Outcome();
  const listening = outcome.listen(reporter);
  const root = options.root ?? ("/" as Bytes);
  const walkHands = options.walkHands ?? (options.dryRun === true ? lookingWalkHands() : actingWalkHands);
  const { jobs, parallelFrom, stop } = options;
  const { clock = systemClock } = options;
  const index = options.index && DirectoryIndex.load(options.index, clock.now());
  const walker = new Walker({
    hands: walkHands,
    reporter: listening,
    ...groups,
    jobs,
    lens: options.lens,
    index,
    stop,
    ...(parallelFrom === undefined ? {} : { parallelFrom }),
  });
  const hands = options.dryRun === true ? dryHands(root, listening) : realHands(root, listening);
  const { opensAgeless = false } = options;
  const traceless = options.lens !== undefined;
  const interrupted = isInterrupted(() =>
    runPhases(
      { root, hands, reporter: listening, clock, walker, outcome, opensAgeless, traceless, stop },
      groups,
      new Set(options.operations),
    ),
  );
  walker.finish();
  // A new index would miss what was not looked at. The one from before still holds.
  if (!interrupted && index !== undefined && options.index !== undefined && walkHands.acts)
    saveIndex(index, options.index);
  const { entries, removed, bytes } = walker.tally;
  const lines = [...groups.exact, ...groups.globs].reduce((sum, { items }) => sum + items.length, 0);
  return {
    lines,
    entries,
    removed: { entries: removed, bytes: BigInt(bytes) },
    kept: walker.keptByReason(),
    failed: outcome.failures,
    interrupted,
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

/** An index that can't be saved (a full disk, a directory of somebody else's) is only missed. */
function saveIndex(index: DirectoryIndex, path: Bytes): void {
  try {
    index.save(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}
