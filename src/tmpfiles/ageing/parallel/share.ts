import type { Level } from "../level.js";
import type { Walk } from "../walk.js";
import type { Joined, Sharing } from "../walk-parts.js";
import type { Board } from "./board.js";

/** Who waits takes on other work meanwhile, this deep and no deeper: each is a walk inside a walk. */
const MOST_HELPING = 6;
/** Files that are not worth giving away: they take as long as another thread to wake up. */
const FEW = 64;

/** One thread's part in a shared walk: it gives slices away, takes some on, and waits for those that it gave. */
export class Share implements Sharing {
  readonly #board: Board;
  /** What a thread tells before its result counts: its totals and its reports. */
  readonly #tell: () => void;
  #helping = 0;

  constructor(board: Board, tell: () => void) {
    this.#board = board;
    this.#tell = tell;
  }

  wantsWork(): boolean {
    return this.#board.wantsWork;
  }

  give(level: Level): boolean {
    const from = level.listing.halfway(level.next, FEW);
    if (from === level.listing.end) return false;
    if (level.join < 0) level.join = this.#board.openJoin();
    return level.join >= 0 && this.#board.publish(level, from);
  }

  /** Who waits for others helps them meanwhile. */
  collect(level: Level, walk: Walk): Joined {
    const board = this.#board;
    for (;;) {
      const signal = board.signal;
      if (board.pending(level.join) === 0) return board.closeJoin(level.join);
      if (this.#helping >= MOST_HELPING) board.waitBeyond(signal);
      else if (!this.work(walk)) board.waitForWork(signal);
    }
  }

  /** Does one slice; false where there is none. */
  work(walk: Walk): boolean {
    const board = this.#board;
    const at = board.take();
    if (at < 0) return false;
    this.#helping++;
    const task = board.task(at);
    const result = walk.takeOver(task, (listing) => board.release(at, listing));
    this.#helping--;
    this.#tell();
    board.finish(task.join, result);
    return true;
  }
}
