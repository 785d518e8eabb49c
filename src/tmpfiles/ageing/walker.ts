/** Walks for the handlers of a run, and adds up the results. */
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
import type { Nanoseconds } from "../../base/time.js";
import { type Errno, errnoName, SUCCESS } from "../../sys/ffi.js";
import { type Fd, requireSuccess } from "../../sys/files.js";
import { keepsChangeTimes } from "../../sys/filesystem.js";
import { OpenFiles } from "../../sys/open-files.js";
import { StatxBuffer, statxOf } from "../../sys/scan.js";
import type { Cause } from "../effects/cause.js";
import { kindOf } from "../effects/kind.js";
import type { Age } from "../syntax/age.js";
import type { Pragmas } from "../syntax/pragma.js";
import { type AgeRule, cutoffAt, NEVER } from "./age-rule.js";
import { withBudget } from "./budget.js";
import type { DirectoryIndex } from "./directory-index.js";
import { GUARDS } from "./guards.js";
import { LineCounters } from "./line-counters.js";
import { LineIndex } from "./line-index.js";
import { WorkerPool } from "./parallel/worker-pool.js";
import { Sockets } from "./sockets.js";
import { Walk } from "./walk.js";
import { addCounters, newWalkCounters, type WalkCounters } from "./walk-counters.js";
import type { WalkEffects } from "./walk-effects.js";
import type { WalkListener } from "./walk-listener.js";
import type { WalkObserver } from "./walk-observer.js";
import type { WalkParts, WalkResult } from "./walk-options.js";

/** The rule of --remove and --purge: everything is removed, whatever its age. */
export const ANY_AGE: AgeRule = {
  cutoffSeconds: 0,
  cutoffNanoseconds: 0,
  byFile: 0,
  byDirectory: 0,
  keepFirstLevel: false,
  keepOpen: false,
  wholeUnits: false,
  keepFrom: NEVER,
};

/** Undefined if the clock is closer to 1970 than the age: then nothing is old. */
export function ageRule(age: Age, now: Nanoseconds, pragmas?: Pragmas): AgeRule | undefined {
  const budget = pragmas?.budget;
  const isEarly = budget?.evictsEarly === true;
  if (now < age.span && !isEarly) return undefined;
  return {
    ...cutoffAt(now < age.span ? 0n : now - age.span),
    byFile: age.byFile,
    byDirectory: age.byDirectory,
    keepFirstLevel: age.keepFirstLevel,
    keepOpen: pragmas?.keepOpen ?? false,
    wholeUnits: pragmas?.wholeUnits ?? false,
    keepFrom: NEVER,
    ...(budget !== undefined && { budget, age: age.span }),
  };
}

/** The lines of one path. The first of them keeps the path from lines above it. */
interface GroupedLines {
  readonly path: Bytes;
  readonly items: readonly { readonly source: Source }[];
}

export interface WalkerParts {
  readonly effects: WalkEffects;
  readonly reporter: Reporter;
  readonly exact?: readonly GroupedLines[];
  readonly globs?: readonly GroupedLines[];
  /** The number of threads; by default the machine's number of cores. 1 starts no others. */
  readonly jobs?: number | undefined;
  /** The number of entries to walk before other threads start. */
  readonly parallelFrom?: number;
  readonly observer?: WalkObserver | undefined;
  /** What the last run noted about each directory. */
  readonly index?: DirectoryIndex | undefined;
  readonly stop?: StopFlag | undefined;
}

/** A thread takes as long to start as a walk of this many entries. */
const PARALLEL_FROM = 24_576;

/** Walks for the handlers of a run, one path after the other, and adds up the results. */
export class Walker {
  readonly counters: WalkCounters;
  readonly effects: WalkEffects;
  readonly lines = new LineCounters();
  readonly openFiles = new OpenFiles();
  /** The location of a line, by its order. */
  readonly source: (order: number) => Source | undefined;
  readonly #reporter: Reporter;
  #hiddenReported = false;
  readonly #workers: WorkerPool | undefined;
  readonly #walk: Walk;
  readonly #parts: WalkParts;
  readonly #observer: WalkObserver | undefined;
  readonly #index: DirectoryIndex | undefined;

  constructor({
    effects,
    reporter,
    exact = [],
    globs = [],
    jobs,
    parallelFrom = PARALLEL_FROM,
    observer,
    index,
    stop,
  }: WalkerParts) {
    this.effects = effects;
    this.#reporter = reporter;
    this.#observer = observer;
    this.#index = index;
    const groups = [...exact, ...globs];
    const lines = { paths: groups.map(({ path }) => path), exact: exact.length };
    this.source = (order) => groups[order]?.items[0]?.source;
    const listener = this.#listener(NO_SOURCE, "clean");
    // A dry run uses one thread, because it must know what it would already have removed.
    if (jobs !== 1 && effects.acts && observer === undefined)
      this.#workers = new WorkerPool(
        { jobs, from: parallelFrom, lines, source: this.source, index, stop },
        listener,
      );
    this.#parts = {
      effects,
      listener,
      lines: new LineIndex(lines),
      sources: this.source,
      sockets: new Sockets(),
      openFiles: this.openFiles,
      scheduler: this.#workers,
      observer,
      index,
      stop,
    };
    this.#walk = new Walk(this.#parts);
    this.counters = this.#walk.stats.counters;
  }

  /** Walks the entries of `base`, which was opened for listing at `path`. Keeps the base itself. */
  walk(cause: Cause, operation: Operation, base: Fd, path: Bytes, wanted: AgeRule): WalkResult {
    const stat = new StatxBuffer();
    const failed = statxOf(base.number, stat);
    if (failed !== SUCCESS) requireSuccess(-1, "statx", path, () => [`${base}`]);
    const rule = withBudget(this.#parts, wanted, { fd: base.number, path, stat }, (parts) => new Walk(parts));
    const listener = this.#listener(cause.source, operation);
    // The notes of the index hold for the age of a line only.
    const mayIndex = operation === "clean" && wanted.budget === undefined;
    const indexing = this.#index !== undefined && mayIndex && keepsChangeTimes(base);
    this.#workers?.begin(rule, indexing, listener);
    this.#observer?.walkStarted(cause.source, path);
    if (operation === "clean") this.#reporter.cleans?.(path, cause.source);
    if (rule.keepOpen) this.#reportHidden(cause.source, path);
    const restoresTimes = rule !== ANY_AGE;
    const start = { fd: base.number, path, stat, rule, restoresTimes, indexing, listener };
    return this.lines.during(
      cause.source,
      () => this.#total(),
      () => this.#walk.start(start),
    );
  }

  /** Once in a run. An ordinary user may inspect only their own processes. */
  #reportHidden(source: Source, path: Bytes): void {
    const { hidden } = this.openFiles;
    if (this.#hiddenReported || hidden === 0) return;
    this.#hiddenReported = true;
    const processes = hidden === 1 ? "1 process" : `${hidden} processes`;
    const why = `keep-open cannot inspect ${processes}, and does not keep files that only they use`;
    this.#reporter.report({ type: "skipped", path, why, severity: "warning", source });
  }

  #total(): WalkCounters {
    const total = newWalkCounters();
    addCounters(total, this.counters);
    if (this.#workers !== undefined) addCounters(total, this.#workers.elsewhere());
    return total;
  }

  /** Ends the walks: shuts down the other threads and adds their totals. */
  finish(): void {
    this.#workers?.shutDown(this.counters);
  }

  /** Counts the removal of a line's own path. */
  removedTarget(cause: Cause, operation: Operation, path: Bytes, stat: StatxBuffer): void {
    for (const counters of this.#countersOf(cause)) {
      counters.removed++;
      counters.bytes += stat.allocated;
    }
    if (this.#reporter.wantsRemoved === false) return;
    const { source } = cause;
    const bytes = stat.allocated;
    const done = this.effects.acts;
    const kind = kindOf(stat);
    this.#reporter.report({ type: "removed", path, kind, bytes, operation, target: true, done, source });
  }

  /** Counts a line's own path that is kept. */
  keep(cause: Cause, code: KeepCode): void {
    const at = GUARDS.findIndex((guard) => guard.code === code);
    for (const { kept } of this.#countersOf(cause)) kept[at] = (kept[at] ?? 0) + 1;
  }

  #countersOf({ source }: Cause): readonly WalkCounters[] {
    return [this.counters, this.lines.of(source)];
  }

  /** Reports a failure that does not affect the exit status. */
  fail(cause: Cause, path: Bytes, error: Error): void {
    for (const counters of this.#countersOf(cause)) counters.failed++;
    this.#reporter.report({ type: "failed", path, error, tolerated: true, source: cause.source });
  }

  #listener(source: Source, operation: Operation): WalkListener {
    const reporter = this.#reporter;
    const done = this.effects.acts;
    return {
      wantsKept: reporter.wantsKept,
      wantsRemoved: reporter.wantsRemoved ?? true,
      removed(path: Bytes, kind: InodeKind, bytes: number) {
        reporter.report({ type: "removed", path, kind, bytes, operation, target: false, done, source });
      },
      kept(path: Bytes, kind: InodeKind, reason: KeepReason) {
        reporter.report({ type: "kept", path, kind, reason, source });
      },
      failed(path: Bytes, errno: Errno, syscall: string, args: readonly string[]) {
        const error = new SyscallError(errnoName(errno), errno, syscall, args, path);
        reporter.report({ type: "failed", path, error, tolerated: true, source });
      },
      progress: ({ entries, removed, path }: WalkProgress) => {
        this.#workers?.drain();
        const elsewhere = this.#workers?.elsewhere() ?? { entries: 0, removed: 0 };
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
