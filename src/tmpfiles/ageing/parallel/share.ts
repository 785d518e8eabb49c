import { basename } from "../../../base/bytes.js";
import { DEEPEST } from "../guards.js";
import type { Level } from "../level.js";
import type { Walk } from "../walk.js";
import type { Joined, Sharing } from "../walk-parts.js";
import type { Board } from "./board.js";

/** Who waits takes on other work meanwhile, this deep and no deeper: each is a walk inside a walk. */
const MOST_HELPING = 6;

/** One thread's part in a shared walk: it gives directories away, takes some on, and waits for those that it gave. */
export class Share implements Sharing {
  readonly #board: Board;
  /** What a thread tells before its result counts: its totals and its reports. */
  readonly #tell: () => void;
  #helping = 0;

  constructor(board: Board, tell: () => void) {
    this.#board = board;
    this.#tell = tell;
  }

  offer(level: Level): boolean {
    if (!this.#board.wantsWork || level.depth >= DEEPEST) return false;
    if (level.join < 0) level.join = this.#board.openJoin();
    if (level.join < 0) return false;
    const { opened: fd, fd: dirFd, depth, join } = level;
    const task = { fd, dirFd, depth, join, path: level.entryPath() };
    return this.#board.publish(task, level.stat);
  }

  /** Who waits for others helps them meanwhile. */
  collect(level: Level, walk: Walk): Joined {
    const board = this.#board;
    for (;;) {
      const signal = board.signal;
      if (board.pending(level.join) === 0) return board.closeJoin(level.join);
      if (this.#helping >= MOST_HELPING || !this.work(walk)) board.waitBeyond(signal);
    }
  }

  /** Does one task; false where there is none. */
  work(walk: Walk): boolean {
    const board = this.#board;
    const at = board.take();
    if (at < 0) return false;
    this.#helping++;
    const task = board.task(at);
    const nameAddress = board.nameAddress(at, basename(task.path).length);
    const result = walk.takeOver(
      { ...task, nameAddress, rule: board.rule, indexing: board.indexing },
      (into) => board.readStat(at, into),
    );
    this.#helping--;
    this.#tell();
    board.finish(at, result);
    return true;
  }
}
