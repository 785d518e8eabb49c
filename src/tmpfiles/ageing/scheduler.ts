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
  /** Whether a thread waits for work; `entries`: how many this one has looked at so far. */
  wantsWork(entries: number): boolean;
  /** Gives away half of what `level` has listed and not begun with; false where that is not worth it. */
  offload(frame: DirectoryFrame): boolean;
  /** Waits until all that `level` gave away is done. */
  collect(frame: DirectoryFrame, walk: SliceWalk): SliceResult;
}
