/** Forecasts run by run if lines affect each other: one dry run each, which remembers what earlier runs removed. */
import { type Bytes, dirname, isBelow, join } from "../../base/bytes.js";
import type { Event, Reporter, Source, WalkProgress } from "../../base/events.js";
import { Interruption, type StopFlag } from "../../base/stop.js";
import { fixedClock, type Nanoseconds } from "../../base/time.js";
import { fnmatch } from "../../sys/fnmatch.js";
import { S_IFDIR } from "../../sys/inode.js";
import { ENOTEMPTY } from "../../sys/scan.js";
import type { EntryContext } from "../../tmpfiles/ageing/entry-context.js";
import type { Guard } from "../../tmpfiles/ageing/guards.js";
import type { WalkEffects } from "../../tmpfiles/ageing/walk-effects.js";
import type { WalkObserver } from "../../tmpfiles/ageing/walk-observer.js";
import type { Loaded } from "../../tmpfiles/config/items.js";
import type { Item } from "../../tmpfiles/model/item.js";
import { runItems } from "../../tmpfiles/run/run.js";
import { AGE_BY_MTIME } from "../../tmpfiles/syntax/age.js";
import { ageOf, namesLeadingTo } from "../explain/observer.js";
import { type ForecastTotals, firstIndex } from "./totals.js";

/**
 * Whether a single walk cannot determine when each entry is removed: because lines remove their own paths, and so empty
 * directories of other lines, because two lines clean one directory, because directories are removed as a whole, or because of a budget.
 */
export function needsSimulation({ exact, globs }: Loaded): boolean {
  const items = [...exact, ...globs].flatMap((group) => group.items).filter(cleans);
  if (
    items.some(
      ({ type, pragmas }) =>
        type.kind === "removal" || pragmas?.wholeUnits === true || pragmas?.budget !== undefined,
    )
  )
    return true;
  const paths = items.map(({ path }) => path);
  if (new Set(paths).size < paths.length) return true;
  const named = items.filter(({ type }) => type.path === "exact").map(({ path }) => path);
  const patterns = items.filter(({ type }) => type.path === "glob").map(({ path }) => path);
  return patterns.some((pattern, index) => {
    const start = beforeWildcard(pattern);
    return (
      named.some((path) => path.startsWith(start) && mayMatch(pattern, path)) ||
      patterns.slice(index + 1).some((other) => mayOverlap(start, beforeWildcard(other)))
    );
  });
}

function cleans({ age, type }: Item): boolean {
  return age !== undefined && type.clean !== undefined;
}

/** Braces are unknown to fnmatch(3): a pattern with braces counts as one that matches. */
function mayMatch(pattern: Bytes, path: Bytes): boolean {
  return pattern.includes("{") || fnmatch(pattern, path);
}

function mayOverlap(left: string, right: string): boolean {
  return left.startsWith(right) || right.startsWith(left);
}

function beforeWildcard(pattern: Bytes): string {
  const at = pattern.search(/[*?[{\\]/);
  return at < 0 ? pattern : pattern.slice(0, at);
}

export interface SimulationOptions {
  readonly loaded: Loaded;
  /** The paths to forecast; empty for all. */
  readonly paths: readonly Bytes[];
  readonly totals: ForecastTotals;
  /** One set of effects for all runs, so that what a run removed stays removed. */
  readonly walkEffects: WalkEffects;
  readonly progress: (progress: WalkProgress) => void;
  readonly stop?: StopFlag | undefined;
}

/**
 * Adds up what each run removes. Skips runs between which nothing expires. A directory that is a line's own path keeps its
 * present age, even if an earlier removal by another such line would change its modification time.
 */
export function simulate(options: SimulationOptions): void {
  const { loaded, paths, totals, walkEffects, progress, stop } = options;
  const { exact, globs } = loaded;
  const observer = new SimulationObserver(paths, loaded, totals, progress);
  const effects = observer.effects(walkEffects);
  const only = paths.length === 0 ? {} : { only: (path: Bytes): boolean => observer.leads(path) };
  for (let index = 0; index < totals.runs.length; ) {
    const now = totals.runs[index] as Nanoseconds;
    observer.begin(now);
    const what = { operations: ["clean"], dryRun: true, jobs: 1, stop } as const;
    const how = { clock: fixedClock(now), observer, walkEffects: effects };
    if (runItems({ exact, globs, ...only }, { ...what, ...how }, observer).interrupted)
      throw new Interruption();
    const { next } = observer;
    // A run may leave directories empty for the next one.
    index = observer.removed
      ? index + 1
      : firstIndex(totals.runs, (run) => next !== undefined && run >= next);
  }
}

class SimulationObserver implements WalkObserver, Reporter {
  readonly wantsKept = true;
  readonly wantsRemoved = true;
  /** The current run removed something. */
  removed = false;
  /** The earliest expiry of any entry that was kept; undefined if none expires. */
  next: Nanoseconds | undefined;
  readonly progress: (progress: WalkProgress) => void;
  readonly #paths: readonly Bytes[];
  readonly #ages: ReadonlyMap<Source, Nanoseconds>;
  readonly #totals: ForecastTotals;
  /** Directories from which a line removed its own path, and when: that sets their modification time. */
  readonly #changed = new Map<Bytes, Nanoseconds>();
  #now: Nanoseconds = 0n;
  #source: Source | undefined;
  /** When an earlier removal changed the directory that is about to be removed, if that still keeps it. */
  #changedAt: Nanoseconds | undefined;

  constructor(
    paths: readonly Bytes[],
    { exact, globs }: Loaded,
    totals: ForecastTotals,
    progress: (progress: WalkProgress) => void,
  ) {
    const items = [...exact, ...globs].flatMap((group) => group.items);
    this.#ages = new Map(
      items.flatMap(({ source, age }) => (age === undefined ? [] : [[source, age.span] as const])),
    );
    this.#paths = paths;
    this.#totals = totals;
    this.progress = progress;
  }

  begin(now: Nanoseconds): void {
    this.#now = now;
    this.removed = false;
    this.next = undefined;
  }

  /** Effects that keep directories that are too new only because of an earlier removal. */
  effects(effects: WalkEffects): WalkEffects {
    const removeDirectory: WalkEffects["removeDirectory"] = (dir, name) => {
      const changedAt = this.#changedAt;
      this.#changedAt = undefined;
      if (changedAt === undefined || this.#source === undefined) return effects.removeDirectory(dir, name);
      this.#keeps(changedAt, this.#source);
      return ENOTEMPTY;
    };
    return { ...effects, removeDirectory };
  }

  leads(path: Bytes): boolean {
    return this.#paths.some((wanted) => isBelow(wanted, path) || isBelow(path, wanted));
  }

  report(event: Event): void {
    if (event.type === "kept") this.#keeps(event.reason.time, event.source);
    if (event.type !== "removed") return;
    this.removed = true;
    const { path, source } = event;
    if (event.target) this.#changed.set(dirname(path), this.#now);
    if (this.#paths.length > 0 && !this.#paths.some((wanted) => isBelow(path, wanted))) return;
    this.#totals.add({ path, bytes: event.bytes, line: source, expires: this.#now });
  }

  /** Other timestamps may keep the entry longer; then the next simulated run does not remove it yet. */
  #keeps(time: Nanoseconds | undefined, source: Source): void {
    const age = this.#ages.get(source);
    if (time === undefined || age === undefined) return;
    const expires = time + age + 1n;
    if (this.next === undefined || expires < this.next) this.next = expires;
  }

  walkStarted(source: Source): void {
    this.#source = source;
  }

  entryMissing(): void {}

  decided(subject: EntryContext, guard: Guard | undefined): void {
    this.#changedAt = undefined;
    const { within, stat } = subject;
    if (guard !== undefined || stat.type !== S_IFDIR || this.#changed.size === 0) return;
    const changed = this.#changed.get(join(within.path, subject.name()));
    const counts = (within.rule.byDirectory & AGE_BY_MTIME) !== 0;
    if (changed !== undefined && counts && this.#now - changed <= ageOf(within, this.#now))
      this.#changedAt = changed;
  }

  namesIn(directory: Bytes): readonly Bytes[] | undefined {
    return this.#paths.length === 0 ? undefined : namesLeadingTo(this.#paths, directory);
  }
}
