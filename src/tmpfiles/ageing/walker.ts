import type { Bytes } from "../../base/bytes.js";
import { SyscallError } from "../../base/errors.js";
import type {
  InodeKind,
  KeepCode,
  KeepReason,
  Operation,
  Reporter,
  Source,
  WalkProgress,
} from "../../base/events.js";
import type { StopFlag } from "../../base/stop.js";
import { type Nanoseconds, SECOND } from "../../base/time.js";
import { errnoName } from "../../sys/ffi.js";
import { check, type Fd } from "../../sys/files.js";
import { keepsChangeTimes } from "../../sys/filesystem.js";
import { StatxBuffer, statxOf } from "../../sys/scan.js";
import { boundSockets } from "../../sys/sockets.js";
import { kindOf } from "../hands/kind.js";
import type { Age, Item, ItemGroup } from "../item.js";
import type { DirectoryIndex } from "./directory-index.js";
import { type AgeRule, GUARDS } from "./guards.js";
import type { Lens } from "./lens.js";
import { LineIndex } from "./line-index.js";
import { Crew } from "./parallel/crew.js";
import { Walk } from "./walk.js";
import type { WalkHands } from "./walk-hands.js";
import type { Tally, WalkListener } from "./walk-parts.js";

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
  /** The errno of a failure that the exit status tells of; 0 where all went well. */
  readonly status: number;
  /** How many entries of the base stay. */
  readonly stays: number;
}

export interface WalkerParts {
  readonly hands: WalkHands;
  readonly reporter: Reporter;
  readonly exact?: readonly ItemGroup[];
  readonly globs?: readonly ItemGroup[];
  /** Threads in all, as many as the machine has cores for where it is not said; 1 walks alone. */
  readonly jobs?: number | undefined;
  /** How many entries a run looks at before it starts more threads. */
  readonly parallelFrom?: number;
  readonly lens?: Lens | undefined;
  /** What the last run saw of each directory. */
  readonly index?: DirectoryIndex | undefined;
  readonly stop?: StopFlag | undefined;
}

/** A thread takes as long to start as this many entries take to be looked at. */
const PARALLEL_FROM = 24_576;

/** Walks for the handlers of a run, one path after the other, and adds up what they come to. */
export class Walker {
  readonly tally: Tally;
  readonly hands: WalkHands;
  /** Where a line stands, by its order. */
  readonly source: (order: number) => Source | undefined;
  readonly #reporter: Reporter;
  readonly #crew: Crew | undefined;
  readonly #walk: Walk;
  readonly #lens: Lens | undefined;
  readonly #index: DirectoryIndex | undefined;

  constructor({
    hands,
    reporter,
    exact = [],
    globs = [],
    jobs,
    parallelFrom = PARALLEL_FROM,
    lens,
    index,
    stop,
  }: WalkerParts) {
    this.hands = hands;
    this.#reporter = reporter;
    this.#lens = lens;
    this.#index = index;
    const groups = [...exact, ...globs];
    const lines = { paths: groups.map(({ path }) => path), exact: exact.length };
    this.source = (order) => groups[order]?.items[0]?.source;
    const listener = this.#listener(NO_SOURCE, "clean");
    // A dry run looks for itself: it goes by what it itself would have removed.
    if (jobs !== 1 && hands.acts && lens === undefined)
      this.#crew = new Crew({ jobs, from: parallelFrom, lines, source: this.source, index, stop }, listener);
    this.#walk = new Walk({
      hands,
      listener,
      lines: new LineIndex(lines),
      sources: this.source,
      sockets: once(boundSockets),
      sharing: this.#crew,
      lens,
      index,
      stop,
    });
    this.tally = this.#walk.ledger.tally;
  }

  /** Walks what lies in `base`, which was opened for listing as `path`; the base itself stays. */
  walk(item: Item, operation: Operation, base: Fd, path: Bytes, rule: AgeRule): WalkResult {
    const stat = new StatxBuffer();
    const failed = statxOf(base.number, stat);
    if (failed !== 0) check(-1, "statx", path, () => [`${base}`]);
    const listener = this.#listener(item.source, operation);
    const indexing = this.#index !== undefined && operation === "clean" && keepsChangeTimes(base);
    this.#crew?.begin(rule, indexing, listener);
    this.#lens?.begins(item.source, path);
    if (operation === "clean") this.#reporter.cleans?.(path, item.source);
    const restoresTimes = rule !== ANY_AGE;
    return this.#walk.start({ fd: base.number, path, stat, rule, restoresTimes, indexing, listener });
  }

  /** No walk will follow: other threads go home, and their totals are added to this one's. */
  finish(): void {
    this.#crew?.dismiss(this.tally);
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

  /** Why entries were kept, by number of entries. */
  keptByReason(): Partial<Record<KeepCode, number>> {
    const kept: Partial<Record<KeepCode, number>> = {};
    for (const [at, { code }] of GUARDS.entries()) {
      const count = this.tally.kept[at] ?? 0;
      if (count > 0) kept[code] = (kept[code] ?? 0) + count;
    }
    if (this.tally.indexed > 0) kept.indexed = this.tally.indexed;
    return kept;
  }

  #listener(source: Source, operation: Operation): WalkListener {
    const reporter = this.#reporter;
    const done = this.hands.acts;
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
      failed(path: Bytes, errno: number, syscall: string, args: readonly string[]) {
        const error = new SyscallError(errnoName(errno), errno, syscall, args, path);
        reporter.report({ type: "failed", path, error, tolerated: true, source });
      },
      progress: ({ entries, removed, path }: WalkProgress) => {
        this.#crew?.drain();
        const elsewhere = this.#crew?.elsewhere() ?? { entries: 0, removed: 0 };
        reporter.progress?.({
          entries: entries + elsewhere.entries,
          removed: removed + elsewhere.removed,
          path,
        });
      },
    };
  }
}

const NO_SOURCE: Source = { file: "" as Bytes, line: 0, text: "" as Bytes };

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
