/** A thread that walks slices. */
import { workerData } from "node:worker_threads";
import { OpenFiles } from "../../../sys/open-files.js";
import { DirectoryIndex } from "../directory-index.js";
import { LineIndex } from "../line-index.js";
import { Sockets } from "../sockets.js";
import { Walk } from "../walk.js";
import { realWalkEffects } from "../walk-effects.js";
import { takeIndexNotes, writeCounters, writeIndexNotes } from "./counters.js";
import { type Batch, Reports } from "./reports.js";
import { WorkerScheduler } from "./scheduler.js";
import { WorkQueue } from "./work-queue.js";
import type { WorkerData } from "./worker-pool.js";

/** Walks the slices that other threads offload, until the queue is stopped. */
function serve({
  memory,
  jobs,
  workerId,
  port,
  lines,
  sources,
  index: seen,
  stop,
  ...wants
}: WorkerData): void {
  const queue = new WorkQueue(memory, jobs);
  const reports = new Reports(wants, () => report());
  const index = seen && new DirectoryIndex(seen.records, seen.nowSeconds, seen.kept);
  const report = (): void => {
    writeCounters(queue, workerId, walk.stats.counters);
    const reported = reports.take();
    let noted = index?.take() ?? [];
    if (writeIndexNotes(queue, workerId, noted)) noted = [];
    else noted = [...takeIndexNotes(queue, workerId), ...noted];
    if (reported.length === 0 && noted.length === 0) return;
    port.postMessage({ sequence: queue.nextSequence(), reports: reported, noted } satisfies Batch);
  };
  const scheduler = new WorkerScheduler(queue, report);
  const walk = new Walk({
    effects: realWalkEffects(),
    listener: reports,
    lines: new LineIndex(lines),
    sources: (order) => sources[order],
    sockets: new Sockets(),
    openFiles: new OpenFiles(),
    scheduler: scheduler,
    index,
    stop,
  });
  while (!queue.isStopped) {
    const signal = queue.signal;
    if (!scheduler.work(walk)) queue.waitForWork(signal);
  }
  port.close();
}

serve(workerData as WorkerData);
