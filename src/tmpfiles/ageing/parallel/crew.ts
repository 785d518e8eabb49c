import type { MessagePort } from "node:worker_threads";
import type { Source } from "../../../base/events.js";
import type { StopFlag } from "../../../base/stop.js";
import type { DirectoryIndex } from "../directory-index.js";
import type { AgeRule } from "../guards.js";
import type { Level } from "../level.js";
import type { LinePaths } from "../line-index.js";
import type { Walk } from "../walk.js";
import {
  addTally,
  type Joined,
  newTally,
  type Sharing,
  type Tally,
  type WalkListener,
} from "../walk-parts.js";
import { Board } from "./board.js";
import { type Batch, replay } from "./reports.js";
import { Share } from "./share.js";
import { readTally, takeNotes } from "./tallies.js";

// Loaded by the first who needs threads: most runs don't, and it takes 4 ms.
const cores = (): number => process.getBuiltinModule("node:os").availableParallelism();
const threads = (): typeof import("node:worker_threads") => process.getBuiltinModule("node:worker_threads");

/** What a worker starts with. */
export interface Assignment {
  readonly memory: SharedArrayBuffer;
  readonly jobs: number;
  /** Its place among the board's tallies. */
  readonly member: number;
  readonly port: MessagePort;
  readonly lines: LinePaths;
  /** Of the lines, where it is to be told why entries are kept. */
  readonly sources: readonly (Source | undefined)[];
  readonly wantsKept: boolean;
  readonly wantsRemoved: boolean;
  readonly index: Pick<DirectoryIndex, "records" | "kept" | "nowSeconds"> | undefined;
  readonly stop: StopFlag | undefined;
}

export interface CrewPlan {
  /** Threads in all, this one included: as many as there are cores where it is not said. */
  readonly jobs?: number | undefined;
  /**
   * How many entries this thread looks at before it calls for others: starting a thread costs as much as 50,000. It goes on
   * until they are there; where this is 0, it waits for them.
   */
  readonly from: number;
  readonly lines: LinePaths;
  readonly source: (order: number) => Source | undefined;
  readonly index?: DirectoryIndex | undefined;
  readonly stop?: StopFlag | undefined;
}

/**
 * The threads of a run, seen from its own: it starts the others once there is enough to do, and passes on what they
 * report. All of it without the event loop, since the engine is synchronous.
 */
export class Crew implements Sharing {
  readonly #plan: CrewPlan;
  readonly #ports: MessagePort[] = [];
  readonly #early = new Map<number, Batch>();
  #listener: WalkListener;
  #board: Board | undefined;
  #share: Share | undefined;
  #begin: (board: Board) => void = () => {};
  #jobs = 1;
  #told = 0;

  constructor(plan: CrewPlan, listener: WalkListener) {
    this.#plan = plan;
    this.#listener = listener;
  }

  /** A walk begins: by another rule, and perhaps for another line. */
  begin(rule: AgeRule, indexing: boolean, listener: WalkListener): void {
    this.#begin = (board) => board.begin(rule, indexing);
    this.#listener = listener;
    if (this.#board !== undefined) this.#begin(this.#board);
  }

  wantsWork(entries: number): boolean {
    if (this.#share === undefined) {
      if (entries < this.#plan.from) return false;
      this.#share = this.#start();
    }
    return this.#share.wantsWork();
  }

  give(level: Level): boolean {
    return this.#share?.give(level) === true;
  }

  collect(level: Level, walk: Walk): Joined {
    const joined = (this.#share ?? this.#start()).collect(level, walk);
    this.drain();
    return joined;
  }

  #start(): Share {
    const { jobs = cores(), from, lines, source, index, stop } = this.#plan;
    this.#jobs = jobs;
    const board = Board.make(jobs);
    this.#board = board;
    this.#begin(board);
    const { wantsKept, wantsRemoved } = this.#listener;
    const { MessageChannel, Worker } = threads();
    for (let member = 1; member < jobs; member++) {
      const { port1, port2 } = new MessageChannel();
      const assignment: Assignment = {
        memory: board.memory,
        jobs,
        member,
        port: port2,
        lines,
        sources: wantsKept ? lines.paths.map((_, order) => source(order)) : [],
        wantsKept,
        wantsRemoved,
        index: index && { records: index.records, kept: index.kept, nowSeconds: index.nowSeconds },
        stop,
      };
      const worker = new Worker(new URL("./worker.js", import.meta.url), {
        workerData: assignment,
        transferList: [port2],
      });
      worker.unref();
      port1.unref();
      this.#ports.push(port1);
    }
    if (from === 0) board.waitForIdle(jobs - 1);
    return new Share(board, () => {});
  }

  /** Passes on what the others told up to now, in the order in which it happened. */
  drain(): void {
    const board = this.#board;
    if (board === undefined) return;
    const told = board.sequence;
    while (this.#told < told) {
      for (const port of this.#ports) this.#receive(port);
      for (let next = this.#early.get(this.#told); next !== undefined; next = this.#early.get(this.#told)) {
        this.#early.delete(this.#told++);
        this.#plan.index?.add(next.noted);
        replay(next.reports, this.#listener);
      }
    }
  }

  #receive(port: MessagePort): void {
    for (;;) {
      const received = threads().receiveMessageOnPort(port) as { message: Batch } | undefined;
      if (received === undefined) return;
      this.#early.set(received.message.sequence, received.message);
    }
  }

  /** What the other threads have seen and removed so far, as far as they have reported it. */
  elsewhere(): { readonly entries: number; readonly removed: number } {
    const total = newTally();
    const board = this.#board;
    if (board === undefined) return total;
    for (let member = 1; member < this.#jobs; member++) addTally(total, readTally(board, member));
    return total;
  }

  /** Sends the others home, and adds up what they came to. */
  dismiss(total: Tally): void {
    const board = this.#board;
    if (board === undefined) return;
    for (let member = 1; member < this.#jobs; member++) {
      addTally(total, readTally(board, member));
      this.#plan.index?.add(takeNotes(board, member));
    }
    board.stop();
    for (const port of this.#ports) port.close();
  }
}
