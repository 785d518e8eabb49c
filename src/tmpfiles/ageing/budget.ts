/** Measures a directory, and computes which of its oldest entries exceed the budget of a line. */
import { type Bytes, join } from "../../base/bytes.js";
import { type Nanoseconds, SECOND } from "../../base/time.js";
import { address } from "../../sys/ffi.js";
import { S_IFDIR } from "../../sys/inode.js";
import { closeNumber, openForListing, type StatxBuffer } from "../../sys/scan.js";
import type { Budget } from "../syntax/budget.js";
import { type AgeRule, ALWAYS, type Cutoff, cutoffAt, NEVER, newestTime } from "./age-rule.js";
import type { EntryContext } from "./entry-context.js";
import type { Guard } from "./guards.js";
import type { MakeWalk } from "./unit.js";
import { dryRunWalkEffects } from "./walk-effects.js";
import type { WalkListener } from "./walk-listener.js";
import type { WalkObserver } from "./walk-observer.js";
import type { Base, WalkParts } from "./walk-options.js";

/** Hears nothing of the walk that only measures. */
const SILENT: WalkListener = {
  wantsKept: false,
  wantsRemoved: false,
  removed: () => {},
  kept: () => {},
  failed: () => {},
  progress: () => {},
};

const DOT = Buffer.from(".\0");

/** The rule, with the cutoffs that its budget requires now: the directory is measured by a walk that only looks. */
export function withBudget(
  parts: WalkParts,
  rule: AgeRule,
  { fd, path, stat }: Pick<Base, "fd" | "path" | "stat">,
  makeWalk: MakeWalk,
): AgeRule {
  const { budget } = rule;
  if (budget === undefined) return rule;
  // The listing of the base itself must begin at its start.
  const listing = openForListing(fd, address(DOT));
  if (listing === undefined) return { ...rule, ...ALWAYS };
  const observer = new BudgetSurvey(rule);
  const { keepsUnseenUse, gone } = parts.effects;
  const effects = { ...dryRunWalkEffects(), keepsUnseenUse, gone: new Set(gone) };
  const alone = { ...parts, effects, listener: SILENT, observer, scheduler: undefined, index: undefined };
  const how = { path, stat, rule: measuringRule(rule), restoresTimes: false, indexing: false };
  try {
    makeWalk(alone).start({ ...how, fd: listing, listener: SILENT });
  } finally {
    closeNumber(listing);
  }
  return observer.rule(budget);
}

/** Bytes on disk and inodes. */
interface Usage {
  bytes: number;
  inodes: number;
}

/** An inode with several links: it counts once, and is free when the last link is removed. */
interface LinkedInode {
  readonly bytes: number;
  readonly links: number;
  /** How many links are removable, and when the last of them is. */
  removable: number;
  time: Nanoseconds;
}

/** What is removed together, and so at the newest time in it. */
interface Batch extends Usage {
  readonly linked: LinkedInode[];
}

const newBatch = (): Batch => ({ bytes: 0, inodes: 0, linked: [] });

/** The rule under which a dry run removes all that only time keeps. */
function measuringRule(rule: AgeRule): AgeRule {
  return { ...rule, ...NEVER, wholeUnits: false, keepFrom: NEVER, budget: undefined };
}

/**
 * Measures what a dry run by the measuring rule visits, and when it is removable: an entry at its newest time, a directory
 * not before its entries, and a unit that is removed as a whole not before its newest entry.
 */
class BudgetSurvey implements WalkObserver {
  readonly #rule: AgeRule;
  readonly #total: Usage = { bytes: 0, inodes: 0 };
  readonly #removable = new Map<Nanoseconds, Usage>();
  /** By directory that is still being walked: the newest time in it. */
  readonly #newest = new Map<Bytes, Nanoseconds>();
  readonly #linked = new Map<string, LinkedInode>();
  #unit = newBatch();

  /** `rule` is that of the line. */
  constructor(rule: AgeRule) {
    this.#rule = rule;
  }

  walkStarted(): void {}

  entryMissing(): void {}

  namesIn(): undefined {
    return undefined;
  }

  decided(entry: EntryContext, guard: Guard | undefined): void {
    const { stat, within } = entry;
    const time = this.#timeOf(join(within.path, entry.name()), entry);
    const batch = newBatch();
    this.#count(stat, batch);
    if (!this.#rule.wholeUnits) {
      if (guard === undefined) this.#release(batch, time);
    } else if (within.depth > 0) {
      this.#unit = merged(this.#unit, batch);
    } else {
      if (guard === undefined) this.#release(merged(this.#unit, batch), time);
      // `~` keeps the directory itself, not what is in it.
      else if (guard.code === "first-level" && entry.remaining === 0) this.#release(this.#unit, time);
      this.#unit = newBatch();
    }
  }

  /** The newest time of the entry and of all below it, which is also that of the directories above. */
  #timeOf(path: Bytes, { stat, within }: EntryContext): Nanoseconds {
    const time = later(newestTime(stat, this.#rule), this.#newest.get(path));
    this.#newest.delete(path);
    this.#newest.set(within.path, later(time, this.#newest.get(within.path)));
    return time;
  }

  #count(stat: StatxBuffer, batch: Batch): void {
    const bytes = stat.allocated;
    if (stat.type === S_IFDIR || stat.links === 1) {
      addTo(this.#total, { bytes, inodes: 1 });
      addTo(batch, { bytes, inodes: 1 });
      return;
    }
    const key = `${stat.device}:${stat.inode}`;
    let known = this.#linked.get(key);
    if (known === undefined) {
      known = { bytes, links: stat.links, removable: 0, time: 0n };
      this.#linked.set(key, known);
      addTo(this.#total, { bytes, inodes: 1 });
    }
    batch.linked.push(known);
  }

  #release({ bytes, inodes, linked }: Batch, time: Nanoseconds): void {
    if (inodes > 0) this.#removableAt(time, { bytes, inodes });
    for (const each of linked) {
      each.removable++;
      each.time = later(time, each.time);
      if (each.removable === each.links) this.#removableAt(each.time, { bytes: each.bytes, inodes: 1 });
    }
  }

  #removableAt(time: Nanoseconds, usage: Usage): void {
    const known = this.#removable.get(time);
    if (known === undefined) this.#removable.set(time, { ...usage });
    else addTo(known, usage);
  }

  /** The rule of the line, with the cutoffs that the budget requires now. */
  rule(budget: Budget): AgeRule {
    return budget.evictsEarly ? this.#early(budget) : this.#careful(budget);
  }

  /** Only old entries are removed, and of them the oldest that exceed the budget. */
  #careful(budget: Budget): AgeRule {
    const goal = goalOf(budget, this.#total);
    return { ...this.#rule, keepFrom: goal === undefined ? ALWAYS : this.#cutoffFor(goal, this.#total) };
  }

  /** Old entries are removed in any case, and then the oldest that still exceed the budget. */
  #early(budget: Budget): AgeRule {
    const rule = this.#rule;
    const left = { ...this.#total };
    const old = BigInt(rule.cutoffSeconds) * SECOND + BigInt(rule.cutoffNanoseconds);
    for (const [time, usage] of this.#removable) if (time < old) subtract(left, usage);
    const goal = goalOf(budget, left);
    if (goal === undefined) return rule;
    // From the total, since the old entries are among the oldest.
    return { ...rule, ...this.#cutoffFor(goal, this.#total) };
  }

  /** After the last time that has to be removed. Entries with the same time are removed together. */
  #cutoffFor(goal: Usage, total: Usage): Cutoff {
    const left = { ...total };
    let last: Nanoseconds | undefined;
    for (const time of [...this.#removable.keys()].sort(ascending)) {
      if (left.bytes <= goal.bytes && left.inodes <= goal.inodes) break;
      subtract(left, this.#removable.get(time) ?? { bytes: 0, inodes: 0 });
      last = time;
    }
    return last === undefined ? ALWAYS : cutoffAt(last + 1n);
  }
}

/** What may be left at most; undefined if no mark is exceeded. */
function goalOf({ size, inodes }: Budget, { bytes, inodes: count }: Usage): Usage | undefined {
  const isAbove = size !== undefined && bytes > size.max;
  const hasTooMany = inodes !== undefined && count > inodes.max;
  if (!isAbove && !hasTooMany) return undefined;
  return {
    bytes: isAbove ? size.low : Number.POSITIVE_INFINITY,
    inodes: hasTooMany ? inodes.low : Number.POSITIVE_INFINITY,
  };
}

function ascending(a: Nanoseconds, b: Nanoseconds): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function later(time: Nanoseconds, other: Nanoseconds | undefined): Nanoseconds {
  return other !== undefined && other > time ? other : time;
}

function addTo(usage: Usage, { bytes, inodes }: Usage): void {
  usage.bytes += bytes;
  usage.inodes += inodes;
}

function subtract(usage: Usage, { bytes, inodes }: Usage): void {
  usage.bytes -= bytes;
  usage.inodes -= inodes;
}

function merged(batch: Batch, { bytes, inodes, linked }: Batch): Batch {
  batch.bytes += bytes;
  batch.inodes += inodes;
  batch.linked.push(...linked);
  return batch;
}
