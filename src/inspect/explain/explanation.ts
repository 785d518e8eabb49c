/** The answer of explain. */
import type { Bytes } from "../../base/bytes.js";
import type { KeepReason, Source, TimestampName } from "../../base/events.js";
import type { Nanoseconds } from "../../base/time.js";
import type { EvaluationReason } from "./observer.js";
import type { Uses } from "./users.js";

export type ReasonCode = EvaluationReason["code"] | "no-line" | "base" | "symlink";

/** Why a path stays. */
export interface Reason extends Omit<KeepReason, "code"> {
  /**
   * `no-line`: no line cleans there. `base`: it is a line's own path, of which only the contents are cleaned. `refused`:
   * the kernel would not remove it. `symlink`: the line names a symlink, and does not reach through it.
   */
  readonly code: ReasonCode;
  /** The path itself, or the directory above it that is kept with all that is below it. */
  readonly at: Bytes;
}

export interface TimestampVerdict {
  readonly timestamp: TimestampName;
  readonly time: Nanoseconds;
  /** True if it alone would keep the path. */
  readonly keeps: boolean;
}

/** What ageing does to one path, and why. */
export interface Explanation {
  readonly path: Bytes;
  readonly exists: boolean;
  readonly verdict: "keep" | "remove";
  /** By the user's own configuration rather than the system's. */
  readonly user: boolean;
  /** The line that decides; undefined if none concerns the path. */
  readonly line: Source | undefined;
  /** Lines that concern the path and do not decide. */
  readonly others: readonly Source[];
  /** Why it stays, all reasons, the one that a cleaner names first. */
  readonly reasons: readonly Reason[];
  /** The timestamps that the line goes by. */
  readonly timestamps: readonly TimestampVerdict[];
  /** The one that keeps it longest. */
  readonly decisive: TimestampName | undefined;
  readonly age: Nanoseconds | undefined;
  /** From when on it is removed; undefined if time alone does not do it. */
  readonly expires: Nanoseconds | undefined;
  /** The first run of the host's timer from then on; undefined if there is no timer. */
  readonly nextRun: Nanoseconds | undefined;
  /** Where that is known from: systemd itself, or the timer's unit files. */
  readonly timer: string | undefined;
  readonly uses: Uses;
  /** What happens when the host boots: the line that removes it. */
  readonly boot: Source | undefined;
  /** What one might take for a protection, and is none. */
  readonly unprotected: readonly string[];
  readonly advice: readonly string[];
  /** What could not be seen. */
  readonly notices: readonly string[];
}
