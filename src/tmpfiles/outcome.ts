import type { Event, Reporter } from "../base/events.js";

/** What the exit status will say. */
export class Outcome {
  #failed = false;
  #failures = 0;

  /** A reporter that listens in, for failures that the exit status tells of. */
  listen(reporter: Reporter): Reporter {
    return {
      wantsKept: reporter.wantsKept,
      wantsRemoved: reporter.wantsRemoved ?? true,
      report: (event) => {
        this.#note(event);
        reporter.report(event);
      },
      progress: (entries) => reporter.progress?.(entries),
    };
  }

  #note(event: Event): void {
    if (event.type !== "failed") return;
    this.#failures++;
    if (!event.tolerated) this.#failed = true;
  }

  /** Takes the errno that a walk ended with; what failed in it was told already. */
  walked(status: number): void {
    if (status !== 0) this.#failed = true;
  }

  get failed(): boolean {
    return this.#failed;
  }

  /** How many paths something failed at. */
  get failures(): number {
    return this.#failures;
  }
}
