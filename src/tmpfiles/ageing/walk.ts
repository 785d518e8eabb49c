/** Walks a tree, and removes what no guard keeps. */
import type { Bytes } from "../../base/bytes.js";
import { isStopRequested, type StopFlag } from "../../base/stop.js";
import { type Errno, SUCCESS } from "../../sys/ffi.js";
import { AT_REMOVEDIR } from "../../sys/files.js";
import { S_IFDIR } from "../../sys/inode.js";
import type { Listing } from "../../sys/listing.js";
import { ENOENT, ENOTEMPTY, type StatxBuffer } from "../../sys/scan.js";
import { DirectoryFrame, type FrameStart } from "./directory-frame.js";
import type { DirectoryIndex, Known } from "./directory-index.js";
import type { Environment } from "./entry-context.js";
import type { FindUnitKeeper } from "./entry-cursor.js";
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
import { unitKeeper } from "./unit.js";
import type { WalkEffects } from "./walk-effects.js";
import { walkEnvironment } from "./walk-environment.js";
import type { WalkObserver } from "./walk-observer.js";
import type { Base, WalkParts, WalkResult } from "./walk-options.js";
import { WalkStats } from "./walk-stats.js";

/** A walk checks whether to stop after this many entries: a power of two. */
const STOP_EVERY = 16;

/**
 * The ageing walk. It lists each directory, reads the stat of each entry, and removes the entries that no guard keeps,
 * children before their directory, each by its name in the directory that is open and locked.
 */
export class Walk {
  readonly stats: WalkStats;
  readonly #effects: WalkEffects;
  readonly #lines: LineIndex;
  readonly #environment: Environment;
  readonly #findUnitKeeper: FindUnitKeeper;
  readonly #index: DirectoryIndex | undefined;
  readonly #scheduler: Scheduler | undefined;
  readonly #observer: WalkObserver | undefined;
  readonly #stop: StopFlag | undefined;
  /** No further entry is examined; open directories get their times back and are left. */
  #stopped = false;
  /** The directories from the base, or from a slice, to the current one. */
  readonly #open: DirectoryFrame[] = [];
  readonly #unused: DirectoryFrame[] = [];

  constructor(parts: WalkParts) {
    this.#effects = parts.effects;
    this.#lines = parts.lines;
    this.#environment = walkEnvironment(parts);
    this.#findUnitKeeper = (entry) => unitKeeper(parts, entry, this.#environment, (unit) => new Walk(unit));
    this.stats = new WalkStats(parts, this.#environment);
    this.#index = parts.index;
    this.#scheduler = parts.scheduler;
    this.#observer = parts.observer;
    this.#stop = parts.stop;
  }

  /** Walks `base`, which is kept. Returns its last failure and the number of kept entries. */
  start({ fd, path, stat, rule, depth = 0, indexing, restoresTimes, listener }: Base): WalkResult {
    this.stats.listener = listener;
    const lines = this.#lines.below(path);
    const frame = this.#enter({ fd, path, depth, atMountTop: stat.isMountRoot, lines, rule });
    frame.notes.begin(indexing, false);
    const status = this.#walk(frame, restoresTimes ? stat : undefined);
    this.#unused.push(frame);
    return { status, stays: frame.stays };
  }

  /** Walks part of a directory that another thread listed; `fill` puts its entries into the listing. */
  takeOver(slice: Slice, fill: (listing: Listing) => void): SliceResult {
    const frame = this.#enter({ ...slice, lines: this.#lines.below(slice.path) });
    frame.notes.begin(slice.indexing, slice.filesKnown);
    fill(frame.listing);
    this.#open.push(frame);
    const status = this.#listed(frame);
    const sliceResult = frame.sliceResult(this.#leave(frame) || status);
    this.#unused.push(frame);
    return sliceResult;
  }

  #enter(start: FrameStart): DirectoryFrame {
    const frame = this.#unused.pop();
    if (frame === undefined) return new DirectoryFrame(start, this.#effects, this.#findUnitKeeper);
    frame.enter(start);
    return frame;
  }

  /** Walks the entries. `times` are the directory's times to restore. */
  #walk(frame: DirectoryFrame, times: StatxBuffer | undefined): Errno {
    this.#open.push(frame);
    const named = this.#observer?.namesIn(frame.path);
    let status = named === undefined ? SUCCESS : this.#named(frame, named);
    while (named === undefined && !this.#stops() && frame.listing.read(frame.fd)) {
      frame.next = 0;
      status = this.#listed(frame) || status;
    }
    status = this.#leave(frame) || status;
    if (frame.changed && times !== undefined) this.#effects.restoreTimes(frame.fd, times);
    return status;
  }

  /** Waits for the other threads that walk slices of the directory. */
  #leave(frame: DirectoryFrame): Errno {
    const sliceResult = frame.join === undefined ? undefined : this.#scheduler?.collect(frame.join, this);
    this.#open.pop();
    return sliceResult === undefined ? SUCCESS : frame.merge(sliceResult);
  }

  /** Walks the listed entries, except those that it gives to other threads. */
  #listed(frame: DirectoryFrame): Errno {
    const quick = this.#reportsNothing && !frame.notes.filesKnown && directoryAllowsFastPath(frame);
    let status = SUCCESS;
    while (frame.next < frame.listing.end && !this.#stopped) {
      const found = quick ? skipRecentFiles(frame, this.stats.counters) : this.#lookAtNext(frame);
      if (found) status = this.#entry(frame) || status;
      this.#shareWork();
      this.stats.progress(frame.path);
      if (quick || this.stats.counters.entries % STOP_EVERY === 0) this.#stops();
    }
    if (this.#stopped) frame.notes.complete = false;
    return status;
  }

  #stops(): boolean {
    if (this.#stop !== undefined && !this.#stopped) this.#stopped = isStopRequested(this.#stop);
    return this.#stopped;
  }

  /** False if the next entry is `.`, `..` or a file that the index knows. */
  #lookAtNext(frame: DirectoryFrame): boolean {
    const at = frame.next;
    frame.moveTo(at);
    if (frame.listing.isDots(at) || (frame.notes.filesKnown && this.#passOver(frame, at))) return false;
    frame.entry.readStat();
    return true;
  }

  /** Gives part of the remaining work to an idle thread: from the topmost directory that has any, where most is left. */
  #shareWork(): void {
    const scheduler = this.#scheduler;
    if (scheduler?.wantsWork(this.stats.counters.entries) !== true) return;
    for (const frame of this.#open) if (scheduler.offload(frame)) return;
  }

  /** Whether kept entries are only counted. */
  get #reportsNothing(): boolean {
    return this.#observer === undefined && this.#effects.acts && !this.stats.listener.wantsKept;
  }

  /** Walks only these entries. */
  #named(frame: DirectoryFrame, names: readonly Bytes[]): Errno {
    let status = SUCCESS;
    for (const name of names) {
      frame.entry.moveToNamed(name);
      frame.entry.readStat();
      status = this.#entry(frame);
    }
    return status;
  }

  /** Walks an entry whose stat was read. */
  #entry(frame: DirectoryFrame): Errno {
    const { entry, notes } = frame;
    this.stats.counters.entries++;
    if (entry.statError !== SUCCESS) return this.#unknown(frame);
    if (this.stats.isGone(frame)) return SUCCESS;
    if (notes.enabled) notes.addEntry(entry.stat);
    return entry.stat.type === S_IFDIR ? this.#directory(frame) : this.#other(frame);
  }

  /** statx failed: the entry was removed meanwhile, or is inaccessible (FUSE, NFS). Neither is a failure. */
  #unknown(frame: DirectoryFrame): Errno {
    const { entry } = frame;
    if (entry.statError === ENOENT) {
      this.#observer?.entryMissing(frame, entry.name(), this.#environment);
      return SUCCESS;
    }
    frame.notes.complete = false;
    this.stats.unknown(frame);
    return SUCCESS;
  }

  #other(frame: DirectoryFrame): Errno {
    const { entry } = frame;
    entry.beginFile();
    const guard = firstGuard(entryAllowsFastPath(frame) ? FAST_PATH_GUARDS : OTHER, entry, this.#environment);
    this.#observer?.decided(entry, guard, this.#environment);
    if (guard !== undefined) return this.stats.keep(frame, GUARDS.indexOf(guard));
    const failed = this.#effects.removeFile(frame.fd, entry.nameAddress);
    entry.unlock();
    return this.stats.gone(frame, failed, 0);
  }

  #directory(frame: DirectoryFrame): Errno {
    const { entry } = frame;
    entry.beginDirectory();
    const known = this.#recall(frame);
    if (known !== undefined && !known.hasDirectories) return this.#passOverAll(frame, known);
    const guard = firstGuard(DIRECTORY_PRE_VISIT, entry, this.#environment);
    if (guard !== undefined) {
      this.#observer?.decided(entry, guard, this.#environment);
      entry.close();
      this.stats.keep(frame, GUARDS.indexOf(guard));
      if (entry.openError !== SUCCESS) this.stats.unopened(frame);
      return entry.openError;
    }
    if (entry.openError === ENOENT) return SUCCESS;
    const lines = frame.lines.isEmpty ? frame.lines : frame.lines.enter(entry.name());
    return this.#directoryOpen(frame, lines);
  }

  /** Walks the current entry, a directory, and then decides about the directory itself. */
  #directoryOpen(frame: DirectoryFrame, lines: LinesBelow): Errno {
    const status = frame.depth >= DEEPEST ? this.#lookOnly(frame) : this.#inside(frame, lines);
    const result = this.#stopped ? SUCCESS : this.#depart(frame);
    frame.entry.close();
    return result || status;
  }

  #inside(frame: DirectoryFrame, lines: LinesBelow): Errno {
    const { entry, notes, rule } = frame;
    if (entry.fd === undefined) return SUCCESS;
    const depth = frame.depth + 1;
    const inner = this.#enter({ fd: entry.fd, path: entry.path(), depth, atMountTop: false, lines, rule });
    const known = this.#recall(frame);
    inner.notes.begin(notes.enabled, known !== undefined);
    const status = this.#walk(inner, entry.stat);
    if (known !== undefined) this.#index?.keep(known);
    else if (notes.enabled && inner.notes.complete && !inner.changed)
      this.#index?.note(entry.stat, inner.notes.seen);
    entry.setKeptChildren(inner.stays, inner.firstStaying);
    this.#unused.push(inner);
    return status;
  }

  /** What the index knows of the current entry, a directory. If kept entries are reported, the index is not used. */
  #recall(frame: DirectoryFrame): Known | undefined {
    if (!frame.notes.enabled || this.stats.listener.wantsKept) return undefined;
    return this.#index?.recall(frame.entry.stat, frame.rule);
  }

  /** Skips an entry of a directory that the index knows, unless it may be a directory. */
  #passOver(frame: DirectoryFrame, at: number): boolean {
    if (!frame.listing.isSurelyFile(at)) return false;
    this.stats.counters.indexed++;
    frame.stays++;
    return true;
  }

  /** Skips all entries of the current entry, a directory, without opening it. */
  #passOverAll(frame: DirectoryFrame, known: Known): Errno {
    this.#index?.keep(known);
    const guard = firstGuard(UNOPENED_PRE_VISIT, frame.entry, this.#environment);
    if (guard !== undefined) return this.stats.keep(frame, GUARDS.indexOf(guard));
    this.stats.counters.indexed += known.files;
    frame.entry.setKeptChildren(known.files, undefined);
    return this.#depart(frame);
  }

  /** A directory that is too deep to enter: checks only whether it is empty. */
  #lookOnly(frame: DirectoryFrame): Errno {
    const { entry, lines, path, rule } = frame;
    entry.open();
    if (entry.fd === undefined) return SUCCESS;
    const depth = frame.depth + 1;
    const inner = this.#enter({ fd: entry.fd, path, depth, atMountTop: false, lines, rule });
    const first = inner.firstListed();
    if (first !== undefined) entry.setKeptChildren(1, first);
    this.#unused.push(inner);
    return SUCCESS;
  }

  /** Decides about a directory after its entries. */
  #depart(frame: DirectoryFrame): Errno {
    const { entry } = frame;
    const guard = firstGuard(DIRECTORY_POST_VISIT, entry, this.#environment);
    this.#observer?.decided(entry, guard, this.#environment);
    // Tried even if it is not empty: if it could not be removed anyway, that failure is reported.
    const tried = guard === NOT_EMPTY && this.#effects.acts && entry.fd !== undefined;
    if (guard !== undefined && !tried) return this.stats.keep(frame, GUARDS.indexOf(guard));
    const failed = this.#effects.removeDirectory(frame.fd, entry.nameAddress);
    // An entry may have been created meanwhile.
    if (failed === ENOTEMPTY) return this.stats.keep(frame, GUARDS.indexOf(NOT_EMPTY));
    return this.stats.gone(frame, failed, AT_REMOVEDIR);
  }
}
