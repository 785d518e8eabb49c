/** Reaps orphans, as PID 1 has to, without taking the exit statuses that Node waits for. */
import { becomeSubreaper, exitedChild, reapChild } from "../../sys/wait.js";

/** Signals and timers get a turn after so many. */
const MOST_AT_ONCE = 1000;

/**
 * Node waits for each child that it started by its PID. A waitpid(-1) here would take the status of one that exited just
 * then. So this looks which child has exited, without reaping it, and reaps only those that were not started here.
 */
export class Reaper implements Disposable {
  readonly #own = new Set<number>();
  readonly #listener = (): void => this.#reap();
  #next: NodeJS.Immediate | undefined;
  #reaped = 0;

  /** Orphans come to PID 1, and to a subreaper, which any other process becomes here. */
  constructor() {
    if (process.pid !== 1) becomeSubreaper();
    process.on("SIGCHLD", this.#listener);
    this.#reap();
  }

  /** How many orphans were reaped. */
  get reaped(): number {
    return this.#reaped;
  }

  /** Node waits for this child. To be called as soon as it is started, before the event loop goes on. */
  started(pid: number): void {
    this.#own.add(pid);
  }

  /** Node has its status. Another process may get its PID from now on. */
  ended(pid: number): void {
    this.#own.delete(pid);
    this.#reap();
  }

  #reap(): void {
    this.#next = undefined;
    for (let count = 0; count < MOST_AT_ONCE; count++) {
      const pid = exitedChild();
      if (pid === undefined) return;
      // The kernel reports this one until Node has waited for it, in this turn of the event loop or the next.
      if (this.#own.has(pid)) break;
      reapChild(pid);
      this.#reaped++;
    }
    this.#next ??= setImmediate(this.#listener);
  }

  [Symbol.dispose](): void {
    process.off("SIGCHLD", this.#listener);
    if (this.#next !== undefined) clearImmediate(this.#next);
  }
}
