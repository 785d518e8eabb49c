/** Observes the engine's dry run and records how each line evaluates certain paths. */
import { type Bytes, basename, components, dirname, isBelow, join } from "../../base/bytes.js";
import { SyscallError } from "../../base/errors.js";
import type { KeepReason, Reporter, Source } from "../../base/events.js";
import type { Nanoseconds } from "../../base/time.js";
import { SECOND } from "../../base/time.js";
import { S_IFDIR } from "../../sys/inode.js";
import type { DirectoryContext, EntryContext, Environment } from "../../tmpfiles/ageing/entry-context.js";
import {
  allReasons,
  DIRECTORY_POST_VISIT,
  DIRECTORY_PRE_VISIT,
  firstGuard,
  type Guard,
  OTHER,
} from "../../tmpfiles/ageing/guards.js";
import type { WalkObserver } from "../../tmpfiles/ageing/walk-observer.js";
import { kindOf } from "../../tmpfiles/effects/kind.js";
import type { Age } from "../../tmpfiles/syntax/age.js";
import type { Victim } from "../events.js";
import { Expiry } from "./expiry.js";
import {
  hypotheticalEntry,
  hypotheticalEnvironment,
  hypotheticalFile,
  instanceSubject,
  type Timestamp,
  timestampsOf,
} from "./hypothetical.js";
import { statPreservingAtime } from "./names.js";
import type { LineReach } from "./reach.js";

/** `refused`: no guard keeps the path, but the kernel refuses the removal. */
type EvaluationReason = Omit<KeepReason, "code"> & { readonly code: KeepReason["code"] | "refused" };

/** How one line evaluates a path. */
export interface Evaluation {
  readonly source: Source;
  /** The name by which the line reaches the path: its real path, or one through a symlink. */
  readonly name: Bytes;
  /** The directory in which the walk started; undefined if this is the line's own path. */
  readonly base: Bytes | undefined;
  /** The line removes its own path, and this is it: `r`, `R`. */
  readonly itself: boolean;
  /** The path itself, or a parent directory at which the walk stopped. */
  readonly at: Bytes;
  readonly removed: boolean;
  /** It is removed before it is old, since its directory exceeds the budget of the line. */
  readonly early: boolean;
  /** All reasons why the path is kept, in the order of the guards. */
  readonly reasons: readonly EvaluationReason[];
  /** The timestamps that the line checks. */
  readonly timestamps: readonly Timestamp[];
  readonly age: Nanoseconds | undefined;
  /** When the path expires; undefined if time alone does not decide. */
  readonly expires: Nanoseconds | undefined;
  /** The path does not exist: this is what would happen to it. */
  readonly hypothetical: boolean;
}

/** Collects the evaluations of certain paths during a dry run. */
export class ExplainObserver implements WalkObserver, Reporter {
  readonly wantsKept = true;
  readonly wantsRemoved = true;
  readonly evaluations = new Map<Bytes, Evaluation[]>();
  readonly #now: Nanoseconds;
  readonly #ages: ReadonlyMap<Source, Age>;
  readonly #removable: ReadonlySet<Bytes>;
  readonly #hypothetical: Victim;
  #expiry = new Expiry();
  #source: Source | undefined;
  #base: Bytes = "" as Bytes;
  #decided: Bytes | undefined;

  /**
   * `removable` are the paths that any line may remove; `ages` are the ages of lines that remove their own path.
   * `hypothetical` is the state to assume for paths that do not exist: a new file by default.
   */
  constructor(
    paths: readonly Bytes[],
    now: Nanoseconds,
    { removable, ages }: Pick<LineReach, "removable" | "ages">,
    hypothetical: Victim = hypotheticalFile(now),
  ) {
    for (const path of paths) this.evaluations.set(path, []);
    this.#ages = ages;
    this.#removable = removable;
    this.#now = now;
    this.#hypothetical = hypothetical;
  }

  walkStarted(source: Source, base: Bytes): void {
    this.#source = source;
    this.#base = base;
    this.#expiry = new Expiry();
  }

  namesIn(directory: Bytes): readonly Bytes[] | undefined {
    const leading: Bytes[] = [];
    for (const path of this.evaluations.keys()) {
      if (path !== directory && isBelow(path, directory)) {
        const [name] = components(path.slice(directory === "/" ? 0 : directory.length) as Bytes);
        if (name !== undefined && !leading.includes(name)) leading.push(name);
        // Whether a directory becomes empty and is removed depends on all of its entries.
      } else if (isBelow(directory, path) && this.#removable.has(path)) return undefined;
    }
    return leading;
  }

  decided(context: EntryContext, guard: Guard | undefined, environment: Environment): void {
    const path = join(context.within.path, context.name());
    this.#decided = path;
    for (const wanted of this.evaluations.keys()) {
      if (isBelow(path, wanted)) {
        const age = ageOf(context.within, this.#now);
        const expires = this.#expiry.of(path, context, guard, age);
        if (path !== wanted) continue;
        const reasons = guard === undefined ? [] : allReasons(context, environment);
        this.#note(wanted, path, { reasons, timestamps: timestampsOf(context), age, expires });
      } else if (isBelow(wanted, path) && guard?.stage === "preVisit") {
        this.#note(wanted, path, { reasons: allReasons(context, environment).slice(0, 1) });
      }
    }
  }

  entryMissing(within: DirectoryContext, name: Bytes, environment: Environment): void {
    const path = join(within.path, name);
    for (const wanted of this.evaluations.keys()) {
      if (isBelow(wanted, path))
        this.#evaluateHypothetical(wanted, within, name, hypotheticalEnvironment(environment));
    }
  }

  /** A line's own path is not an entry of any walk; only events report it. */
  report(event: Parameters<Reporter["report"]>[0]): void {
    if (event.type === "failed") {
      this.#failed(event.path, event.error);
      return;
    }
    if (event.type !== "removed" && event.type !== "kept") return;
    const decided = this.#decided;
    this.#decided = undefined;
    const evaluations = this.evaluations.get(event.path);
    if (evaluations === undefined || decided === event.path) return;
    this.#source = event.source;
    const reasons = event.type === "kept" ? [event.reason] : [];
    this.#note(event.path, event.path, { reasons, itself: true, ...this.#timesOfInstance(event) });
  }

  /** A line that removes its own path checks the path's timestamps, and those of its contents. */
  #timesOfInstance({ path, source }: { readonly path: Bytes; readonly source: Source }): Partial<Evaluation> {
    const age = this.#ages.get(source);
    const stat = age && statPreservingAtime(path);
    if (age === undefined || stat === undefined) return {};
    const { btime, ...others } = stat;
    const entry = {
      ...others,
      size: Number(stat.size),
      kind: kindOf(stat),
      ...(btime !== undefined && { btime }),
    };
    const context = instanceSubject(path, entry, age);
    const own = new Expiry().of(path, context, undefined, age.span);
    const expires = this.#base === path ? this.#expiry.withContents(path, own) : own;
    return { timestamps: timestampsOf(context), age: age.span, expires };
  }

  /** No guard keeps the path, but the kernel does: it is immutable, or its file system is read-only. */
  #failed(path: Bytes, error: Error): void {
    this.#decided = undefined;
    this.#expiry.stays(dirname(path));
    const evaluations = this.evaluations.get(path);
    const last = evaluations?.pop();
    if (evaluations === undefined || last === undefined) return;
    const detail = error instanceof SyscallError ? error.code : error.message;
    evaluations.push({ ...last, removed: false, reasons: [{ code: "refused", detail }], expires: undefined });
  }

  #note(name: Bytes, at: Bytes, evaluation: Partial<Evaluation> & Pick<Evaluation, "reasons">): void {
    const evaluations = this.evaluations.get(name);
    if (this.#source === undefined || evaluations === undefined) return;
    const removed = evaluation.reasons.length === 0;
    const lasting = evaluation.reasons.some(({ code }) => code !== "too-new" && code !== "not-empty");
    const base = evaluation.itself === true ? undefined : this.#base;
    const plain = { name, base, itself: false, timestamps: [], age: undefined, hypothetical: false };
    const early = removed && evaluation.expires !== undefined && evaluation.expires > this.#now;
    const expires = lasting || early ? undefined : evaluation.expires;
    evaluations.push({ source: this.#source, at, removed, early, ...plain, ...evaluation, expires });
  }

  /** The path does not exist: evaluates the guards for a hypothetical one, and for the directories that lead to it. */
  #evaluateHypothetical(wanted: Bytes, from: DirectoryContext, first: Bytes, environment: Environment): void {
    let within = from;
    const between = components(wanted.slice(join(from.path, first).length) as Bytes);
    for (const name of [first, ...between].slice(0, -1)) {
      const directory = hypotheticalEntry(within, name, { ...this.#hypothetical, kind: "directory" });
      const guard = firstGuard(DIRECTORY_PRE_VISIT, directory, environment);
      const path = join(within.path, name);
      if (guard !== undefined) {
        const reasons = allReasons(directory, environment).slice(0, 1);
        this.#note(wanted, path, { reasons, hypothetical: true });
        return;
      }
      within = {
        ...within,
        path,
        depth: within.depth + 1,
        atMountTop: false,
        lines: within.lines.enter(name),
      };
    }
    const context = hypotheticalEntry(within, basename(wanted), this.#hypothetical);
    const guards = context.stat.type === S_IFDIR ? [...DIRECTORY_PRE_VISIT, ...DIRECTORY_POST_VISIT] : OTHER;
    const guard = firstGuard(guards, context, environment);
    const reasons = guard === undefined ? [] : allReasons(context, environment);
    const age = ageOf(within, this.#now);
    const expires = new Expiry().of(wanted, context, guard, age);
    this.#note(wanted, wanted, {
      reasons,
      timestamps: timestampsOf(context),
      age,
      expires,
      hypothetical: true,
    });
  }
}

/** The entries of a directory that lead to one of the paths; undefined at or below one, where all entries matter. */
export function namesLeadingTo(paths: readonly Bytes[], directory: Bytes): readonly Bytes[] | undefined {
  const leading = new Set<Bytes>();
  for (const path of paths) {
    if (isBelow(directory, path)) return undefined;
    if (!isBelow(path, directory)) continue;
    const [name] = components(path.slice(directory === "/" ? 0 : directory.length) as Bytes);
    if (name !== undefined) leading.add(name);
  }
  return [...leading];
}

/** The walk knows only the cutoff; the age is the time between it and now. */
export function ageOf({ rule }: DirectoryContext, now: Nanoseconds): Nanoseconds {
  return rule.age ?? now - (BigInt(rule.cutoffSeconds) * SECOND + BigInt(rule.cutoffNanoseconds));
}
