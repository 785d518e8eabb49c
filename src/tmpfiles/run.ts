import type { Bytes } from "../base/bytes.js";
import type { KeepCode, Operation, Reporter } from "../base/events.js";
import { type Clock, fixedClock, systemClock } from "../base/time.js";
import type { Hands } from "./hands.js";
import { dryHands } from "./hands-dry.js";
import { realHands } from "./hands-real.js";
import { Outcome } from "./outcome.js";
import { type Groups, runPhases } from "./phases.js";
import { actingWalkHands, lookingWalkHands } from "./walk-hands.js";
import { Walker } from "./walker.js";

/** What every handler needs to know of the run that it is part of. */
export interface Run {
  /** `/`, or the directory of --root: all items' paths lie below it, and symlinks resolve inside it. */
  readonly root: Bytes;
  readonly hands: Hands;
  readonly reporter: Reporter;
  /** Stands still while the run lasts. */
  readonly clock: Clock;
  /** Walks below the items' paths. */
  readonly walker: Walker;
  readonly outcome: Outcome;
}

export interface RunOptions {
  /** --root: the directory below which all paths lie. */
  readonly root?: Bytes | undefined;
  readonly operations: readonly Operation[];
  /** Say what would be done, and touch nothing. */
  readonly dryRun?: boolean;
  readonly clock?: Clock;
}

/** The exit status that systemd-tmpfiles(8) documents. */
export type ExitStatus = 0 | 1 | 65 | 73;

/** What a run came to. */
export interface Summary {
  /** Entries that were looked at below the lines' paths. */
  readonly entries: number;
  /** What went, or would go in a dry run. */
  readonly removed: { readonly entries: number; readonly bytes: bigint };
  /** What was looked at and stays, by the first reason. */
  readonly kept: Partial<Record<KeepCode, number>>;
  readonly failed: number;
  readonly exitStatus: ExitStatus;
}

/** Runs items that were loaded already: purges, removes, cleans and creates, in that order. */
export function runItems(groups: Groups, options: RunOptions, reporter: Reporter): Summary {
  const outcome = new Outcome();
  const listening = outcome.listen(reporter);
  const root = options.root ?? ("/" as Bytes);
  const walkHands = options.dryRun === true ? lookingWalkHands() : actingWalkHands;
  const walker = new Walker(walkHands, listening, groups.exact, groups.globs);
  const hands = options.dryRun === true ? dryHands(root, listening) : realHands(root, listening);
  const clock = fixedClock((options.clock ?? systemClock).now());
  runPhases(
    { root, hands, reporter: listening, clock, walker, outcome },
    groups,
    new Set(options.operations),
  );
  const { entries, removed, bytes } = walker.tally;
  return {
    entries,
    removed: { entries: removed, bytes: BigInt(bytes) },
    kept: walker.keptByReason(),
    failed: outcome.failures,
    exitStatus: outcome.failed ? 73 : 0,
  };
}
