/** Forecasts what the next runs of the cleaner will remove. */
import { type Expectation, FUNCTION, NANOSECONDS, OBJECT } from "../../base/arguments.js";
import { type Bytes, dirname, escapeForDisplay, isBelow, join, type PathInput } from "../../base/bytes.js";
import type { Event, Reporter, Source, WalkProgress } from "../../base/events.js";
import { Interruption, type StopFlag } from "../../base/stop.js";
import { DAY, fixedClock, type Nanoseconds } from "../../base/time.js";
import { systemClock } from "../../sys/clock.js";
import { S_IFDIR } from "../../sys/inode.js";
import type { EntryContext } from "../../tmpfiles/ageing/entry-context.js";
import type { Guard } from "../../tmpfiles/ageing/guards.js";
import type { WalkObserver } from "../../tmpfiles/ageing/walk-observer.js";
import { runItems } from "../../tmpfiles/run/run.js";
import {
  inspectingEffects,
  loadConfiguration,
  problemsOf,
  requireReadable,
} from "../explain/configuration.js";
import { Expiry } from "../explain/expiry.js";
import { EXPLAIN_OPTIONS, type ExplainOptions, scopesOf, toBytes } from "../explain/explain.js";
import { namesAround, statPreservingAtime } from "../explain/names.js";
import { ageOf, namesLeadingTo } from "../explain/observer.js";
import { type CleanerTimer, cleanerTimer, nextRun } from "../explain/timer.js";
import { absolutePaths } from "../paths.js";
import { needsSimulation, simulate } from "./simulation.js";
import { type Day, type ForecastRemoval, ForecastTotals } from "./totals.js";

export type { Day, ForecastRemoval as Removal, LineSum } from "./totals.js";

export interface ForecastOptions extends ExplainOptions {
  /** How far to look ahead, in nanoseconds; 14 days by default, at most 100 years. */
  readonly within?: Nanoseconds;
  /** Called periodically with the progress of the walk. */
  readonly onProgress?: (progress: WalkProgress) => void;
  /** Stops the forecast, from another thread or a signal handler. */
  readonly stop?: StopFlag | undefined;
}

export const FORECAST_OPTIONS: Record<keyof ForecastOptions, Expectation> = {
  ...EXPLAIN_OPTIONS,
  within: NANOSECONDS,
  onProgress: FUNCTION,
  stop: OBJECT,
};

/** The maximum of `within`: 100 years, in nanoseconds. */
export const LONGEST_FORECAST: Nanoseconds = 36_525n * DAY;

/** What the runs of the cleaner will remove if nothing is used or changed until then. Times are in nanoseconds since the epoch. */
export interface Forecast {
  readonly from: Nanoseconds;
  readonly until: Nanoseconds;
  /** The runs, with what each of them removes. */
  readonly days: readonly Day[];
  readonly entries: number;
  readonly bytes: number;
  readonly largest: readonly ForecastRemoval[];
  /** Where the times of the runs come from; undefined if no timer was found and one run per day is assumed. */
  readonly timer: string | undefined;
}

/**
 * Forecasts what the cleaner will remove at or below `paths`, or everywhere if `paths` is empty. A dry run of the engine
 * at the end of the forecast determines what is removed; each entry's newest timestamp determines when. It changes neither
 * files nor timestamps.
 *
 * @throws ConfigurationError if a specified configuration file cannot be read, or if a run would do nothing because of an
 * error in it and there is no `onDiagnostic`; Error if one of the paths does not
 * exist; RangeError if `within` is longer than 100 years; TypeError if an option is unknown or invalid; Interruption if it is
 * stopped.
 */
export function forecastSync(
  paths: PathInput | readonly PathInput[] = [],
  options: ForecastOptions = {},
): Forecast {
  const wanted = absolutePaths("forecast", paths, options, FORECAST_OPTIONS);
  const { at = systemClock.now(), within = 14n * DAY } = options;
  if (within > LONGEST_FORECAST) throw new RangeError("invalid within: expected at most 100 years");
  for (const path of wanted) {
    if (statPreservingAtime(path) === undefined)
      throw new Error(`${escapeForDisplay(path)}: No such file or directory`);
  }
  const until = at + within;
  const scopes = scopesOf(options);
  const timer = cleanerTimer(scopes.at(-1));
  const totals = new ForecastTotals(runsBetween(at, until, timer));
  for (const user of scopes) forecastIn(user, wanted, { ...options, at, until, totals });
  const days = totals.days();
  const total = (key: "entries" | "bytes"): number => days.reduce((sum, day) => sum + day[key], 0);
  return {
    from: at,
    until,
    days,
    entries: total("entries"),
    bytes: total("bytes"),
    largest: totals.largest,
    timer: timer?.from,
  };
}

interface ForecastSpan extends ForecastOptions {
  readonly at: Nanoseconds;
  readonly until: Nanoseconds;
  readonly totals: ForecastTotals;
}

/** Adds up what the system's or the user's configuration removes. */
function forecastIn(user: boolean, paths: readonly Bytes[], span: ForecastSpan): void {
  const { until, totals, version = 262, onDiagnostic, onProgress, stop } = span;
  const named = { config: span.config?.map(toBytes) ?? [], version, user, inWorkingDirectory: true };
  const loaded = loadConfiguration(named);
  requireReadable(loaded, onDiagnostic !== undefined);
  for (const problem of problemsOf(loaded, loaded)) onDiagnostic?.(problem);
  const { exact, globs } = loaded;
  const walkEffects = inspectingEffects(version);
  const names = namesAround(paths, loaded);
  const progress = onProgress ?? (() => {});
  if (needsSimulation(loaded)) {
    simulate({ loaded, paths: names, totals, walkEffects, progress, stop });
    return;
  }
  const last = totals.runs.at(-1) ?? until;
  const forecaster = new Forecaster(names, last, totals, progress);
  const only = paths.length === 0 ? {} : { only: (path: Bytes): boolean => forecaster.leads(path) };
  const options = { operations: ["clean"], dryRun: true, jobs: 1, stop } as const;
  const clock = fixedClock(last);
  const run = { ...options, clock, observer: forecaster, walkEffects };
  if (runItems({ exact, globs, ...only }, run, forecaster).interrupted) throw new Interruption();
  forecaster.finish();
}

/** The runs of the timer, or one per day if there is none. */
export function runsBetween(
  from: Nanoseconds,
  until: Nanoseconds,
  known: CleanerTimer | undefined,
): Nanoseconds[] {
  const timer = known ?? { first: from, every: DAY };
  const runs: Nanoseconds[] = [];
  for (let run = nextRun({ from: "", ...timer }, from); run <= until; run += timer.every) runs.push(run);
  return runs;
}

/** Observes a run at the end of the forecast, and adds up what it removes. */
class Forecaster implements WalkObserver, Reporter {
  readonly wantsKept = false;
  readonly wantsRemoved = true;
  readonly progress: (progress: WalkProgress) => void;
  readonly #paths: readonly Bytes[];
  readonly #now: Nanoseconds;
  readonly #totals: ForecastTotals;
  #expiry = new Expiry();
  #source: Source | undefined;
  /** Decided, but the kernel may still refuse it. */
  #pending: ForecastRemoval | undefined;

  constructor(
    paths: readonly Bytes[],
    now: Nanoseconds,
    totals: ForecastTotals,
    progress: (progress: WalkProgress) => void,
  ) {
    this.#paths = paths;
    this.#now = now;
    this.#totals = totals;
    this.progress = progress;
  }

  leads(path: Bytes): boolean {
    return this.#paths.some((wanted) => isBelow(wanted, path) || isBelow(path, wanted));
  }

  walkStarted(source: Source): void {
    this.finish();
    this.#source = source;
    this.#expiry = new Expiry();
  }

  namesIn(directory: Bytes): readonly Bytes[] | undefined {
    return this.#paths.length === 0 ? undefined : namesLeadingTo(this.#paths, directory);
  }

  entryMissing(): void {}

  decided(subject: EntryContext, guard: Guard | undefined): void {
    this.finish();
    const { within, stat } = subject;
    const path = join(within.path, subject.name());
    const expires = this.#expiry.of(path, subject, guard, ageOf(within, this.#now));
    if (guard !== undefined || expires === undefined || this.#source === undefined) return;
    if (this.#paths.length > 0 && !this.#paths.some((wanted) => isBelow(path, wanted))) return;
    const bytes = stat.type === S_IFDIR || stat.links === 1 ? stat.allocated : 0;
    this.#pending = { path, bytes, line: this.#source, expires };
  }

  report(event: Event): void {
    if (event.type === "failed") {
      if (this.#pending?.path === event.path) this.#pending = undefined;
      this.#expiry.stays(dirname(event.path));
    }
  }

  /** The pending removal was not refused: it is added. */
  finish(): void {
    if (this.#pending !== undefined) this.#totals.add(this.#pending);
    this.#pending = undefined;
  }
}
