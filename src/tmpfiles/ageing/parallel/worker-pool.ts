/** The threads of a run, seen from its own. */
import type { MessagePort } from "node:worker_threads";
import type { Source } from "../../../base/events.js";
import type { StopFlag } from "../../../base/stop.js";
import type { AgeRule } from "../age-rule.js";
import type { DirectoryFrame } from "../directory-frame.js";
import type { DirectoryIndex } from "../directory-index.js";
import type { LinePaths } from "../line-index.js";
import type { Scheduler, SliceWalk } from "../scheduler.js";
import type { SliceResult } from "../slice.js";
import { addCounters, newWalkCounters, type WalkCounters } from "../walk-counters.js";
import type { WalkListener } from "../walk-listener.js";
import { readCounters, takeIndexNotes } from "./counters.js";
import { type Batch, replay } from "./reports.js";
import { WorkerScheduler } from "./scheduler.js";
import { WorkQueue } from "./work-queue.js";

// Loaded by the first who needs threads: most runs don't, and it takes 4 ms.
const cores = (): number => process.getBuiltinModule("node:os").availableParallelism();
const threads = (): typeof import("node:worker_threads") => process.getBuiltinModule("node:worker_threads");

/** What a worker starts with. */
export interface WorkerData {
  readonly memory: SharedArrayBuffer;
  readonly jobs: number;
  /** Its index among the queue's counters. */
  readonly workerId: number;
  readonly port: MessagePort;
  readonly lines: LinePaths;
  /** Of the lines, where it is to be told why entries are kept. */
  readonly sources: readonly (Source | undefined)[];
  readonly wantsKept: boolean;
  readonly wantsRemoved: boolean;
  readonly index: Pick<DirectoryIndex, "records" | "kept" | "nowSeconds"> | undefined;
  readonly stop: StopFlag | undefined;
}

export interface WorkerPoolOptions {
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
export class WorkerPool implements Scheduler {
  readonly #plan: WorkerPoolOptions;
  readonly #ports: MessagePort[] = [];
  readonly #early = new Map<number, Batch>();
  #listener: WalkListener;
  #queue: WorkQueue | undefined;
  #scheduler: WorkerScheduler | undefined;
  #begin: (queue: WorkQueue) => void = () => {};
  #jobs = 1;
  #reported = 0;

  constructor(plan: WorkerPoolOptions, listener: WalkListener) {
    this.#plan = plan;
    this.#listener = listener;
  }

  /** A walk begins: by another rule, and perhaps for another line. */
  begin(rule: AgeRule, indexing: boolean, listener: WalkListener): void {
    this.#begin = (queue) => queue.begin(rule, indexing);
    this.#listener = listener;
    if (this.#queue !== undefined) this.#begin(this.#queue);
  }

  wantsWork(entries: number): boolean {
    if (this.#scheduler === undefined) {
      if (entries < this.#plan.from) return false;
      this.#scheduler = this.#start();
    }
    return this.#scheduler.wantsWork();
  }

  offload(frame: DirectoryFrame): boolean {
    return this.#scheduler?.offload(frame) === true;
  }

  collect(join: number, walk: SliceWalk): SliceResult {
    const sliceResult = (this.#scheduler ?? this.#start()).collect(join, walk);
    this.drain();
    return sliceResult;
  }

  #start(): WorkerScheduler {
    const { jobs = cores(), from, lines, source, index, stop } = this.#plan;
    this.#jobs = jobs;
    const queue = WorkQueue.make(jobs);
    this.#queue = queue;
    this.#begin(queue);
    const { wantsKept, wantsRemoved } = this.#listener;
    const { MessageChannel, Worker } = threads();
    for (let workerId = 1; workerId < jobs; workerId++) {
      const { port1, port2 } = new MessageChannel();
      const data: WorkerData = {
        memory: queue.memory,
        jobs,
        workerId,
        port: port2,
        lines,
        sources: wantsKept ? lines.paths.map((_, order) => source(order)) : [],
        wantsKept,
        wantsRemoved,
        index: index && { records: index.records, kept: index.kept, nowSeconds: index.nowSeconds },
        stop,
      };
      const worker = new Worker(new URL("./worker.js", import.meta.url), {
        workerData: data,
        transferList: [port2],
      });
      worker.unref();
      port1.unref();
      this.#ports.push(port1);
    }
    if (from === 0) queue.waitForIdle(jobs - 1);
    return new WorkerScheduler(queue, () => {});
  }

  /** Passes on what the others told up to now, in the order in which it happened. */
  drain(): void {
    const queue = this.#queue;
    if (queue === undefined) return;
    const reported = queue.sequence;
    while (this.#reported < reported) {
      for (const port of this.#ports) this.#receive(port);
      for (
        let next = this.#early.get(this.#reported);
        next !== undefined;
        next = this.#early.get(this.#reported)
      ) {
        this.#early.delete(this.#reported++);
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
  elsewhere(): WalkCounters {
    const total = newWalkCounters();
    const queue = this.#queue;
    if (queue === undefined) return total;
    for (let workerId = 1; workerId < this.#jobs; workerId++)
      addCounters(total, readCounters(queue, workerId));
    return total;
  }

  /** Shuts down the other threads, and adds up their results. */
  shutDown(total: WalkCounters): void {
    const queue = this.#queue;
    if (queue === undefined) return;
    for (let workerId = 1; workerId < this.#jobs; workerId++) {
      addCounters(total, readCounters(queue, workerId));
      this.#plan.index?.add(takeIndexNotes(queue, workerId));
    }
    queue.stop();
    for (const port of this.#ports) port.close();
  }
}
