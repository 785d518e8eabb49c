/** Applies a schedule as time passes: keeps the stamp up to date, saves it, and spaces retries. */
import { type Nanoseconds, SECOND } from "../../base/time.js";
import type { HostClock, Moment } from "./moment.js";
import { type Decision, decide, isWallClockTrusted, type Schedule } from "./schedule.js";
import { firstStamp, type Stamp, sighted, stampAfterRun } from "./stamp.js";

/** Stores the stamp beyond the end of the process. */
export interface StampStore {
  load(): Stamp | undefined;
  save(stamp: Stamp): void;
}

/** If the clock is set by more than this, the stamp is saved at once, since the host may lose power. */
const STEP: Nanoseconds = 60n * SECOND;
const SAVED_EVERY: Nanoseconds = 3600n * SECOND;
const FIRST_RETRY: Nanoseconds = 900n * SECOND;
const LONGEST_RETRY: Nanoseconds = 86_400n * SECOND;

export class Timekeeper {
  readonly #schedule: Schedule;
  readonly #clock: HostClock;
  readonly #store: StampStore;
  #stamp: Stamp;
  #saved: Stamp | undefined;
  #failures = 0;
  #retryAt: Nanoseconds = 0n;

  constructor(schedule: Schedule, clock: HostClock, store: StampStore) {
    this.#schedule = schedule;
    this.#clock = clock;
    this.#store = store;
    this.#stamp = store.load() ?? firstStamp(clock.now());
  }

  /** Whether a run is due now; if not, when to check again at the latest. */
  check(): Decision {
    const now = this.#sight();
    if (this.#shouldSave(now)) this.#save();
    const decision = decide(this.#schedule, this.#stamp, this.#clock, now);
    if (!decision.due || now.boot >= this.#retryAt) return decision;
    return { due: false, at: this.#retryAt, waitsFor: "time" };
  }

  /** How long ago the last run succeeded; undefined if none has. */
  get lastSuccess(): Nanoseconds | undefined {
    this.#sight();
    return this.#stamp.succeeded ? this.#stamp.age : undefined;
  }

  /** Records a successful run: the next one is due by the schedule. */
  succeeded(): void {
    this.#stamp = stampAfterRun(this.#clock.now());
    this.#failures = 0;
    this.#retryAt = 0n;
    this.#save();
  }

  /** Records a failed run: it stays due, and is retried after 15 minutes, then after twice as long each time. */
  failed(): void {
    const wait = FIRST_RETRY << BigInt(Math.min(this.#failures++, 16));
    this.#retryAt = this.#clock.now().boot + (wait < LONGEST_RETRY ? wait : LONGEST_RETRY);
  }

  /** Saves the current stamp: at the end, and before the host may be switched off. */
  save(): void {
    this.#sight();
    this.#save();
  }

  #save(): void {
    this.#saved = this.#stamp;
    this.#store.save(this.#stamp);
  }

  #sight(): Moment {
    const now = this.#clock.now();
    this.#stamp = sighted(this.#stamp, now, isWallClockTrusted(this.#schedule, this.#clock, now));
    return now;
  }

  #shouldSave({ bootId, boot, wall }: Moment): boolean {
    const saved = this.#saved;
    if (saved === undefined || saved.bootId !== bootId || boot - saved.boot >= SAVED_EVERY) return true;
    if (saved.unsettled !== undefined) return this.#stamp.unsettled === undefined;
    const step = wall - saved.wall - (boot - saved.boot);
    return step > STEP || step < -STEP;
  }
}
