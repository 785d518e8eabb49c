/** The outcome of a run: its summary and exit status. */
import { failedWith } from "../../base/errors.js";
import type { Event, KeepCode, Reporter, Source } from "../../base/events.js";
import { type Errno, errnoName, SUCCESS } from "../../sys/ffi.js";

/** The exit status that systemd-tmpfiles(8) documents. */
export type ExitStatus = 0 | 1 | 65 | 73;

/** The result of a run for one line of the configuration. */
export interface LineSummary {
  readonly source: Source;
  /** The entries examined below the line's paths. */
  readonly entries: number;
  /** What this line removed, or would remove in a dry run. */
  readonly removed: { readonly entries: number; readonly bytes: number };
  /** The examined entries that are kept, by the first reason. */
  readonly kept: Partial<Record<KeepCode, number>>;
  readonly failed: number;
}

/** The result of a run. */
export interface Summary {
  /** The number of lines that the run applied. */
  readonly lines: number;
  /** The entries examined below the lines' paths. */
  readonly entries: number;
  /** What was removed, or would be in a dry run. */
  readonly removed: { readonly entries: number; readonly bytes: number };
  /** The examined entries that are kept, by the first reason. */
  readonly kept: Partial<Record<KeepCode, number>>;
  readonly failed: number;
  /** The same for each line that removes or cleans in this run, and for each that failed for a path. */
  readonly byLine: readonly LineSummary[];
  /** Whether the run was asked to stop before it finished. */
  readonly interrupted: boolean;
  readonly exitStatus: ExitStatus;
}

/** The process itself has run out of something, so the failure is not about the line. */
const EXHAUSTED = ["EMFILE", "ENFILE", "ENOMEM"];

/** The outcome from which the exit status follows. */
export class Outcome {
  #failed = false;
  #exhausted = false;
  #failures = 0;
  readonly #failuresByLine = new Map<Source, number>();

  /** Wraps a reporter to observe failures that affect the exit status. */
  listen(reporter: Reporter): Reporter {
    return {
      wantsKept: reporter.wantsKept,
      wantsRemoved: reporter.wantsRemoved ?? true,
      report: (event) => {
        this.#note(event);
        reporter.report(event);
      },
      progress: (progress) => reporter.progress?.(progress),
      cleans: (directory, source) => reporter.cleans?.(directory, source),
    };
  }

  #note(event: Event): void {
    if (event.type !== "failed") return;
    this.#failures++;
    this.#failuresByLine.set(event.source, this.failuresOf(event.source) + 1);
    if (event.tolerated) return;
    this.#failed = true;
    if (failedWith(event.error, ...EXHAUSTED)) this.#exhausted = true;
  }

  /** Adds the result of a walk, which has reported its failures itself. */
  walked(status: Errno): void {
    if (status === SUCCESS) return;
    this.#failed = true;
    if (EXHAUSTED.includes(errnoName(status))) this.#exhausted = true;
  }

  /** The exit status of systemd-tmpfiles(8). */
  get exitStatus(): 0 | 1 | 73 {
    if (this.#exhausted) return 1;
    return this.#failed ? 73 : 0;
  }

  /** The number of paths with a failure. */
  get failures(): number {
    return this.#failures;
  }

  /** The same for one line. */
  failuresOf(source: Source): number {
    return this.#failuresByLine.get(source) ?? 0;
  }
}
