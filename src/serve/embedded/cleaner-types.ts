/** The interface of `createCleaner`: its options, and what it returns. */
import type { PathInput } from "../../base/bytes.js";
import type { KeepCode } from "../../base/events.js";

/** A logger: `console`, or any object with these methods. */
export interface CleanerLogger {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface CleanerOptions {
  /** The directories whose contents to clean. The directories themselves are kept. */
  readonly path: PathInput | readonly PathInput[];
  /** The age at which an entry is removed, as a time span of systemd.time(7): `"1d"`, `"12h"`. */
  readonly olderThan: string;
  /** The time from one run to the next: `"1h"` by default. */
  readonly every?: string;
  /** The timestamps that decide, as in the age field of tmpfiles.d(5): all of them by default; `"mM"` for modification alone. */
  readonly ageBy?: string;
  /** Keeps the entries directly in each path. */
  readonly keepFirstLevel?: boolean;
  /** Patterns of paths to keep, with everything below them: absolute, or relative to each path. */
  readonly exclude?: readonly string[];
  /** Reports what would be removed, without removing anything. */
  readonly dryRun?: boolean;
  /** Receives a line for each run that removed something or failed. */
  readonly logger?: CleanerLogger;
  /** Whether a started cleaner keeps the process alive. Not by default. */
  readonly keepAlive?: boolean;
}

/** The result of one run. */
export interface CleanerRun {
  /** The number of entries that were examined. */
  readonly entries: number;
  readonly removed: { readonly entries: number; readonly bytes: number };
  /** The number of entries that were kept, by the first reason. */
  readonly kept: Partial<Record<KeepCode, number>>;
  /** Paths at which something failed; the others were cleaned. */
  readonly failed: number;
  /** Whether `stop` ended the run early. */
  readonly interrupted: boolean;
}

export interface Cleaner extends AsyncDisposable {
  /**
   * Cleans now, and then on schedule. Resolves when the first run has finished.
   *
   * @throws Error if a path is missing, a symlink or a system directory; nothing is scheduled then.
   */
  start(): Promise<CleanerRun>;
  /** Cleans once, now or after the run in progress. @throws as `start`. */
  runNow(): Promise<CleanerRun>;
  /** Ends the schedule, and stops the run in progress within a second. */
  stop(): Promise<void>;
}
