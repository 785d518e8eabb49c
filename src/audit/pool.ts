/** Worker threads that work through a list of jobs. */
import type { Worker } from "node:worker_threads";

const threads = (): typeof import("node:worker_threads") => process.getBuiltinModule("node:worker_threads");

/** Each job runs in one of the threads; the results are in the order of the jobs. */
export class JobPool<Job, Result> implements Disposable {
  readonly #workers: Worker[] = [];
  readonly #file: URL;
  readonly #size: number;

  constructor(file: URL, size: number) {
    this.#file = file;
    this.#size = size;
  }

  async run(jobs: readonly Job[]): Promise<Result[]> {
    const results: Result[] = [];
    let next = 0;
    const work = async (worker: Worker): Promise<void> => {
      for (let index = next++; index < jobs.length; index = next++)
        results[index] = await this.#call(worker, jobs[index] as Job);
    };
    while (this.#workers.length < Math.min(this.#size, jobs.length))
      this.#workers.push(new (threads().Worker)(this.#file));
    await Promise.all(this.#workers.map(work));
    return results;
  }

  #call(worker: Worker, job: Job): Promise<Result> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        worker.off("message", done).off("error", failed).off("exit", ended);
        act();
      };
      const done = (result: Result): void => settle(() => resolve(result));
      const failed = (error: unknown): void => settle(() => reject(error));
      const ended = (): void => settle(() => reject(new Error("a worker thread ended early")));
      worker.on("message", done).on("error", failed).on("exit", ended);
      worker.postMessage(job);
    });
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers) void worker.terminate();
  }
}
