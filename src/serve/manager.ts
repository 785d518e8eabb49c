/** Keeps the service manager informed: readiness, reloads, what the service is doing, and that it is alive. sd_notify(3). */
import { monotonicMicroseconds, notifyManager, watchdogInterval } from "../sys/systemd.js";

/** The extension of a timeout that is requested, well before the previous one ends. */
const EXTENSION_US = 30_000_000;
const EXTEND_EVERY_MS = 10_000;

export class Manager implements Disposable {
  readonly #watchdog: NodeJS.Timeout | undefined;
  #extending: NodeJS.Timeout | undefined;

  constructor() {
    const interval = watchdogInterval();
    if (interval === undefined) return;
    const alive = (): void => notifyManager({ WATCHDOG: "1" });
    alive();
    // sd_watchdog_enabled(3) recommends half of the interval.
    this.#watchdog = setInterval(alive, interval / 2);
  }

  /** Extends the timeout of start-up, reload or shutdown until the next state is reported. */
  #extend(): void {
    const ask = (): void => notifyManager({ EXTEND_TIMEOUT_USEC: String(EXTENSION_US) });
    this.#extending ??= setInterval(ask, EXTEND_EVERY_MS);
    ask();
  }

  #endExtension(): void {
    clearInterval(this.#extending);
    this.#extending = undefined;
  }

  starting(): void {
    this.#extend();
  }

  ready(): void {
    this.#endExtension();
    notifyManager({ READY: "1" });
  }

  reloading(): void {
    notifyManager({ RELOADING: "1", MONOTONIC_USEC: monotonicMicroseconds() });
    this.#extend();
  }

  stopping(): void {
    notifyManager({ STOPPING: "1" });
    this.#extend();
  }

  status(text: string): void {
    notifyManager({ STATUS: text });
  }

  [Symbol.dispose](): void {
    this.#endExtension();
    clearInterval(this.#watchdog);
  }
}
