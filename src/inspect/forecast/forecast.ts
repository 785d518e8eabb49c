import { type Bytes, isBelow, join, parent } from "../../base/bytes.js";
import type { Event, Reporter, Source } from "../../base/events.js";
import { DAY, fixedClock, type Nanoseconds } from "../../base/time.js";
import { systemClock } from "../../sys/clock.js";
import { S_IFDIR } from "../../sys/inode.js";
import type { Guard, Subject } from "../../tmpfiles/ageing/guards.js";
import type { Lens } from "../../tmpfiles/ageing/lens.js";
import type { Loaded } from "../../tmpfiles/config/items.js";
import { runItems } from "../../tmpfiles/run.js";
import { loadConfiguration, lookingHands } from "../explain/configuration.js";
import { Expiry } from "../explain/expiry.js";
import { absolute, type ExplainOptions, toBytes } from "../explain/explain.js";
import { judge } from "../explain/judge.js";
import { ageOf, namesLeadingTo } from "../explain/look.js";
import { namesAround } from "../explain/names.js";
import { type CleanerTimer, cleanerTimer, nextRun } from "../explain/timer.js";
import { type Day, Ledger, type Removal } from "./ledger.js";

export type { Day, LineSum, Removal } from "./ledger.js";

export interface ForecastOptions extends ExplainOptions {
  /** How far to look ahead: 14 days, unless it is given. In nanoseconds. */
  readonly within?: Nanoseconds;
}

/** What the runs of the cleaner will remove, as far as nothing is used or changed until then. */
export interface Forecast {
  readonly from: Nanoseconds;
  readonly until: Nanoseconds;
  /** Each run, with what it removes. */
  readonly days: readonly Day[];
  readonly entries: number;
  readonly bytes: number;
  readonly largest: readonly Removal[];
  /** Where the times of the runs come from; undefined where the host has no timer and one run a day is assumed. */
  readonly timer: string | undefined;
}

/**
 * Foretells what the cleaner removes below `paths` (everywhere, if none is given) in the time to come: a dry run of the
 * engine at the end of that time says what, and each entry's newest timestamp when. Changes nothing and moves no timestamp.
 *
 * @throws Error where a configuration file that was named can't be read.
 */
export function forecast(
  paths: readonly (string | Uint8Array)[] = [],
  options: ForecastOptions = {},
): Forecast {
  const { at = systemClock.now(), within = 14n * DAY, version = 262 } = options;
  const loaded = loadConfiguration({ config: options.config?.map(toBytes) ?? [], version });
  if (loaded.aborted) throw new Error(loaded.diagnostics.map(({ message }) => message).join("; "));
  const until = at + within;
  const timer = cleanerTimer();
  const runs = runsBetween(at, until, timer);
  const ledger = new Ledger(runs);
  const last = runs.at(-1) ?? until;
  const forecaster = new Forecaster(namesAround(paths.map(absolute), loaded), last, ledger);
  const { exact, globs } = loaded;
  const only = paths.length === 0 ? {} : { only: (path: Bytes): boolean => forecaster.leads(path) };
  const clock = fixedClock(last);
  const walkHands = lookingHands(version);
  runItems(
    { exact, globs, ...only },
    { operations: ["clean"], dryRun: true, jobs: 1, clock, lens: forecaster, walkHands },
    forecaster,
  );
  forecaster.finish();
  for (const instance of forecaster.instances) {
    const expires = expiryOfInstance(instance, loaded, runs, version);
    if (expires !== undefined) ledger.add({ ...instance, expires });
  }
  const days = ledger.days();
  const total = (key: "entries" | "bytes"): number => days.reduce((sum, day) => sum + day[key], 0);
  return {
    from: at,
    until,
    days,
    entries: total("entries"),
    bytes: total("bytes"),
    largest: ledger.largest,
    timer: timer?.from,
  };
}

function runsBetween(from: Nanoseconds, until: Nanoseconds, known: CleanerTimer | undefined): Nanoseconds[] {
  const timer = known ?? { first: from, every: DAY };
  const runs: Nanoseconds[] = [];
  for (let run = nextRun({ from: "", ...timer }, from); run <= until; run += timer.every) runs.push(run);
  return runs;
}

/** What a line names itself: the first run at which the engine removes it. */
function expiryOfInstance(
  { path }: Removal,
  loaded: Loaded,
  runs: readonly Nanoseconds[],
  version: 252 | 262,
): Nanoseconds | undefined {
  return runs.find((at) => {
    const looks = judge([path], loaded, { operation: "clean", at, version }).get(path)?.looks ?? [];
    return looks.some(({ removed }) => removed);
  });
}

/** Looks over the shoulder of a run at the end of the time, and books what it removes. */
class Forecaster implements Lens, Reporter {
  readonly wantsKept = false;
  readonly wantsRemoved = true;
  /** What lines name themselves, by when they are booked is not known yet. */
  readonly instances: Removal[] = [];
  readonly #paths: readonly Bytes[];
  readonly #now: Nanoseconds;
  readonly #ledger: Ledger;
  #expiry = new Expiry();
  #source: Source | undefined;
  /** Decided, but the kernel may refuse it yet. */
  #pending: Removal | undefined;

  constructor(paths: readonly Bytes[], now: Nanoseconds, ledger: Ledger) {
    this.#paths = paths;
    this.#now = now;
    this.#ledger = ledger;
  }

  leads(path: Bytes): boolean {
    return this.#paths.some((wanted) => isBelow(wanted, path) || isBelow(path, wanted));
  }

  begins(source: Source): void {
    this.finish();
    this.#source = source;
    this.#expiry = new Expiry();
  }

  namesIn(directory: Bytes): readonly Bytes[] | undefined {
    return this.#paths.length === 0 ? undefined : namesLeadingTo(this.#paths, directory);
  }

  missing(): void {}

  decided(subject: Subject, guard: Guard | undefined): void {
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
      this.#expiry.stays(parent(event.path));
    } else if (event.type === "removed" && event.instance) {
      const { path, bytes, source } = event;
      this.instances.push({ path, bytes: Number(bytes), line: source, expires: 0n });
    }
  }

  /** Nothing came in between: it is removed. */
  finish(): void {
    if (this.#pending !== undefined) this.#ledger.add(this.#pending);
    this.#pending = undefined;
  }
}
