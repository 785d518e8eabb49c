/** One thread's part in a shared walk: offloads slices, and walks those of others. */
import type { DirectoryFrame } from "../directory-frame.js";
import type { Scheduler, SliceWalk } from "../scheduler.js";
import type { SliceResult } from "../slice.js";
import type { WorkQueue } from "./work-queue.js";

/** A waiting thread walks other slices, nested to this depth at most: each is a walk inside a walk. */
const MOST_HELPING = 6;
/** So few files are not worth offloading: another thread takes as long to wake up. */
const FEW = 64;

/** One thread's part in a shared walk: it offloads slices, walks some of other threads, and waits for its own. */
export class WorkerScheduler implements Scheduler {
  readonly #queue: WorkQueue;
  /** Passes on the counters and reports of this thread, before its result is added. */
  readonly #report: () => void;
  #helping = 0;

  constructor(queue: WorkQueue, report: () => void) {
    this.#queue = queue;
    this.#report = report;
  }

  wantsWork(): boolean {
    return this.#queue.wantsWork;
  }

  offload(frame: DirectoryFrame): boolean {
    const from = frame.listing.halfway(frame.next, FEW);
    if (from === frame.listing.end) return false;
    frame.join ??= this.#queue.openJoin();
    return frame.join !== undefined && this.#queue.push(frame, frame.join, from);
  }

  /** A waiting thread walks other slices meanwhile. */
  collect(join: number, walk: SliceWalk): SliceResult {
    const queue = this.#queue;
    for (;;) {
      const signal = queue.signal;
      if (queue.pending(join) === 0) return queue.closeJoin(join);
      if (this.#helping >= MOST_HELPING) queue.waitBeyond(signal);
      else if (!this.work(walk)) queue.waitForWork(signal);
    }
  }

  /** Walks one slice; false if the queue is empty. */
  work(walk: SliceWalk): boolean {
    const queue = this.#queue;
    const at = queue.take();
    if (at === undefined) return false;
    this.#helping++;
    const task = queue.task(at);
    const result = walk.takeOver(task, (listing) => queue.release(at, listing));
    this.#helping--;
    this.#report();
    queue.finish(task.join, result);
    return true;
  }
}
