/** The main thread's view of the worker threads. */
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

// Loaded only if threads are needed: most runs do not need them, and loading takes 4 ms.
const cores = (): number => process.getBuiltinModule("node:os").availableParallelism();
const threads = (): typeof import("node:worker_threads") => process.getBuiltinModule("node:worker_threads");

/** The arguments of a worker. */
export interface WorkerData {
  readonly memory: SharedArrayBuffer;
  readonly jobs: number;
  /** Its index among the queue's slots. */
  readonly workerId: number;
  readonly port: MessagePort;
  readonly lines: LinePaths;
  /** The locations of lines, if the reasons of kept entries are reported. */
  readonly sources: readonly (Source | undefined)[];
  readonly wantsKept: boolean;
  readonly wantsRemoved: boolean;
  readonly index: Pick<DirectoryIndex, "records" | "kept" | "nowSeconds"> | undefined;
  readonly stop: StopFlag | undefined;
}

export interface WorkerPoolOptions {
  /** The number of threads, including this one; by default one for each core. */
  readonly jobs?: number | undefined;
  /**
   * The number of entries that this thread walks before it starts others, because starting a thread costs as much as
   * 50,000. It continues until they are ready; if this is 0, it waits for them.
   */
  readonly from: number;
  readonly lines: LinePaths;
  readonly source: (order: number) => Source | undefined;
  readonly index?: DirectoryIndex | undefined;
  readonly stop?: StopFlag | undefined;
}

/**
 * The main thread's view of the worker threads: starts them once there is enough work, and passes on their reports. It does
 * so without the event loop, because the engine is synchronous.
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

  /** Begins a walk, with another rule and perhaps for another line. */
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

  /** Passes on the reports of the other threads so far, in order. */
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

  /** The counters of the other threads, as far as they have reported them. */
  elsewhere(): WalkCounters {
    const total = newWalkCounters();
    const queue = this.#queue;
    if (queue === undefined) return total;
    for (let workerId = 1; workerId < this.#jobs; workerId++)
      addCounters(total, readCounters(queue, workerId));
    return total;
  }

  /** Shuts down the other threads and adds their results. */
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
