/** A directory on the path from the base of a walk to where it is now. */
import type { Bytes } from "../../base/bytes.js";
import type { Errno, FdNumber } from "../../sys/ffi.js";
import { Listing } from "../../sys/listing.js";
import type { AgeRule } from "./age-rule.js";
import { EntryCursor, type FindUnitKeeper, type ListedDirectory } from "./entry-cursor.js";
import { IndexNotes } from "./index-notes.js";
import type { LinesBelow } from "./line-index.js";
import type { Slice, SliceResult } from "./slice.js";
import type { WalkEffects } from "./walk-effects.js";

/** What a frame is entered with. */
export type FrameStart = Omit<Slice, "indexing" | "filesKnown"> & { readonly lines: LinesBelow };

/**
 * A directory that a walk has entered and not left. A thread needs one for each level, because each has buffers of its own,
 * and reuses it.
 */
export class DirectoryFrame implements ListedDirectory {
  fd!: FdNumber;
  path!: Bytes;
  depth!: number;
  atMountTop!: boolean;
  lines!: LinesBelow;
  rule!: AgeRule;
  readonly listing = new Listing();
  readonly entry: EntryCursor;
  readonly notes = new IndexNotes();

  /** The offset in the listing of the first entry that was not begun. */
  next = 0;
  /** The number of kept entries, and the name of one. */
  stays = 0;
  firstStaying: Bytes | undefined;
  /** Whether an entry was removed, so that the directory's times must be restored. */
  changed = false;
  /** Where the queue collects the results of the slices that other threads walk. */
  join: number | undefined;

  constructor(start: FrameStart, effects: WalkEffects, findUnitKeeper: FindUnitKeeper) {
    this.enter(start);
    this.entry = new EntryCursor(this, effects, findUnitKeeper);
  }

  /** Enters another directory. */
  enter({ fd, path, depth, atMountTop, lines, rule }: FrameStart): void {
    this.fd = fd;
    this.path = path;
    this.depth = depth;
    this.atMountTop = atMountTop;
    this.lines = lines;
    this.rule = rule;
    this.listing.end = 0;
    this.next = 0;
    this.stays = 0;
    this.firstStaying = undefined;
    this.changed = false;
    this.join = undefined;
  }

  /** Begins the entry at `offset` of the listing. */
  moveTo(offset: number): void {
    this.next = this.listing.next(offset);
    this.entry.moveTo(offset);
  }

  /** The name of any entry; undefined if the directory is empty. */
  firstListed(): Bytes | undefined {
    const { listing } = this;
    while (listing.read(this.fd)) {
      for (let at = 0; at < listing.end; at = listing.next(at)) {
        if (!listing.isDots(at)) return listing.name(at);
      }
    }
    return undefined;
  }

  /** The result of a slice of the directory. */
  sliceResult(status: Errno): SliceResult {
    const { stays, firstStaying: firstKeptChild, changed, notes } = this;
    return { stays, firstKeptChild, changed, status, notable: notes.complete, seen: notes.seen };
  }

  /** Adds the results of slices that other threads walked. Returns their status. */
  merge({ stays, firstKeptChild, changed, status, notable, seen }: SliceResult): Errno {
    this.stays += stays;
    this.firstStaying ??= firstKeptChild;
    this.changed ||= changed;
    this.notes.merge(notable, seen);
    return status;
  }
}
