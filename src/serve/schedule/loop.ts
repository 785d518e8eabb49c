/** Runs on schedule: reads the clocks, starts a run when it is due, and never two at once. */
import type { HostClock } from "./moment.js";
import type { Decision } from "./schedule.js";
import type { Timekeeper } from "./timekeeper.js";

/**
 * Timers follow CLOCK_MONOTONIC, which stops while the host is suspended, and nothing reports that a clock was set. So the
 * loop checks again after a minute, like AccuracySec= of systemd.timer(5).
 */
const LONGEST_WAIT_MS = 60_000;
const SHORTEST_WAIT_MS = 1;

export interface LoopOptions<Result> {
  readonly keeper: Timekeeper;
  readonly clock: HostClock;
  /** Runs once, and stops early when the signal is aborted. */
  readonly run: (signal: AbortSignal) => Promise<Result>;
  /** Whether the run counts, so that the next one is due by the schedule. */
  readonly succeeded: (result: Result) => boolean;
  /** A scheduled run threw. */
  readonly failed: (error: unknown) => void;
  /** Called with each decision to wait, at least once a minute. */
  readonly waiting?: (decision: Decision & { readonly due: false }) => void;
  /** Whether waiting for the next run keeps the process alive. */
  readonly keepAlive: boolean;
}

export class ScheduledLoop<Result> {
  readonly #options: LoopOptions<Result>;
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #started = false;
  #running: Promise<Result> | undefined;

  constructor(options: LoopOptions<Result>) {
    this.#options = options;
  }

  start(): void {
    this.#started = true;
    this.#look();
  }

  /** Runs now, or after the run in progress. Counts for the schedule like any other run. */
  async runNow(): Promise<Result> {
    while (this.#running !== undefined) await this.#running.catch(() => undefined);
    return this.#run();
  }

  /** Starts no more runs, stops the one in progress, and saves the stamp. */
  async stop(): Promise<void> {
    this.#started = false;
    clearTimeout(this.#timer);
    this.#abort.abort();
    await this.#running?.catch(() => undefined);
    this.#options.keeper.save();
  }

  #look(): void {
    clearTimeout(this.#timer);
    if (!this.#started || this.#running !== undefined) return;
    const decision = this.#options.keeper.check();
    if (decision.due) {
      this.#run().catch(this.#options.failed);
      return;
    }
    this.#options.waiting?.(decision);
    this.#timer = setTimeout(() => this.#look(), this.#wait(decision.at));
    if (!this.#options.keepAlive) this.#timer.unref();
  }

  #wait(at: bigint | undefined): number {
    if (at === undefined) return LONGEST_WAIT_MS;
    const wait = Number(at - this.#options.clock.now().boot) / 1e6;
    return Math.min(Math.max(Math.ceil(wait), SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
  }

  #run(): Promise<Result> {
    this.#running = this.#counted().finally(() => {
      this.#running = undefined;
      this.#look();
    });
    return this.#running;
  }

  async #counted(): Promise<Result> {
    const { keeper, run, succeeded } = this.#options;
    let success = false;
    try {
      const result = await run(this.#abort.signal);
      success = succeeded(result);
      return result;
    } finally {
      if (success) keeper.succeeded();
      else keeper.failed();
    }
  }
}
