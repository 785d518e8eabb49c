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
  openDirectory,
  type StatxBuffer,
  statxInto,
} from "../../sys/scan.js";
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
  UNOPENED_ARRIVAL,
} from "./guards.js";
import { Ledger } from "./ledger.js";
import type { Lens } from "./lens.js";
import { Level, NOT_OPENED } from "./level.js";
import type { LineIndex, LinesBelow } from "./line-index.js";
import { isOrdinary, isOrdinaryPlace, passTooNew } from "./ordinary.js";
import { NO_LOCK, type WalkHands } from "./walk-hands.js";
import type { Base, Joined, Sharing, Slice, WalkParts } from "./walk-parts.js";
import { WalkWorld } from "./walk-world.js";

/** How many entries are looked at before a walk looks whether it is to stop: a power of two. */
const STOP_EVERY = 16;

/**
 * The ageing walk: for each entry getdents64, statx, the first guard that holds; what no guard saves is removed, children
 * before their directory, each by its name in the very directory that was opened and is locked.
 */
export class Walk {
  readonly ledger: Ledger;
  readonly #hands: WalkHands;
  readonly #lines: LineIndex;
  readonly #world: WalkWorld;
  readonly #index: DirectoryIndex | undefined;
  readonly #sharing: Sharing | undefined;
  readonly #lens: Lens | undefined;
  readonly #stop: StopFlag | undefined;
  /** From then on nothing more is looked at: open directories get their times back, and are left. */
  #stopped = false;
  /** From the base, or from a slice, down to where the walk stands. */
  readonly #open: Level[] = [];
  readonly #unused: Level[] = [];

  constructor(parts: WalkParts) {
    this.#hands = parts.hands;
    this.#lines = parts.lines;
    this.#world = new WalkWorld(parts);
    this.ledger = new Ledger(parts, this.#world);
    this.#index = parts.index;
    this.#sharing = parts.sharing;
    this.#lens = parts.lens;
    this.#stop = parts.stop;
  }

  /**
   * Walks `base`, which stays. The answer is the errno of a failure that the exit status tells of, 0 where all went well.
   */
  start(base: Base): { status: number; stays: number } {
    this.ledger.listener = base.listener;
    const level = this.#enter(0, base.fd, base.path, this.#lines.below(base.path), base.rule);
    level.atMountTop = base.stat.isMountRoot;
    level.indexing = base.indexing;
    const status = this.#walk(level, base.restoresTimes ? base.stat : undefined);
    this.#unused.push(level);
    return { status, stays: level.stays };
  }

  /** Walks a part of a directory that another thread listed; `fill` puts its entries into the listing. */
  takeOver(slice: Slice, fill: (listing: Listing) => void): Joined {
    const { depth, fd, path, rule } = slice;
    const level = this.#enter(depth, fd, path, this.#lines.below(path), rule);
    level.atMountTop = slice.atMountTop;
    level.indexing = slice.indexing;
    level.filesKnown = slice.filesKnown;
    fill(level.listing);
    this.#open.push(level);
    const status = this.#listed(level);
    const joined = level.joined(this.#leave(level) || status);
    this.#unused.push(level);
    return joined;
  }

  #enter(depth: number, fd: number, path: Bytes, lines: LinesBelow, rule: AgeRule): Level {
    const level = this.#unused.pop() ?? new Level(lines, rule);
    level.enter(depth, fd, path, lines, rule);
    return level;
  }

  /** Looks at each entry; `times` are those that the directory had, to be given back. */
  #walk(level: Level, times: StatxBuffer | undefined): number {
    this.#open.push(level);
    const named = this.#lens?.namesIn(level.path);
    let status = named === undefined ? 0 : this.#named(level, named);
    while (named === undefined && !this.#stops() && level.listing.read(level.fd)) {
      level.next = 0;
      status = this.#listed(level) || status;
    }
    status = this.#leave(level) || status;
    if (level.changed && times !== undefined) this.#hands.restoreTimes(level.fd, times);
    return status;
  }

  /** Waits for what other threads do in here. */
  #leave(level: Level): number {
    const joined = level.join < 0 ? undefined : this.#sharing?.collect(level, this);
    this.#open.pop();
    return joined === undefined ? 0 : level.meet(joined);
  }

  /** Looks at each entry that was listed, but for those that are given away meanwhile. */
  #listed(level: Level): number {
    const quick = this.#tellsNothing && !level.filesKnown && isOrdinaryPlace(level);
    let status = 0;
    while (level.next < level.listing.end && !this.#stopped) {
      const found = quick ? passTooNew(level, this.ledger.tally) : this.#lookAtNext(level);
      if (found) status = this.#entry(level) || status;
      this.#share();
      this.ledger.progress(level.path);
      if (quick || this.ledger.tally.entries % STOP_EVERY === 0) this.#stops();
    }
    // What was not looked at may be anything.
    if (this.#stopped) level.notable = false;
    return status;
  }

  #stops(): boolean {
    if (this.#stop !== undefined && !this.#stopped) this.#stopped = isStopRequested(this.#stop);
    return this.#stopped;
  }

  /** False where the next entry is none to look at. */
  #lookAtNext(level: Level): boolean {
    const at = level.next;
    level.lookAt(at);
    if (level.listing.isDots(at) || (level.filesKnown && this.#passOver(level, at))) return false;
    level.failed = statxInto(level.fd, level.nameAddress, level.stat);
    return true;
  }

  /** Gives some of what is still to do to a thread that has nothing to do: as far up as there is any, since most is there. */
  #share(): void {
    const sharing = this.#sharing;
    if (sharing?.wantsWork(this.ledger.tally.entries) !== true) return;
    for (const level of this.#open) if (sharing.give(level)) return;
  }

  /** Nobody wants to hear of an entry that stays, or where it is. */
  get #tellsNothing(): boolean {
    return this.#lens === undefined && this.#hands.acts && !this.ledger.listener.wantsKept;
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
    this.ledger.tally.entries++;
    if (level.failed !== 0) return this.#unknown(level, level.failed);
    if (this.ledger.isGone(level)) return 0;
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
    this.ledger.unknown(level, failed);
    return 0;
  }

  #other(level: Level): number {
    level.lock = NO_LOCK;
    const guard = firstGuard(isOrdinary(level) ? ORDINARY : OTHER, level, this.#world);
    this.#lens?.decided(level, guard, this.#world);
    if (guard !== undefined) return this.ledger.keep(level, GUARDS.indexOf(guard));
    const failed = this.#hands.removeFile(level.fd, level.nameAddress);
    // Closing lets go of the lock: no sooner than the name is gone.
    if (level.lock >= 0) closeNumber(level.lock);
    return this.ledger.gone(level, failed, 0);
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
      this.ledger.keep(level, GUARDS.indexOf(guard));
      if (failed !== 0) this.ledger.unopened(level, failed);
      return failed;
    }
    if (level.opened === -ENOENT) return 0;
    const lines = level.lines.isEmpty ? level.lines : level.lines.enter(level.name());
    return this.#directoryOpen(level, lines);
  }

  /** The directory that `level` looks at: its entries first, then it. */
  #directoryOpen(level: Level, lines: LinesBelow): number {
    const status = level.depth >= DEEPEST ? this.#lookOnly(level) : this.#inside(level, lines);
    const result = this.#stopped ? 0 : this.#depart(level);
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
    if (!level.indexing || this.ledger.listener.wantsKept) return undefined;
    return this.#index?.recall(level.stat, level.rule);
  }

  /** Passes over an entry that the index knows, unless it may be a directory. */
  #passOver(level: Level, at: number): boolean {
    if (!level.listing.isSurelyFile(at)) return false;
    this.ledger.tally.indexed++;
    level.stays++;
    return true;
  }

  /** Passes over all entries of the directory that `level` looks at: it is not even opened. */
  #passOverAll(level: Level, known: Known): number {
    this.#index?.keep(known);
    const guard = firstGuard(UNOPENED_ARRIVAL, level, this.#world);
    if (guard !== undefined) return this.ledger.keep(level, GUARDS.indexOf(guard));
    this.ledger.tally.indexed += known.files;
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
    if (guard !== undefined && !tried) return this.ledger.keep(level, GUARDS.indexOf(guard));
    const failed = this.#hands.removeDirectory(level.fd, level.nameAddress);
    if (failed === ENOTEMPTY) {
      // Something came while we looked.
      this.ledger.keep(level, GUARDS.indexOf(NOT_EMPTY));
      return 0;
    }
    return this.ledger.gone(level, failed, AT_REMOVEDIR);
  }
}
