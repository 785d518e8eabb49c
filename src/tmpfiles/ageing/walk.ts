/** Walks a tree, and removes what no guard keeps. */
import type { Bytes } from "../../base/bytes.js";
import { isStopRequested, type StopFlag } from "../../base/stop.js";
import { address, cstring } from "../../sys/ffi.js";
import { AT_REMOVEDIR } from "../../sys/files.js";
import { S_IFDIR } from "../../sys/inode.js";
import type { Listing } from "../../sys/listing.js";
import {
  closeNumber,
  ENOENT,
  ENOTEMPTY,
  openDirectoryNumber,
  type StatxBuffer,
  statxInto,
} from "../../sys/scan.js";
import type { AgeRule } from "./age-rule.js";
import { DirectoryFrame, NOT_OPENED } from "./directory-frame.js";
import type { DirectoryIndex, Known } from "./directory-index.js";
import { NO_LOCK } from "./entry-lock.js";
import { directoryAllowsFastPath, entryAllowsFastPath, skipRecentFiles } from "./fast-path.js";
import {
  DEEPEST,
  DIRECTORY_POST_VISIT,
  DIRECTORY_PRE_VISIT,
  FAST_PATH_GUARDS,
  firstGuard,
  GUARDS,
  NOT_EMPTY,
  OTHER,
  UNOPENED_PRE_VISIT,
} from "./guards.js";
import type { LineIndex, LinesBelow } from "./line-index.js";
import type { Scheduler } from "./scheduler.js";
import type { Slice, SliceResult } from "./slice.js";
import type { WalkEffects } from "./walk-effects.js";
import { WalkEnvironment } from "./walk-environment.js";
import type { WalkObserver } from "./walk-observer.js";
import type { Base, WalkParts } from "./walk-options.js";
import { WalkStats } from "./walk-stats.js";

/** How many entries are looked at before a walk looks whether it is to stop: a power of two. */
const STOP_EVERY = 16;

/**
 * The ageing walk: for each entry getdents64, statx, the first guard that holds; what no guard saves is removed, children
 * before their directory, each by its name in the very directory that was opened and is locked.
 */
export class Walk {
  readonly stats: WalkStats;
  readonly #effects: WalkEffects;
  readonly #lines: LineIndex;
  readonly #environment: WalkEnvironment;
  readonly #index: DirectoryIndex | undefined;
  readonly #scheduler: Scheduler | undefined;
  readonly #observer: WalkObserver | undefined;
  readonly #stop: StopFlag | undefined;
  /** From then on nothing more is looked at: open directories get their times back, and are left. */
  #stopped = false;
  /** From the base, or from a slice, down to where the walk stands. */
  readonly #open: DirectoryFrame[] = [];
  readonly #unused: DirectoryFrame[] = [];

  constructor(parts: WalkParts) {
    this.#effects = parts.effects;
    this.#lines = parts.lines;
    this.#environment = new WalkEnvironment(parts, (unit) => new Walk(unit));
    this.stats = new WalkStats(parts, this.#environment);
    this.#index = parts.index;
    this.#scheduler = parts.scheduler;
    this.#observer = parts.observer;
    this.#stop = parts.stop;
  }

  /**
   * Walks `base`, which stays. The answer is the errno of a failure that the exit status tells of, 0 where all went well.
   */
  start(base: Base): { status: number; stays: number } {
    this.stats.listener = base.listener;
    const frame = this.#enter(base.depth ?? 0, base.fd, base.path, this.#lines.below(base.path), base.rule);
    frame.atMountTop = base.stat.isMountRoot;
    frame.indexing = base.indexing;
    const status = this.#walk(frame, base.restoresTimes ? base.stat : undefined);
    this.#unused.push(frame);
    return { status, stays: frame.stays };
  }

  /** Walks a part of a directory that another thread listed; `fill` puts its entries into the listing. */
  takeOver(slice: Slice, fill: (listing: Listing) => void): SliceResult {
    const { depth, fd, path, rule } = slice;
    const frame = this.#enter(depth, fd, path, this.#lines.below(path), rule);
    frame.atMountTop = slice.atMountTop;
    frame.indexing = slice.indexing;
    frame.filesKnown = slice.filesKnown;
    fill(frame.listing);
    this.#open.push(frame);
    const status = this.#listed(frame);
    const sliceResult = frame.sliceResult(this.#leave(frame) || status);
    this.#unused.push(frame);
    return sliceResult;
  }

  #enter(depth: number, fd: number, path: Bytes, lines: LinesBelow, rule: AgeRule): DirectoryFrame {
    const frame = this.#unused.pop() ?? new DirectoryFrame(lines, rule);
    frame.enter(depth, fd, path, lines, rule);
    return frame;
  }

  /** Looks at each entry; `times` are those that the directory had, to be given back. */
  #walk(frame: DirectoryFrame, times: StatxBuffer | undefined): number {
    this.#open.push(frame);
    const named = this.#observer?.namesIn(frame.path);
    let status = named === undefined ? 0 : this.#named(frame, named);
    while (named === undefined && !this.#stops() && frame.listing.read(frame.fd)) {
      frame.next = 0;
      status = this.#listed(frame) || status;
    }
    status = this.#leave(frame) || status;
    if (frame.changed && times !== undefined) this.#effects.restoreTimes(frame.fd, times);
    return status;
  }

  /** Waits for what other threads do in here. */
  #leave(frame: DirectoryFrame): number {
    const sliceResult = frame.join < 0 ? undefined : this.#scheduler?.collect(frame, this);
    this.#open.pop();
    return sliceResult === undefined ? 0 : frame.merge(sliceResult);
  }

  /** Looks at each entry that was listed, but for those that are given away meanwhile. */
  #listed(frame: DirectoryFrame): number {
    const quick = this.#reportsNothing && !frame.filesKnown && directoryAllowsFastPath(frame);
    let status = 0;
    while (frame.next < frame.listing.end && !this.#stopped) {
      const found = quick ? skipRecentFiles(frame, this.stats.counters) : this.#lookAtNext(frame);
      if (found) status = this.#entry(frame) || status;
      this.#shareWork();
      this.stats.progress(frame.path);
      if (quick || this.stats.counters.entries % STOP_EVERY === 0) this.#stops();
    }
    // What was not looked at may be anything.
    if (this.#stopped) frame.notable = false;
    return status;
  }

  #stops(): boolean {
    if (this.#stop !== undefined && !this.#stopped) this.#stopped = isStopRequested(this.#stop);
    return this.#stopped;
  }

  /** False where the next entry is none to look at. */
  #lookAtNext(frame: DirectoryFrame): boolean {
    const at = frame.next;
    frame.lookAt(at);
    if (frame.listing.isDots(at) || (frame.filesKnown && this.#passOver(frame, at))) return false;
    frame.failed = statxInto(frame.fd, frame.nameAddress, frame.stat);
    return true;
  }

  /** Gives some of what is still to do to a thread that has nothing to do: as far up as there is any, since most is there. */
  #shareWork(): void {
    const scheduler = this.#scheduler;
    if (scheduler?.wantsWork(this.stats.counters.entries) !== true) return;
    for (const frame of this.#open) if (scheduler.offload(frame)) return;
  }

  /** Nobody wants to hear of an entry that stays, or where it is. */
  get #reportsNothing(): boolean {
    return this.#observer === undefined && this.#effects.acts && !this.stats.listener.wantsKept;
  }

  /** Looks at these entries alone. */
  #named(frame: DirectoryFrame, names: readonly Bytes[]): number {
    let status = 0;
    for (const name of names) {
      const cname = cstring(name);
      frame.lookAtNamed(name, address(cname), cname);
      frame.failed = statxInto(frame.fd, frame.nameAddress, frame.stat);
      status = this.#entry(frame);
    }
    return status;
  }

  /** An entry, and what statx says of it. */
  #entry(frame: DirectoryFrame): number {
    this.stats.counters.entries++;
    if (frame.failed !== 0) return this.#unknown(frame, frame.failed);
    if (this.stats.isGone(frame)) return 0;
    if (frame.indexing) frame.noteEntry();
    return frame.stat.type === S_IFDIR ? this.#directory(frame) : this.#other(frame);
  }

  /** statx failed: the entry went meanwhile, or it is none of ours (FUSE, NFS), and no failure. */
  #unknown(frame: DirectoryFrame, failed: number): number {
    if (failed === ENOENT) {
      this.#observer?.entryMissing(frame, frame.name(), this.#environment);
      return 0;
    }
    frame.notable = false;
    this.stats.unknown(frame, failed);
    return 0;
  }

  #other(frame: DirectoryFrame): number {
    frame.lock = NO_LOCK;
    const guard = firstGuard(entryAllowsFastPath(frame) ? FAST_PATH_GUARDS : OTHER, frame, this.#environment);
    this.#observer?.decided(frame, guard, this.#environment);
    if (guard !== undefined) return this.stats.keep(frame, GUARDS.indexOf(guard));
    const failed = this.#effects.removeFile(frame.fd, frame.nameAddress);
    // Closing lets go of the lock: no sooner than the name is gone.
    if (frame.lock >= 0) closeNumber(frame.lock);
    return this.stats.gone(frame, failed, 0);
  }

  #directory(frame: DirectoryFrame): number {
    frame.opened = NOT_OPENED;
    frame.lock = NO_LOCK;
    frame.unitKeeper = null;
    frame.remaining = 0;
    const known = this.#recall(frame);
    if (known !== undefined && !known.hasDirectories) return this.#passOverAll(frame, known);
    const guard = firstGuard(DIRECTORY_PRE_VISIT, frame, this.#environment);
    if (guard !== undefined) {
      this.#observer?.decided(frame, guard, this.#environment);
      const failed = frame.opened < 0 && frame.opened !== NOT_OPENED ? -frame.opened : 0;
      if (frame.opened >= 0) closeNumber(frame.opened);
      this.stats.keep(frame, GUARDS.indexOf(guard));
      if (failed !== 0) this.stats.unopened(frame, failed);
      return failed;
    }
    if (frame.opened === -ENOENT) return 0;
    const lines = frame.lines.isEmpty ? frame.lines : frame.lines.enter(frame.name());
    return this.#directoryOpen(frame, lines);
  }

  /** The directory that `level` looks at: its entries first, then it. */
  #directoryOpen(frame: DirectoryFrame, lines: LinesBelow): number {
    const status = frame.depth >= DEEPEST ? this.#lookOnly(frame) : this.#inside(frame, lines);
    const result = this.#stopped ? 0 : this.#depart(frame);
    if (frame.opened >= 0) closeNumber(frame.opened);
    return result || status;
  }

  #inside(frame: DirectoryFrame, lines: LinesBelow): number {
    const inner = this.#enter(frame.depth + 1, frame.opened, frame.entryPath(), lines, frame.rule);
    const known = this.#recall(frame);
    inner.indexing = frame.indexing;
    inner.filesKnown = known !== undefined;
    const status = this.#walk(inner, frame.stat);
    if (known !== undefined) this.#index?.keep(known);
    else if (inner.isNotable) this.#index?.note(frame.stat, inner.seen);
    frame.learn(inner.stays, inner.firstStaying);
    this.#unused.push(inner);
    return status;
  }

  /** What the index says of the directory that `level` looks at. Who wants to be told of each entry wants no index. */
  #recall(frame: DirectoryFrame): Known | undefined {
    if (!frame.indexing || this.stats.listener.wantsKept) return undefined;
    return this.#index?.recall(frame.stat, frame.rule);
  }

  /** Passes over an entry that the index knows, unless it may be a directory. */
  #passOver(frame: DirectoryFrame, at: number): boolean {
    if (!frame.listing.isSurelyFile(at)) return false;
    this.stats.counters.indexed++;
    frame.stays++;
    return true;
  }

  /** Passes over all entries of the directory that `level` looks at: it is not even opened. */
  #passOverAll(frame: DirectoryFrame, known: Known): number {
    this.#index?.keep(known);
    const guard = firstGuard(UNOPENED_PRE_VISIT, frame, this.#environment);
    if (guard !== undefined) return this.stats.keep(frame, GUARDS.indexOf(guard));
    this.stats.counters.indexed += known.files;
    frame.learn(known.files, undefined);
    return this.#depart(frame);
  }

  /** Too deep to be entered: only whether anything is in there. */
  #lookOnly(frame: DirectoryFrame): number {
    frame.opened = openDirectoryNumber(frame.fd, frame.nameAddress);
    if (frame.opened < 0) return 0;
    const inner = this.#enter(frame.depth + 1, frame.opened, frame.path, frame.lines, frame.rule);
    const first = inner.firstListed();
    if (first !== undefined) frame.learn(1, first);
    this.#unused.push(inner);
    return 0;
  }

  /** A directory whose entries were seen: does it go? */
  #depart(frame: DirectoryFrame): number {
    const guard = firstGuard(DIRECTORY_POST_VISIT, frame, this.#environment);
    this.#observer?.decided(frame, guard, this.#environment);
    // Tried although something stays in it: where it could not go in any case, that is a failure to tell of.
    const tried = guard === NOT_EMPTY && this.#effects.acts && frame.opened >= 0;
    if (guard !== undefined && !tried) return this.stats.keep(frame, GUARDS.indexOf(guard));
    const failed = this.#effects.removeDirectory(frame.fd, frame.nameAddress);
    if (failed === ENOTEMPTY) {
      // Something came while we looked.
      this.stats.keep(frame, GUARDS.indexOf(NOT_EMPTY));
      return 0;
    }
    return this.stats.gone(frame, failed, AT_REMOVEDIR);
  }
}
