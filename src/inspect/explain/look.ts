/** What each line's walk comes to at certain paths: an observer of the engine's dry run. */
import { type Bytes, basename, components, isBelow, join, parent } from "../../base/bytes.js";
import { SyscallError } from "../../base/errors.js";
import type { KeepReason, Reporter, Source } from "../../base/events.js";
import type { Nanoseconds } from "../../base/time.js";
import { SECOND } from "../../base/time.js";
import { S_IFDIR } from "../../sys/inode.js";
import {
  allReasons,
  DIRECTORY_ARRIVAL,
  DIRECTORY_DEPARTURE,
  firstGuard,
  type Guard,
  OTHER,
  type Subject,
  type Surroundings,
  type World,
} from "../../tmpfiles/ageing/guards.js";
import type { Lens } from "../../tmpfiles/ageing/lens.js";
import { kindOf } from "../../tmpfiles/hands/kind.js";
import type { Age } from "../../tmpfiles/item.js";
import type { Victim } from "../watch/event.js";
import { Expiry } from "./expiry.js";
import { statWithoutTrace } from "./names.js";
import type { LineReach } from "./reach.js";
import {
  imaginedStat,
  imaginedWorld,
  instanceSubject,
  newFile,
  type Timestamp,
  timestampsOf,
} from "./subject.js";

/** `refused`: nothing keeps it but the kernel. */
export type LookReason = Omit<KeepReason, "code"> & { readonly code: KeepReason["code"] | "refused" };

/** What one line's walk came to at a path. */
export interface Look {
  readonly source: Source;
  /** By which name the line comes upon the path: its real path, or one by a symlink that the line names. */
  readonly name: Bytes;
  /** The directory that the walk began in; undefined if the line names the path itself. */
  readonly base: Bytes | undefined;
  /** The line names this very path for removal: `r`, `R`. */
  readonly itself: boolean;
  /** The path itself, or the directory above it at which the walk stopped. */
  readonly at: Bytes;
  readonly removed: boolean;
  /** Every reason why it stays, in the order of the guards. */
  readonly reasons: readonly LookReason[];
  /** Those that the line goes by. */
  readonly timestamps: readonly Timestamp[];
  readonly age: Nanoseconds | undefined;
  /** From when on nothing keeps it any more; undefined where that is not a matter of time. */
  readonly expires: Nanoseconds | undefined;
  /** The path is not there: this is what would happen to it. */
  readonly imagined: boolean;
}

/** Looks over the engine's shoulder at what becomes of certain paths. */
export class Onlooker implements Lens, Reporter {
  readonly wantsKept = true;
  readonly wantsRemoved = true;
  readonly looks = new Map<Bytes, Look[]>();
  readonly #now: Nanoseconds;
  readonly #ages: ReadonlyMap<Source, Age>;
  readonly #removable: ReadonlySet<Bytes>;
  readonly #imagined: Victim;
  #expiry = new Expiry();
  #source: Source | undefined;
  #base: Bytes = "" as Bytes;
  #decided: Bytes | undefined;

  /**
   * `removable` are the paths that any line may remove; `ages` those of the lines that remove the path that they name.
   * `imagined` stands in for what is not there: a new file by default.
   */
  constructor(
    paths: readonly Bytes[],
    now: Nanoseconds,
    { removable, ages }: Pick<LineReach, "removable" | "ages">,
    imagined: Victim = newFile(now),
  ) {
    for (const path of paths) this.looks.set(path, []);
    this.#ages = ages;
    this.#removable = removable;
    this.#now = now;
    this.#imagined = imagined;
  }

  begins(source: Source, base: Bytes): void {
    this.#source = source;
    this.#base = base;
    this.#expiry = new Expiry();
  }

  namesIn(directory: Bytes): readonly Bytes[] | undefined {
    const leading: Bytes[] = [];
    for (const path of this.looks.keys()) {
      if (path !== directory && isBelow(path, directory)) {
        const [name] = components(path.slice(directory === "/" ? 0 : directory.length) as Bytes);
        if (name !== undefined && !leading.includes(name)) leading.push(name);
        // Whether a directory gets empty, and goes, hangs on all its entries.
      } else if (isBelow(directory, path) && this.#removable.has(path)) return undefined;
    }
    return leading;
  }

  decided(subject: Subject, guard: Guard | undefined, world: World): void {
    const path = join(subject.within.path, subject.name());
    this.#decided = path;
    for (const wanted of this.looks.keys()) {
      if (isBelow(path, wanted)) {
        const age = ageOf(subject.within, this.#now);
        const expires = this.#expiry.of(path, subject, guard, age);
        if (path !== wanted) continue;
        const reasons = guard === undefined ? [] : allReasons(subject, world);
        this.#note(wanted, path, { reasons, timestamps: timestampsOf(subject), age, expires });
      } else if (isBelow(wanted, path) && guard?.stage === "arrival") {
        this.#note(wanted, path, { reasons: allReasons(subject, world).slice(0, 1) });
      }
    }
  }

  missing(within: Surroundings, name: Bytes, world: World): void {
    const path = join(within.path, name);
    for (const wanted of this.looks.keys()) {
      if (isBelow(wanted, path)) this.#imagine(wanted, within, name, imaginedWorld(world));
    }
  }

  /** What a line names itself is no walk's entry: only the report tells of it. */
  report(event: Parameters<Reporter["report"]>[0]): void {
    if (event.type === "failed") {
      this.#failed(event.path, event.error);
      return;
    }
    if (event.type !== "removed" && event.type !== "kept") return;
    const decided = this.#decided;
    this.#decided = undefined;
    const looks = this.looks.get(event.path);
    if (looks === undefined || decided === event.path) return;
    this.#source = event.source;
    const reasons = event.type === "kept" ? [event.reason] : [];
    this.#note(event.path, event.path, { reasons, itself: true, ...this.#timesOfInstance(event) });
  }

  /** A line that names the path goes by its timestamps, and of a tree by those of its contents. */
  #timesOfInstance({ path, source }: { readonly path: Bytes; readonly source: Source }): Partial<Look> {
    const age = this.#ages.get(source);
    const stat = age && statWithoutTrace(path);
    if (age === undefined || stat === undefined) return {};
    const { btime, ...others } = stat;
    const entry = { ...others, kind: kindOf(stat), ...(btime !== undefined && { btime }) };
    const subject = instanceSubject(path, entry, age);
    const own = new Expiry().of(path, subject, undefined, age.span);
    const expires = this.#base === path ? this.#expiry.withContents(path, own) : own;
    return { timestamps: timestampsOf(subject), age: age.span, expires };
  }

  /** No guard kept it, and the kernel would: it is immutable, or its file system is read-only. */
  #failed(path: Bytes, error: Error): void {
    this.#decided = undefined;
    this.#expiry.stays(parent(path));
    const looks = this.looks.get(path);
    const last = looks?.pop();
    if (looks === undefined || last === undefined) return;
    const detail = error instanceof SyscallError ? error.code : error.message;
    looks.push({ ...last, removed: false, reasons: [{ code: "refused", detail }], expires: undefined });
  }

  #note(name: Bytes, at: Bytes, look: Partial<Look> & Pick<Look, "reasons">): void {
    const looks = this.looks.get(name);
    if (this.#source === undefined || looks === undefined) return;
    const removed = look.reasons.length === 0;
    const lasting = look.reasons.some(({ code }) => code !== "too-new" && code !== "not-empty");
    const base = look.itself === true ? undefined : this.#base;
    const plain = { name, base, itself: false, timestamps: [], age: undefined, imagined: false };
    const expires = lasting ? undefined : look.expires;
    looks.push({ source: this.#source, at, removed, ...plain, ...look, expires });
  }

  /** The path is not there: the guards are asked about one that would be, and about the directories on the way. */
  #imagine(wanted: Bytes, from: Surroundings, first: Bytes, world: World): void {
    let within = from;
    const between = components(wanted.slice(join(from.path, first).length) as Bytes);
    for (const name of [first, ...between].slice(0, -1)) {
      const directory = subjectOf(within, name, { ...this.#imagined, kind: "directory" });
      const guard = firstGuard(DIRECTORY_ARRIVAL, directory, world);
      const path = join(within.path, name);
      if (guard !== undefined) {
        const reasons = allReasons(directory, world).slice(0, 1);
        this.#note(wanted, path, { reasons, imagined: true });
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
    const subject = subjectOf(within, basename(wanted), this.#imagined);
    const guards = subject.stat.type === S_IFDIR ? [...DIRECTORY_ARRIVAL, ...DIRECTORY_DEPARTURE] : OTHER;
    const guard = firstGuard(guards, subject, world);
    const reasons = guard === undefined ? [] : allReasons(subject, world);
    const age = ageOf(within, this.#now);
    const expires = new Expiry().of(wanted, subject, guard, age);
    this.#note(wanted, wanted, { reasons, timestamps: timestampsOf(subject), age, expires, imagined: true });
  }
}

/** The entries of a directory that lead to one of the paths; undefined inside of one, where all entries matter. */
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

function subjectOf(within: Surroundings, name: Bytes, entry: Victim): Subject {
  const plain = { path: within.path, depth: within.depth, atMountTop: within.atMountTop };
  return {
    within: { ...plain, lines: within.lines, rule: within.rule },
    stat: imaginedStat(entry),
    name: () => name,
    remaining: 0,
    blocker: () => undefined,
  };
}

/** The walk knows the cutoff; the age is what lies between it and now. */
export function ageOf({ rule }: Surroundings, now: Nanoseconds): Nanoseconds {
  return now - (BigInt(rule.cutoffSeconds) * SECOND + BigInt(rule.cutoffNanoseconds));
}
