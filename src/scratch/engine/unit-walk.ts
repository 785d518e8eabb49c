/** Works on one unit: walks until its budget is spent, and publishes what is left as new units. */
import type { Bytes } from "../../base/bytes.js";
import { bootTime } from "../../sys/clock.js";
import { SUCCESS } from "../../sys/ffi.js";
import { S_IFDIR } from "../../sys/inode.js";
import { ENOENT } from "../../sys/scan.js";
import { isTooNew } from "../../tmpfiles/ageing/age-rule.js";
import { firstGuard, OTHER } from "../../tmpfiles/ageing/guards.js";
import { inSlices, relative, SLICE_NAMES, type UnitKind, type WorkUnit } from "../unit.js";
import { ask, BATCH_NAMES, Batches, type Send } from "./batch.js";
import type { Gate } from "./gate.js";
import { KnownTimes } from "./known-times.js";
import type { OpenDirectory } from "./level.js";
import type { EngineTask, UnitTotals } from "./messages.js";
import { type EngineParts, Way } from "./way.js";

/** A unit also ends after so long, so that others can share what is left. */
const MOST_NANOSECONDS = 10_000_000_000n;
/** What an NFS client renames an open file to when it is unlinked, and what file servers call their snapshots. */
const SILLY_RENAME = /^\.nfs[0-9a-f]{8,}/;
const SNAPSHOTS = ".snapshot";

export interface UnitWork {
  readonly parts: EngineParts;
  readonly gate: Gate;
  readonly send: Send;
  readonly budget: number;
}

/** Works on the unit. Returns its totals, and whether it was done to its end. */
export function workOn(work: UnitWork, task: EngineTask): { totals: UnitTotals; complete: boolean } {
  const walk = new UnitWalk(work, task);
  walk.run();
  return { totals: walk.totals, complete: !work.gate.isClosed() };
}

class UnitWalk {
  readonly totals: UnitTotals = { entries: 0, failed: 0, dropped: 0, removed: 0, kept: {} };
  readonly #work: UnitWork;
  readonly #unit: WorkUnit;
  readonly #times: KnownTimes;
  readonly #batches: Batches;
  readonly #end = bootTime() + MOST_NANOSECONDS;
  readonly #isRepeated: boolean;
  /** Paths of entries that an earlier attempt gave away. */
  readonly #given: ReadonlySet<Bytes>;
  #left: number;

  constructor(work: UnitWork, { unit, id, before, isRepeated, given }: EngineTask) {
    this.#work = work;
    this.#unit = unit;
    this.#isRepeated = isRepeated;
    const parts = given.filter(({ kind }) => kind !== "rmdir");
    this.#given = new Set(parts.flatMap(({ path, names }) => names.map((name) => relative(path, name))));
    this.#left = work.budget;
    this.#times = new KnownTimes(unit, before);
    this.#batches = new Batches(work.parts, work.gate, work.send, this.totals, id);
  }

  run(): void {
    using way = new Way(this.#work.parts, this.#times, this.#isRepeated);
    const unit = this.#unit;
    if (!way.open(unit)) {
      this.totals.dropped++;
      return;
    }
    const bottom = way.levels.length;
    const level = way.last as OpenDirectory;
    if (unit.kind === "rmdir") this.#batches.remove(way, unit.names, "directories");
    else if (unit.kind === "walk") level.pending = this.#own(level, unit.names);
    else if (unit.kind === "examine") this.#examine(way, this.#own(level, unit.names));
    else this.#list(way);
    while (way.levels.length >= bottom && !this.#work.gate.isClosed()) this.#next(way);
  }

  #own({ path }: OpenDirectory, names: readonly Bytes[]): Bytes[] {
    return names.filter((name) => !this.#given.has(relative(path, name)));
  }

  /** Goes down into the next subdirectory, or up. */
  #next(way: Way): void {
    const level = way.last as OpenDirectory;
    const name = level.pending.pop();
    if (name === undefined) {
      this.#settle(way);
      way.leave();
    } else if (this.#isSpent()) {
      this.#publish("walk", level, [...level.pending, name]);
      level.pending = [];
    } else {
      if (level.finished.length >= BATCH_NAMES) this.#settle(way);
      if (way.enter(name)) this.#list(way);
    }
  }

  /** Removes subdirectories that are done, and leaves those that are not for the end of the run. */
  #settle(way: Way): void {
    const level = way.last as OpenDirectory;
    this.#batches.remove(way, level.finished, "directories");
    this.#publish("rmdir", level, level.unfinished);
    level.finished = [];
    level.unfinished = [];
  }

  #isSpent(): boolean {
    return this.#left <= 0 || bootTime() > this.#end;
  }

  /** Lists a directory. What exceeds a slice is given away before anything of it is examined. */
  #list(way: Way): void {
    const level = way.last as OpenDirectory;
    const { listing } = level.frame;
    const own: Bytes[] = [];
    let slice: Bytes[] = [];
    while (!this.#work.gate.isClosed() && listing.read(level.frame.fd)) {
      for (let at = 0; at < listing.end; at = listing.next(at)) {
        if (listing.isDots(at)) continue;
        const name = listing.name(at);
        if (this.#given.size > 0 && this.#given.has(relative(level.path, name))) continue;
        (own.length < SLICE_NAMES ? own : slice).push(name);
        if (slice.length < SLICE_NAMES) continue;
        this.#publish("examine", level, slice);
        slice = [];
      }
    }
    this.#publish("examine", level, slice);
    this.#examine(way, own);
  }

  #examine(way: Way, names: readonly Bytes[]): void {
    const level = way.last as OpenDirectory;
    let doomed: Bytes[] = [];
    for (const name of names) {
      if (this.#work.gate.isClosed()) return;
      const found = this.#look(level, name);
      if (found === "directory") level.pending.push(name);
      if (found === "old") doomed.push(name);
      if (doomed.length < BATCH_NAMES) continue;
      this.#batches.remove(way, doomed, "files");
      doomed = [];
    }
    this.#batches.remove(way, doomed, "files");
  }

  /** The first look at an entry. What seems old is looked at again when its intent is in the journal. */
  #look({ frame, path }: OpenDirectory, name: Bytes): "old" | "directory" | "kept" {
    const { entry } = frame;
    this.totals.entries++;
    this.#left--;
    entry.moveToNamed(name);
    entry.readStat();
    if (entry.statError === ENOENT) return "kept";
    if (entry.statError !== SUCCESS) return this.#keep("unreadable");
    if (entry.stat.type === S_IFDIR) return this.#lookAtDirectory(frame, relative(path, name));
    if (SILLY_RENAME.test(name)) return this.#keep("silly-rename");
    entry.beginFile();
    if (isTooNew(entry)) return this.#keep("too-new");
    const guard = firstGuard(CHEAP, entry, this.#work.parts.environment);
    return guard === undefined ? "old" : this.#keep(guard.code);
  }

  #lookAtDirectory({ entry }: OpenDirectory["frame"], path: Bytes): "directory" | "kept" {
    if (entry.name() === SNAPSHOTS) return this.#keep("snapshot");
    this.#times.apply(path, entry.stat);
    if (isTooNew(entry)) this.#keep("too-new");
    return "directory";
  }

  #keep(code: string): "kept" {
    this.totals.kept[code] = (this.totals.kept[code] ?? 0) + 1;
    return "kept";
  }

  #publish(kind: UnitKind, level: OpenDirectory, names: readonly Bytes[]): void {
    if (names.length === 0 || this.#work.gate.isClosed()) return;
    if (kind !== "rmdir") level.isDivided = true;
    const { path, inode, times } = level;
    const { line, base } = this.#unit;
    const known = this.#times.below(path);
    const units = inSlices({ kind, line, base, path, inode, times, names, known });
    ask(this.#work.gate, this.#work.send, { type: "publish", units });
  }
}

/** Guards that open or lock the entry wait for the second look. */
const CHEAP = OTHER.filter(({ code }) => code !== "locked" && code !== "open" && code !== "live-socket");
