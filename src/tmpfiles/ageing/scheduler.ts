/** How threads share a walk. */
import type { Listing } from "../../sys/listing.js";
import type { DirectoryFrame } from "./directory-frame.js";
import type { Slice, SliceResult } from "./slice.js";

/** Walks the entries of a slice that another thread listed. */
export interface SliceWalk {
  takeOver(slice: Slice, fill: (listing: Listing) => void): SliceResult;
}

/** Threads that share a walk. */
export interface Scheduler {
  /** Whether a thread waits for work; `entries` is how many this one has walked so far. */
  wantsWork(entries: number): boolean;
  /** Gives away half of the listed entries of `frame` that were not begun; false if they are too few. */
  offload(frame: DirectoryFrame): boolean;
  /** Waits until all slices of the join are done. */
  collect(join: number, walk: SliceWalk): SliceResult;
}
