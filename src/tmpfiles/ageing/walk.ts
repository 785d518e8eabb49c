import { type Bytes, basename, parent } from "../../base/bytes.js";
import { address, cstring, errnoName } from "../../sys/ffi.js";
import { AT_REMOVEDIR } from "../../sys/files.js";
import { S_IFDIR } from "../../sys/inode.js";
import {
  closeNumber,
  ENOENT,
  ENOTEMPTY,
  openDirectory,
  type StatxBuffer,
  statxInto,
} from "../../sys/scan.js";
import { kindOf } from "../hands/kind.js";
import type { DirectoryIndex, Known } from "./directory-index.js";
import {
  type AgeRule,
  DEEPEST,
  DIRECTORY_ARRIVAL,
  DIRECTORY_DEPARTURE,
  firstGuard,
  GUARDS,
  NOT_EMPTY,
  ORDINARY,
  OTHER,
  reasonOf,
  UNOPENED_ARRIVAL,
  UNREADABLE,
} from "./guards.js";
import type { Lens } from "./lens.js";
import { Level, NOT_OPENED } from "./level.js";
import { type LineIndex, type LinesBelow, NO_LINES } from "./line-index.js";
import { isOrdinary, passTooNew } from "./ordinary.js";
import { NO_LOCK, type WalkHands } from "./walk-hands.js";
import type { Base, Handed, Joined, Sharing, WalkListener, WalkParts } from "./walk-parts.js";
import { newTally } from "./walk-parts.js";
import { WalkWorld } from "./walk-world.js";

const PROGRESS_EVERY = 16_384;

/**
 * The ageing walk: for each entry getdents64, statx, the first guard that holds; what no guard saves is removed, children
 * before their directory, each by its name in the very directory that was opened and is locked.
 */
export class Walk {
  readonly tally = newTally();
  readonly #hands: WalkHands;
  readonly #lines: LineIndex;
  readonly #world: WalkWorld;
  readonly #absent: Set<Bytes> | undefined;
  readonly #index: DirectoryIndex | undefined;
  readonly #sharing: Sharing | undefined;
  readonly #lens: Lens | undefined;
  readonly #unused: Level[] = [];
  #listener: WalkListener;
  #nextProgress = PROGRESS_EVERY;

  constructor(parts: WalkParts) {
    this.#hands = parts.hands;
    this.#lines = parts.lines;
    this.#world = new WalkWorld(parts);
    this.#absent = parts.hands.gone;
    this.#index = parts.index;
    this.#sharing = parts.sharing;
    this.#lens = parts.lens;
    this.#listener = parts.listener;
  }

  /**
   * Walks `base`, which stays. The answer is the errno of a failure that the exit status tells of, 0 where all went well.
   */
  start(base: Base): { status: number; stays: number } {
    this.#listener = base.listener;
    const level = this.#enter(0, base.fd, base.path, this.#lines.below(base.path), base.rule);
    level.atMountTop = base.stat.isMountRoot;
    level.indexing = base.indexing;
    const status = this.#walk(level, base.restoresTimes ? base.stat : undefined);
    this.#unused.push(level);
    return { status, stays: level.stays };
  }

  /** Walks a directory that another thread found; `fillStat` says what statx told it. */
  takeOver(handed: Handed, fillStat: (into: StatxBuffer) => void): Joined {
    const outer = this.#enter(handed.depth, handed.dirFd, parent(handed.path), NO_LINES, handed.rule);
    outer.remaining = 0;
    outer.indexing = handed.indexing;
    outer.lookAtNamed(basename(handed.path), handed.nameAddress);
    outer.opened = handed.fd;
    fillStat(outer.stat);
    const status = this.#directoryOpen(outer, this.#lines.below(handed.path));
    this.#unused.push(outer);
    return { stays: outer.stays, blocker: outer.firstStaying, changed: outer.changed, status };
  }

  #enter(depth: number, fd: number, path: Bytes, lines: LinesBelow, rule: AgeRule): Level {
    const level = this.#unused.pop() ?? new Level(lines, rule);
    level.enter(depth, fd, path, lines, rule);
    return level;
  }

  /** Looks at each entry; `times` are those that the directory had, to be given back. */
  #walk(level: Level, times: StatxBuffer | undefined): number {
    const { listing } = level;
    const named = this.#lens?.namesIn(level.path);
    let status = named === undefined ? 0 : this.#named(level, named);
    const quick = this.#tellsNothing && !level.filesKnown;
    while (named === undefined && listing.read(level.fd)) {
      for (let at = 0; at < listing.end; at = listing.next(at)) {
        if (quick) at = passTooNew(level, at, this.#world, this.tally);
        else if (listing.isDots(at) || (level.filesKnown && this.#passOver(level, at))) continue;
        if (at >= listing.end) break;
        level.lookAt(at);
        if (!quick) level.failed = statxInto(level.fd, level.nameAddress, level.stat);
        status = this.#entry(level) || status;
      }
      this.#progress();
    }
    if (level.join >= 0) status = level.meet(this.#sharing?.collect(level, this)) || status;
    if (level.changed && times !== undefined) this.#hands.restoreTimes(level.fd, times);
    return status;
  }

  /** Nobody wants to hear of an entry that stays, or where it is. */
  get #tellsNothing(): boolean {
    return this.#lens === undefined && this.#hands.acts && !this.#listener.wantsKept;
  }

  #progress(): void {
    if (this.tally.entries < this.#nextProgress) return;
    this.#nextProgress = this.tally.entries + PROGRESS_EVERY;
    this.#listener.progress(this.tally.entries);
  }

  /** Looks at these entries alone. */
  #named(level: Level, names: readonly Bytes[]): number {
    let status = 0;
    for (const name of names) {
      const cname = cstring(name);
      level.lookAtNamed(name, address(cname), cname);
      level.failed = statxInto(level.fd, level.nameAddress, level.stat);
      status = this.#entry(level);
    }
    return status;
  }

  /** An entry, and what statx says of it. */
  #entry(level: Level): number {
    this.tally.entries++;
    if (level.failed !== 0) return this.#unknown(level, level.failed);
    if (this.#absent !== undefined && this.#absent.size > 0 && this.#absent.has(level.entryPath())) return 0;
    if (level.indexing) level.noteEntry();
    return level.stat.type === S_IFDIR ? this.#directory(level) : this.#other(level);
  }

  /** statx failed: the entry went meanwhile, or it is none of ours (FUSE, NFS), and no failure. */
  #unknown(level: Level, failed: number): number {
    if (failed === ENOENT) {
      this.#lens?.missing(level, level.name(), this.#world);
      return 0;
    }
    level.notable = false;
    this.#stays(level, GUARDS.indexOf(UNREADABLE));
    if (this.#listener.wantsKept) {
      const reason = { code: UNREADABLE.code, detail: errnoName(failed) };
      this.#listener.kept(level.entryPath(), "file", reason);
    }
    return 0;
  }

  #other(level: Level): number {
    level.lock = NO_LOCK;
    const guard = firstGuard(isOrdinary(level) ? ORDINARY : OTHER, level, this.#world);
    this.#lens?.decided(level, guard, this.#world);
    if (guard !== undefined) return this.#keep(level, GUARDS.indexOf(guard));
    const failed = this.#hands.removeFile(level.fd, level.nameAddress);
    // Closing lets go of the lock: no sooner than the name is gone.
    if (level.lock >= 0) closeNumber(level.lock);
    return this.#gone(level, failed, 0);
  }

  #directory(level: Level): number {
    level.opened = NOT_OPENED;
    level.remaining = 0;
    const known = this.#recall(level);
    if (known !== undefined && !known.hasDirectories) return this.#passOverAll(level, known);
    const guard = firstGuard(DIRECTORY_ARRIVAL, level, this.#world);
    if (guard !== undefined) {
      this.#lens?.decided(level, guard, this.#world);
      const failed = level.opened < 0 && level.opened !== NOT_OPENED ? -level.opened : 0;
      if (level.opened >= 0) closeNumber(level.opened);
      this.#keep(level, GUARDS.indexOf(guard));
      return failed;
    }
    if (level.opened === -ENOENT) return 0;
    if (this.#sharing?.offer(level, this.tally.entries) === true) return 0;
    const lines = level.lines.isEmpty ? level.lines : level.lines.enter(level.name());
    return this.#directoryOpen(level, lines);
  }

  /** The directory that `level` looks at: its entries first, then it. */
  #directoryOpen(level: Level, lines: LinesBelow): number {
    const status = level.depth >= DEEPEST ? this.#lookOnly(level) : this.#inside(level, lines);
    const result = this.#depart(level);
    if (level.opened >= 0) closeNumber(level.opened);
    return result || status;
  }

  #inside(level: Level, lines: LinesBelow): number {
    const inner = this.#enter(level.depth + 1, level.opened, level.entryPath(), lines, level.rule);
    const known = this.#recall(level);
    inner.indexing = level.indexing;
    inner.filesKnown = known !== undefined;
    const status = this.#walk(inner, level.stat);
    if (known !== undefined) this.#index?.keep(known);
    else if (inner.isNotable) this.#index?.note(level.stat, inner.seen);
    level.learn(inner.stays, inner.firstStaying);
    this.#unused.push(inner);
    return status;
  }

  /** What the index says of the directory that `level` looks at. Who wants to be told of each entry wants no index. */
  #recall(level: Level): Known | undefined {
    if (!level.indexing || this.#listener.wantsKept) return undefined;
    return this.#index?.recall(level.stat, level.rule);
  }

  /** Passes over an entry that the index knows, unless it may be a directory. */
  #passOver(level: Level, at: number): boolean {
    if (!level.listing.isSurelyFile(at)) return false;
    this.tally.indexed++;
    level.stays++;
    return true;
  }

  /** Passes over all entries of the directory that `level` looks at: it is not even opened. */
  #passOverAll(level: Level, known: Known): number {
    this.#index?.keep(known);
    const guard = firstGuard(UNOPENED_ARRIVAL, level, this.#world);
    if (guard !== undefined) return this.#keep(level, GUARDS.indexOf(guard));
    this.tally.indexed += known.files;
    level.learn(known.files, undefined);
    return this.#depart(level);
  }

  /** Too deep to be entered: only whether anything is in there. */
  #lookOnly(level: Level): number {
    level.opened = openDirectory(level.fd, level.nameAddress);
    if (level.opened < 0) return 0;
    const inner = this.#enter(level.depth + 1, level.opened, level.path, level.lines, level.rule);
    const first = inner.firstListed();
    if (first !== undefined) level.learn(1, first);
    this.#unused.push(inner);
    return 0;
  }

  /** A directory whose entries were seen: does it go? */
  #depart(level: Level): number {
    const guard = firstGuard(DIRECTORY_DEPARTURE, level, this.#world);
    this.#lens?.decided(level, guard, this.#world);
    // Tried although something stays in it: where it could not go in any case, that is a failure to tell of.
    const tried = guard === NOT_EMPTY && this.#hands.acts && level.opened >= 0;
    if (guard !== undefined && !tried) return this.#keep(level, GUARDS.indexOf(guard));
    const failed = this.#hands.removeDirectory(level.fd, level.nameAddress);
    if (failed === ENOTEMPTY) {
      // Something came while we looked.
      this.#keep(level, GUARDS.indexOf(NOT_EMPTY));
      return 0;
    }
    return this.#gone(level, failed, AT_REMOVEDIR);
  }

  /** The guard at this place in the table keeps the entry. */
  #keep(level: Level, at: number): number {
    this.#stays(level, at);
    const guard = GUARDS[at];
    if (this.#listener.wantsKept && guard !== undefined) {
      this.#listener.kept(level.entryPath(), kindOf(level.stat), reasonOf(guard, level, this.#world));
    }
    return 0;
  }

  #stays(level: Level, at: number): void {
    this.tally.kept[at] = (this.tally.kept[at] ?? 0) + 1;
    this.#remains(level);
  }

  #remains(level: Level): void {
    if (level.stays++ === 0 && (this.#listener.wantsKept || !this.#hands.acts)) {
      level.firstStaying = level.name();
    }
  }

  /** Unlinked, or not: what became of an entry that no guard saved. */
  #gone(level: Level, failed: number, flags: number): number {
    level.changed = true;
    if (failed === ENOENT) return 0;
    if (failed !== 0) return this.#fail(level, failed, flags);
    this.#absent?.add(level.entryPath());
    const { stat } = level;
    const bytes = stat.links === 1 || flags !== 0 ? stat.allocated : 0;
    this.tally.removed++;
    this.tally.bytes += bytes;
    if (this.#listener.wantsRemoved) this.#listener.removed(level.entryPath(), kindOf(stat), bytes);
    return 0;
  }

  #fail(level: Level, failed: number, flags: number): number {
    this.tally.failed++;
    this.#remains(level);
    this.#listener.failed(level.entryPath(), failed, "unlinkat", level.callArguments(flags));
    // What a dry run foresees is told; its status is that of looking.
    return this.#hands.acts ? failed : 0;
  }
}
