/** The verdicts of a configuration whose lines affect each other: they are recorded by path, run by run. */
import { type Bytes, isBelow, join } from "../base/bytes.js";
import type { Reporter, Source, WalkProgress } from "../base/events.js";
import { Interruption, type StopFlag } from "../base/stop.js";
import { fixedClock, type Nanoseconds } from "../base/time.js";
import { namesLeadingTo } from "../inspect/explain/observer.js";
import { simulate } from "../inspect/forecast/simulation.js";
import { type ForecastRemoval, ForecastTotals, firstIndex } from "../inspect/forecast/totals.js";
import type { ReasonCode } from "../inspect/index.js";
import { fnmatch } from "../sys/fnmatch.js";
import { S_IFDIR } from "../sys/inode.js";
import type { StatxBuffer } from "../sys/scan.js";
import type { EntryContext, Environment } from "../tmpfiles/ageing/entry-context.js";
import type { Guard } from "../tmpfiles/ageing/guards.js";
import type { WalkEffects } from "../tmpfiles/ageing/walk-effects.js";
import type { WalkObserver } from "../tmpfiles/ageing/walk-observer.js";
import { ageRule } from "../tmpfiles/ageing/walker.js";
import type { Loaded } from "../tmpfiles/config/items.js";
import { runItems } from "../tmpfiles/run/run.js";
import type { TreeLevel } from "./aggregation.js";
import { BY_TIME } from "./observer.js";
import type { Inherited } from "./unwalked.js";
import { AgeJudge, EntryVerdict } from "./verdict.js";

interface Recorded {
  readonly code: ReasonCode | undefined;
  readonly detail: string | undefined;
  readonly line: Source | undefined;
  readonly word: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly judge: AgeJudge;
}

interface Removal {
  readonly run: number;
  readonly line: Source;
}

class RecordedRemovals extends ForecastTotals {
  readonly byPath = new Map<Bytes, Removal>();

  override add({ path, line, expires }: ForecastRemoval): void {
    const run = firstIndex(this.runs, (each) => each >= expires);
    if (run < this.runs.length) this.byPath.set(path, { run, line });
  }
}

export interface SimulatedOptions {
  readonly loaded: Loaded;
  readonly names: readonly Bytes[];
  readonly runs: readonly Nanoseconds[];
  readonly last: Nanoseconds;
  readonly effects: () => WalkEffects;
  readonly progress: (progress: WalkProgress) => void;
  readonly stop?: StopFlag | undefined;
}

/** What a simulation removes, by path, and what keeps the rest at its end. Its memory grows with the number of entries. */
export class SimulatedVerdicts {
  readonly #removals: ReadonlyMap<Bytes, Removal>;
  readonly #kept: ReadonlyMap<Bytes, Recorded>;
  readonly #blocked: ReadonlyMap<Bytes, Recorded>;
  /** The directories in which walks began, with the lines of those. */
  readonly bases: ReadonlyMap<Bytes, Source>;

  readonly #own: readonly OwnPath[];

  constructor(options: SimulatedOptions) {
    const { loaded, names, runs, progress, stop } = options;
    this.#own = ownPaths(options);
    const totals = new RecordedRemovals(runs);
    simulate({ loaded, paths: names, totals, walkEffects: options.effects(), progress, stop });
    this.#removals = totals.byPath;
    const recorder = recordKept(options);
    this.#kept = recorder.kept;
    this.#blocked = recorder.blocked;
    this.bases = recorder.bases;
  }

  /** Sets the verdict of the entry at this real path. */
  judge(path: Bytes, stat: StatxBuffer, verdict: EntryVerdict, inner: TreeLevel | undefined): void {
    const recorded = this.#kept.get(path);
    const base = this.bases.get(path);
    const own = this.#own.find((each) => each.matches(path));
    if (own !== undefined) {
      verdict.keep("base", own.source);
      own.judge.newest(stat, verdict);
      verdict.code = inner?.keeps === true ? "not-empty" : undefined;
    } else if (base !== undefined) verdict.keep("base", base);
    else if (recorded !== undefined) {
      Object.assign(verdict, { ...recorded, judge: undefined });
      verdict.age = recorded.judge.age;
      if (inner?.keeps === true) verdict.code = "not-empty";
    }
    const removal = this.#removals.get(path);
    if (removal === undefined) return;
    verdict.run = removal.run;
    verdict.line = removal.line;
    verdict.code = undefined;
  }

  /** What keeps the directory with all that is in it. */
  inherited(path: Bytes): Inherited | undefined {
    const found = this.#blocked.get(path);
    return found?.code === undefined ? undefined : { code: found.code, line: found.line, at: path };
  }
}

/** A line that removes its own path by age. */
interface OwnPath {
  readonly source: Source;
  readonly judge: AgeJudge;
  matches(path: Bytes): boolean;
}

function ownPaths({ loaded, runs, last }: SimulatedOptions): OwnPath[] {
  const items = [...loaded.exact, ...loaded.globs].flatMap((group) => group.items);
  return items.flatMap(({ type, age, source, path, pragmas }) => {
    const rule = age === undefined || type.kind !== "removal" ? undefined : ageRule(age, last, pragmas);
    if (rule === undefined) return [];
    const matches = (at: Bytes): boolean => (type.path === "glob" ? fnmatch(path, at) : path === at);
    return [{ source, judge: new AgeJudge(rule, runs, last), matches }];
  });
}

/** One more dry run at the end, which records what keeps each entry. */
function recordKept({ loaded, names, runs, last, effects, progress, stop }: SimulatedOptions) {
  const kept = new Map<Bytes, Recorded>();
  const blocked = new Map<Bytes, Recorded>();
  const bases = new Map<Bytes, Source>();
  const verdict = new EntryVerdict();
  let source: Source | undefined;
  const observer: WalkObserver = {
    walkStarted: (line, base) => {
      source = line;
      if (names.length === 0 || names.some((name) => isBelow(base, name))) bases.set(base, line);
    },
    namesIn: (directory) => (names.length === 0 ? undefined : namesLeadingTo(names, directory)),
    entryMissing: () => {},
    decided(subject: EntryContext, guard: Guard | undefined, environment: Environment) {
      const { within, stat } = subject;
      const path = join(within.path, subject.name());
      const judge = new AgeJudge(within.rule, runs, last);
      judge.newest(stat, verdict);
      const [detail] = guard?.details?.(subject, environment) ?? [];
      const isByTime = guard === undefined || BY_TIME.has(guard.code);
      const { word, seconds, nanoseconds } = verdict;
      const line = detail?.by ?? source;
      const code = isByTime ? undefined : guard.code;
      const recorded = {
        code,
        detail: isByTime ? undefined : detail?.detail,
        line,
        word,
        seconds,
        nanoseconds,
        judge,
      };
      kept.set(path, recorded);
      if (stat.type === S_IFDIR && guard?.stage === "preVisit") blocked.set(path, recorded);
    },
  };
  const reporter: Reporter = { wantsKept: false, wantsRemoved: false, report: () => {}, progress };
  const only = (path: Bytes): boolean => names.some((name) => isBelow(name, path) || isBelow(path, name));
  const groups = { exact: loaded.exact, globs: loaded.globs, ...(names.length > 0 && { only }) };
  const run = { operations: ["clean"], dryRun: true, jobs: 1, stop, clock: fixedClock(last) } as const;
  if (runItems(groups, { ...run, observer, walkEffects: effects() }, reporter).interrupted)
    throw new Interruption();
  return { kept, blocked, bases };
}
