/** Reaps orphans, as PID 1 has to, without taking the exit statuses that Node waits for. */
import { becomeSubreaper, exitedChild, reapChild } from "../../sys/wait.js";

/** Signals and timers are handled after this many orphans. */
const MOST_AT_ONCE = 1000;

/**
 * Node waits for each child that it started by its PID. A waitpid(-1) here could consume the status of one that exited just
 * then. So this checks which child has exited without reaping it, and reaps only those that were not started here.
 */
export class Reaper implements Disposable {
  readonly #own = new Set<number>();
  readonly #listener = (): void => this.#reap();
  #next: NodeJS.Immediate | undefined;
  #reaped = 0;

  /** Orphans are reparented to PID 1, or to a subreaper. Any process other than PID 1 becomes a subreaper here. */
  constructor() {
    if (process.pid !== 1) becomeSubreaper();
    process.on("SIGCHLD", this.#listener);
    this.#reap();
  }

  /** How many orphans were reaped. */
  get reaped(): number {
    return this.#reaped;
  }

  /** Marks a child that Node waits for. Call it as soon as the child is started, before returning to the event loop. */
  started(pid: number): void {
    this.#own.add(pid);
  }

  /** Node has the status of the child. From now on, another process may get its PID. */
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
