/** One thread's part in a shared walk: offloads slices, and takes on others'. */
import type { DirectoryFrame } from "../directory-frame.js";
import type { Scheduler, SliceWalk } from "../scheduler.js";
import type { SliceResult } from "../slice.js";
import type { WorkQueue } from "./work-queue.js";

/** Who waits takes on other work meanwhile, this deep and no deeper: each is a walk inside a walk. */
const MOST_HELPING = 6;
/** Files that are not worth giving away: they take as long as another thread to wake up. */
const FEW = 64;

/** One thread's part in a shared walk: it gives slices away, takes some on, and waits for those that it gave. */
export class WorkerScheduler implements Scheduler {
  readonly #queue: WorkQueue;
  /** What a thread tells before its result counts: its totals and its reports. */
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
