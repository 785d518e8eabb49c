/** The result of explain. */
import type { Bytes } from "../../base/bytes.js";
import type { KeepReason, Source, TimestampName } from "../../base/events.js";
import type { Nanoseconds } from "../../base/time.js";
import type { Uses } from "./users.js";

export type ReasonCode = KeepReason["code"] | "refused" | "no-line" | "base" | "symlink";

/** Why a path is kept. */
export interface Reason extends Omit<KeepReason, "code"> {
  /**
   * A KeepCode, or: `no-line`: no line cleans the path. `base`: it is a line's own path, and only its contents are cleaned.
   * `refused`: the kernel would refuse the removal. `symlink`: the line's path is a symlink, which it does not follow.
   */
  readonly code: ReasonCode;
  /** The path itself, or a parent directory that is kept with everything below it. */
  readonly at: Bytes;
}

export interface TimestampVerdict {
  readonly timestamp: TimestampName;
  readonly time: Nanoseconds;
  /** Whether this timestamp alone keeps the path. */
  readonly keeps: boolean;
}

/** What ageing does to one path, and why. */
export interface Explanation {
  readonly path: Bytes;
  readonly exists: boolean;
  readonly verdict: "keep" | "remove";
  /** The user's own configuration decides, not the system's. */
  readonly user: boolean;
  /** The line that decides; undefined if no line applies to the path. */
  readonly line: Source | undefined;
  /** Other lines that apply to the path but do not decide. */
  readonly others: readonly Source[];
  /** All reasons why the path is kept; the first is the one that a cleaner reports. */
  readonly reasons: readonly Reason[];
  /** The timestamps that the line checks. */
  readonly timestamps: readonly TimestampVerdict[];
  /** The newest of them, which keeps the path longest. */
  readonly decisive: TimestampName | undefined;
  readonly age: Nanoseconds | undefined;
  /** When the path expires, in nanoseconds since the epoch; undefined if it does not. */
  readonly expires: Nanoseconds | undefined;
  /** The first run of the host's timer after that; undefined if there is no timer. */
  readonly nextRun: Nanoseconds | undefined;
  /** Where `nextRun` comes from: systemctl, or the timer's unit file. */
  readonly timer: string | undefined;
  readonly uses: Uses;
  /** The line that removes the path at boot. */
  readonly boot: Source | undefined;
  /** What seems to protect the path but does not, as text. */
  readonly unprotected: readonly string[];
  readonly advice: readonly string[];
  /** What could not be determined, as text. */
  readonly notices: readonly string[];
}
