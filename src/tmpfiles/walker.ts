import type { Bytes } from "../base/bytes.js";
import type { InodeKind, KeepCode, KeepReason, Operation, Reporter, Source } from "../base/events.js";
import { type Nanoseconds, SECOND } from "../base/time.js";
import { check, type Fd } from "../sys/files.js";
import { StatxBuffer, statxOf } from "../sys/scan.js";
import { boundSockets } from "../sys/sockets.js";
import { type AgeRule, GUARDS } from "./guards.js";
import type { Age, Item, ItemGroup } from "./item.js";
import { kindOf } from "./kind.js";
import { LineIndex } from "./line-index.js";
import { newTally, type Tally, Walk, type WalkListener } from "./walk.js";
import type { WalkHands } from "./walk-hands.js";

/** Everything goes, whatever its times: what --remove and --purge walk by. */
export const ANY_AGE: AgeRule = {
  cutoffSeconds: 0,
  cutoffNanoseconds: 0,
  byFile: 0,
  byDirectory: 0,
  keepFirstLevel: false,
};

/** undefined where the clock stands nearer to 1970 than the age: then nothing is old. */
export function ageRule(age: Age, now: Nanoseconds): AgeRule | undefined {
  if (now < age.span) return undefined;
  const cutoff = now - age.span;
  return {
    cutoffSeconds: Number(cutoff / SECOND),
    cutoffNanoseconds: Number(cutoff % SECOND),
    byFile: age.byFile,
    byDirectory: age.byDirectory,
    keepFirstLevel: age.keepFirstLevel,
  };
}

/** What a walk below one path came to. */
export interface WalkResult {
  /** The errno that the last entry of the base ended with: all that the exit status knows of. */
  readonly status: number;
  /** How many entries of the base stay. */
  readonly stays: number;
}

/** Walks for the handlers of a run, one path after the other, and adds up what they come to. */
export class Walker {
  readonly tally = newTally();
  readonly hands: WalkHands;
  readonly #reporter: Reporter;
  readonly #index: LineIndex;
  readonly #sources: readonly Source[];
  #sockets: ReadonlySet<Bytes> | undefined;
  #socketsRead = false;

  constructor(
    hands: WalkHands,
    reporter: Reporter,
    exact: readonly ItemGroup[],
    globs: readonly ItemGroup[],
  ) {
    this.hands = hands;
    this.#reporter = reporter;
    const groups = [...exact, ...globs];
    this.#index = new LineIndex(
      groups.map(({ path }, order) => ({ path, glob: order >= exact.length, order })),
    );
    this.#sources = groups.flatMap(({ items }) => items.slice(0, 1)).map(({ source }) => source);
  }

  /** Walks what lies in `base`, which was opened for listing as `path`; the base itself stays. */
  walk(item: Item, operation: Operation, base: Fd, path: Bytes, rule: AgeRule): WalkResult {
    const stat = new StatxBuffer();
    const failed = statxOf(base.number, stat);
    if (failed !== 0) check(-1, "statx", path, () => [`${base}`]);
    const walk = new Walk({
      hands: this.hands,
      listener: this.#listener(item, operation),
      lines: this.#index,
      sources: (order) => this.#sources[order],
      sockets: () => this.#readSockets(),
    });
    const restoresTimes = rule !== ANY_AGE;
    const result = walk.start({ fd: base.number, path, stat, rule, restoresTimes });
    addTally(this.tally, walk.tally);
    return result;
  }

  /** A path that a line itself named went, too. */
  removedInstance(item: Item, operation: Operation, path: Bytes, stat: StatxBuffer): void {
    this.tally.removed++;
    this.tally.bytes += stat.allocated;
    if (this.#reporter.wantsRemoved === false) return;
    const { source } = item;
    const bytes = BigInt(stat.allocated);
    const done = this.hands.acts;
    const kind = kindOf(stat);
    this.#reporter.report({ type: "removed", path, kind, bytes, operation, instance: true, done, source });
  }

  /** Counts an entry that stays. */
  keep(code: KeepCode): void {
    const at = GUARDS.findIndex((guard) => guard.code === code);
    this.tally.kept[at] = (this.tally.kept[at] ?? 0) + 1;
  }

  /** Tells a failure that the exit status says nothing of. */
  fail(item: Item, path: Bytes, error: Error): void {
    this.tally.failed++;
    this.#reporter.report({ type: "failed", path, error, tolerated: true, source: item.source });
  }

  source(order: number): Source | undefined {
    return this.#sources[order];
  }

  /** Why entries were kept, by number of entries. */
  keptByReason(): Partial<Record<KeepCode, number>> {
    const kept: Partial<Record<KeepCode, number>> = {};
    for (const [at, { code }] of GUARDS.entries()) {
      const count = this.tally.kept[at] ?? 0;
      if (count > 0) kept[code] = (kept[code] ?? 0) + count;
    }
    return kept;
  }

  #readSockets(): ReadonlySet<Bytes> | undefined {
    if (!this.#socketsRead) this.#sockets = boundSockets();
    this.#socketsRead = true;
    return this.#sockets;
  }

  #listener(item: Item, operation: Operation): WalkListener {
    const reporter = this.#reporter;
    const { source } = item;
    const done = this.hands.acts;
    const seenBefore = this.tally.entries;
    return {
      wantsKept: reporter.wantsKept,
      wantsRemoved: reporter.wantsRemoved ?? true,
      removed(path: Bytes, kind: InodeKind, allocated: number) {
        const bytes = BigInt(allocated);
        reporter.report({ type: "removed", path, kind, bytes, operation, instance: false, done, source });
      },
      kept(path: Bytes, kind: InodeKind, reason: KeepReason) {
        reporter.report({ type: "kept", path, kind, reason, source });
      },
      failed(path: Bytes, error: Error) {
        reporter.report({ type: "failed", path, error, tolerated: true, source });
      },
      progress: (entries: number) => reporter.progress?.(seenBefore + entries),
    };
  }
}

function addTally(to: Tally, from: Tally): void {
  to.entries += from.entries;
  to.removed += from.removed;
  to.bytes += from.bytes;
  to.failed += from.failed;
  for (const [at, count] of from.kept.entries()) to.kept[at] = (to.kept[at] ?? 0) + count;
}
