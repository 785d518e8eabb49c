/** Observes the dry run at the end of the report, and adds each entry with the verdict of the guards. */
import { type Bytes, dirname, isBelow, join } from "../base/bytes.js";
import type { Event, Reporter, Source, WalkProgress } from "../base/events.js";
import type { Nanoseconds } from "../base/time.js";
import { RealPaths } from "../inspect/explain/names.js";
import { namesLeadingTo } from "../inspect/explain/observer.js";
import { resolve } from "../path/resolve.js";
import { fnmatch } from "../sys/fnmatch.js";
import { S_IFDIR } from "../sys/inode.js";
import { closeNumber, ENOENT, StatxBuffer, statxOf } from "../sys/scan.js";
import type { AgeRule } from "../tmpfiles/ageing/age-rule.js";
import type { EntryContext, Environment } from "../tmpfiles/ageing/entry-context.js";
import type { Guard } from "../tmpfiles/ageing/guards.js";
import type { WalkEffects } from "../tmpfiles/ageing/walk-effects.js";
import type { WalkObserver } from "../tmpfiles/ageing/walk-observer.js";
import type { Loaded } from "../tmpfiles/config/items.js";
import type { Aggregation, SurveyedEntry, TreeLevel } from "./aggregation.js";
import { type Inherited, UnwalkedWalk, type Walked } from "./unwalked.js";
import { AgeJudge, EntryVerdict, expiryOf, NO_RUN } from "./verdict.js";

/** The guards that only time lifts. */
export const BY_TIME: ReadonlySet<string> = new Set(["too-new", "not-empty"]);
/** These keep a directory of which nobody can see the contents, or which is another file system. */
const CLOSED: ReadonlySet<string> = new Set(["unreadable", "mount-root"]);

class ObservedEntry implements SurveyedEntry {
  subject!: EntryContext;
  get stat(): StatxBuffer {
    return this.subject.stat;
  }
  get directory(): Bytes {
    return this.subject.within.path;
  }
  name(): Bytes {
    return this.subject.name();
  }
}

export interface ReportObserverOptions {
  readonly aggregation: Aggregation;
  readonly loaded: Loaded;
  /** The names by which lines reach the paths of the report; none for everything. */
  readonly names: readonly Bytes[];
  readonly runs: readonly Nanoseconds[];
  readonly last: Nanoseconds;
  readonly progress: (progress: WalkProgress) => void;
}

export class ReportObserver implements WalkObserver, Reporter {
  readonly wantsKept = false;
  readonly wantsRemoved = false;
  readonly progress: (progress: WalkProgress) => void;
  /** What was found below the paths of lines, by real path. */
  readonly walked = new Map<Bytes, Walked>();
  /** The paths of the report that lie below one of them, by real path: each is a level with one entry. */
  readonly roots = new Map<Bytes, TreeLevel>();
  /** Directories whose contents another line walked later. */
  readonly later = new Set<Bytes>();
  /** What keeps a directory above a path of the report, by the path. */
  readonly blocked = new Map<Bytes, Inherited>();
  readonly #options: ReportObserverOptions;
  readonly #reals = new RealPaths();
  readonly #unwalked: UnwalkedWalk;
  readonly #verdict = new EntryVerdict();
  readonly #found = new ObservedEntry();
  #judge: AgeJudge | undefined;
  #rule: AgeRule | undefined;
  #source: Source | undefined;
  #base: Bytes | undefined;
  /** The directory that was asked about last, and whether its entries belong to the report. */
  #directory: Bytes | undefined;
  #isInside = true;
  /** Decided to be removed, but the kernel may still refuse it. */
  #pending: EntryContext | undefined;

  constructor(options: ReportObserverOptions) {
    this.#options = options;
    this.progress = options.progress;
    this.#unwalked = new UnwalkedWalk({ aggregation: options.aggregation, walked: this.walked });
  }

  leads(path: Bytes): boolean {
    return this.#options.names.some((name) => isBelow(name, path) || isBelow(path, name));
  }

  /** The effects of a dry run. They remember nothing, since no line looks at what another has removed. */
  effects({ gone: _, ...effects }: WalkEffects): WalkEffects {
    const settling =
      (remove: WalkEffects["removeFile"]): WalkEffects["removeFile"] =>
      (dir, name) => {
        const failed = remove(dir, name);
        const subject = this.#pending;
        this.#pending = undefined;
        if (subject === undefined || failed === ENOENT) return failed;
        if (failed === 0) this.#byTime(subject, undefined);
        else this.#add(subject, this.#verdict.keep("refused", this.#source));
        return failed;
      };
    return {
      ...effects,
      removeFile: settling(effects.removeFile),
      removeDirectory: settling(effects.removeDirectory),
    };
  }

  walkStarted(source: Source, base: Bytes): void {
    this.finish();
    this.#source = source;
    this.#base = base;
    this.#directory = undefined;
  }

  /** The walk below a line's path is over. */
  finish(): void {
    const base = this.#base;
    this.#base = undefined;
    if (base === undefined || this.#source === undefined) return;
    const level = this.#options.aggregation.takeLevel(0);
    if (this.#belongs(base)) this.walked.set(this.#reals.leadsTo(base), { line: this.#source, level });
  }

  namesIn(directory: Bytes): readonly Bytes[] | undefined {
    const { names } = this.#options;
    return names.length === 0 ? undefined : namesLeadingTo(names, directory);
  }

  entryMissing(): void {}

  report(_event: Event): void {}

  decided(subject: EntryContext, guard: Guard | undefined, environment: Environment): void {
    if (!this.#isWanted(subject)) {
      if (guard?.stage === "preVisit") this.#blocks(subject, guard, environment);
      return;
    }
    if (guard === undefined) this.#pending = subject;
    else if (BY_TIME.has(guard.code)) this.#byTime(subject, guard);
    else this.#kept(subject, guard, environment);
  }

  #blocks(subject: EntryContext, guard: Guard, environment: Environment): void {
    const at = join(subject.within.path, subject.name());
    const line = guard.details?.(subject, environment)[0]?.by ?? this.#source;
    for (const name of this.#options.names)
      if (isBelow(name, at)) this.blocked.set(this.#reals.leadsTo(name), { code: guard.code, line, at });
  }

  #belongs(path: Bytes): boolean {
    const { names } = this.#options;
    return names.length === 0 || names.some((name) => isBelow(path, name));
  }

  /** Whether the entry belongs to the report, or only leads to what does. */
  #isWanted(subject: EntryContext): boolean {
    const { within } = subject;
    if (within.path !== this.#directory) {
      this.#directory = within.path;
      this.#isInside = this.#belongs(within.path);
    }
    return this.#isInside || this.#options.names.includes(join(within.path, subject.name()));
  }

  /** The entry is removed, or only time keeps it. */
  #byTime(subject: EntryContext, guard: Guard | undefined): void {
    const { within, stat } = subject;
    const verdict = this.#verdict;
    const judge = this.#judgeOf(within.rule);
    verdict.line = this.#source;
    verdict.code = undefined;
    verdict.detail = undefined;
    judge.newest(stat, verdict);
    let { seconds, nanoseconds } = verdict;
    if (stat.type === S_IFDIR) {
      const inner = this.#options.aggregation.at(within.depth + 1);
      if (inner.keeps) {
        this.#add(subject, verdict.keep("not-empty", this.#source));
        return;
      }
      if (inner.seconds > seconds || (inner.seconds === seconds && inner.nanoseconds > nanoseconds))
        ({ seconds, nanoseconds } = inner);
    }
    verdict.run = judge.runOf(seconds, nanoseconds);
    if (guard !== undefined && verdict.run !== NO_RUN) verdict.keep("not-empty", this.#source);
    else if (verdict.run === NO_RUN && expiryOf(seconds, nanoseconds, judge.age) === undefined)
      verdict.keep("too-new", this.#source);
    this.#add(subject, verdict);
  }

  #judgeOf(rule: AgeRule): AgeJudge {
    if (rule !== this.#rule || this.#judge === undefined) {
      this.#judge = new AgeJudge(rule, this.#options.runs, this.#options.last);
      this.#rule = rule;
    }
    return this.#judge;
  }

  /** A guard keeps it that time does not lift; a directory with all that is in it, if that was not looked at. */
  #kept(subject: EntryContext, guard: Guard, environment: Environment): void {
    const [detail] = guard.details?.(subject, environment) ?? [];
    const line = detail?.by ?? this.#source;
    const { within, stat } = subject;
    const isUnseen = guard.stage === "preVisit" || guard.code === "too-deep";
    if (stat.type === S_IFDIR && isUnseen && !CLOSED.has(guard.code)) {
      const path = join(within.path, subject.name());
      const isOwn = guard.code === "own-line" || guard.code === "own-glob";
      this.#contents(subject, path, { code: guard.code, line, at: path }, isOwn);
    }
    this.#add(subject, this.#verdict.keep(guard.code, line, detail?.detail));
  }

  #contents({ within, stat }: EntryContext, path: Bytes, inherited: Inherited, isOwn: boolean): void {
    const depth = within.depth + 1;
    const walked = isOwn ? this.walked.get(this.#reals.leadsTo(path)) : undefined;
    if (walked !== undefined) this.#options.aggregation.putLevel(depth, walked.level);
    else if (isOwn && this.#isCleaned(path)) this.later.add(path);
    else addUnwalked(this.#unwalked, depth, path, stat, inherited);
  }

  /** Whether a line of its own cleans the directory. */
  #isCleaned(path: Bytes): boolean {
    const { exact, globs } = this.#options.loaded;
    const groups = [
      ...exact.filter((group) => group.path === path),
      ...globs.filter((group) => fnmatch(group.path, path)),
    ];
    return groups.some(({ items }) =>
      items.some(
        ({ age, type, pragmas }) => age !== undefined && type.clean !== undefined && !pragmas?.invalid,
      ),
    );
  }

  #add(subject: EntryContext, verdict: EntryVerdict): void {
    const { within, stat } = subject;
    const { aggregation, names } = this.#options;
    this.#found.subject = subject;
    if (stat.type === S_IFDIR) aggregation.directory(within.depth, this.#found, verdict);
    else aggregation.file(within.depth, this.#found, verdict);
    if (this.#isInside || names.length === 0) return;
    const path = join(within.path, subject.name());
    this.roots.set(
      join(this.#reals.leadsTo(dirname(path)), subject.name()),
      aggregation.takeLevel(within.depth),
    );
  }
}

/** Adds the contents of a directory that a guard keeps, unless it is another one by now. */
function addUnwalked(
  walk: UnwalkedWalk,
  depth: number,
  path: Bytes,
  stat: StatxBuffer,
  inherited: Inherited,
): void {
  using found = resolve("/" as Bytes, path, { follow: false, safe: false, preserveAtime: true });
  const now = new StatxBuffer();
  if (statxOf(found.number, now) !== 0 || !now.isSameInode(stat)) return;
  const fd = UnwalkedWalk.open(found.number);
  if (fd === undefined) return;
  try {
    walk.inside(depth, fd, path, inherited);
  } finally {
    closeNumber(fd);
  }
}
