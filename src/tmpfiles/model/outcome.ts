/** The outcome of a run: its summary and exit status. */
import { failedWith } from "../../base/errors.js";
import type { Event, KeepCode, Reporter, Source } from "../../base/events.js";
import { type Errno, errnoName, SUCCESS } from "../../sys/ffi.js";

/** The exit status that systemd-tmpfiles(8) documents. */
export type ExitStatus = 0 | 1 | 65 | 73;

/** What a run came to for one line of the configuration. */
export interface LineSummary {
  readonly source: Source;
  /** Entries that were looked at below the line's paths. */
  readonly entries: number;
  /** What went by this line, or would go in a dry run. */
  readonly removed: { readonly entries: number; readonly bytes: number };
  /** What was looked at and stays, by the first reason. */
  readonly kept: Partial<Record<KeepCode, number>>;
  readonly failed: number;
}

/** What a run came to. */
export interface Summary {
  /** Lines of the configuration that the run applied. */
  readonly lines: number;
  /** Entries that were looked at below the lines' paths. */
  readonly entries: number;
  /** What went, or would go in a dry run. */
  readonly removed: { readonly entries: number; readonly bytes: number };
  /** What was looked at and stays, by the first reason. */
  readonly kept: Partial<Record<KeepCode, number>>;
  readonly failed: number;
  /** The same for each line that removes or cleans in this run, and for each at which something failed. */
  readonly byLine: readonly LineSummary[];
  /** Whether the run was asked to stop before it was done. */
  readonly interrupted: boolean;
  readonly exitStatus: ExitStatus;
}

/** The process itself has run out of something: that says nothing of the line. */
const EXHAUSTED = ["EMFILE", "ENFILE", "ENOMEM"];

/** What the exit status will say. */
export class Outcome {
  #failed = false;
  #exhausted = false;
  #failures = 0;
  readonly #failuresByLine = new Map<Source, number>();

  /** A reporter that listens in, for failures that the exit status tells of. */
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

  /** That of systemd-tmpfiles(8). */
  get exitStatus(): 0 | 1 | 73 {
    if (this.#exhausted) return 1;
    return this.#failed ? 73 : 0;
  }

  /** How many paths something failed at. */
  get failures(): number {
    return this.#failures;
  }

  /** The same for one line. */
  failuresOf(source: Source): number {
    return this.#failuresByLine.get(source) ?? 0;
  }
}
