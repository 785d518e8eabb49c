/** The interface of `createCleaner`: its options, and what it returns. */
import type { PathInput } from "../../base/bytes.js";
import type { KeepCode } from "../../base/events.js";

/** What a cleaner reports to: `console`, and any logger with these methods. */
export interface CleanerLogger {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export interface CleanerOptions {
  /** The directories to clean. They stay; what is in them goes. */
  readonly path: PathInput | readonly PathInput[];
  /** The age from which on an entry goes, a time span of systemd.time(7): `"1d"`, `"12h"`. */
  readonly olderThan: string;
  /** How long after one run the next begins: `"1h"` by default. */
  readonly every?: string;
  /** The timestamps that decide, as in the age field of tmpfiles.d(5): all of them by default; `"mM"` for modification alone. */
  readonly ageBy?: string;
  /** Keeps the entries directly in each path. */
  readonly keepFirstLevel?: boolean;
  /** Patterns of what stays, with everything below: absolute, or relative to each path. */
  readonly exclude?: readonly string[];
  /** Reports what would go, and removes nothing. */
  readonly dryRun?: boolean;
  /** Gets a line for each run that removed something or failed. */
  readonly logger?: CleanerLogger;
  /** Whether a started cleaner keeps the process alive. Not by default. */
  readonly keepAlive?: boolean;
}

/** What one run did. */
export interface CleanerRun {
  /** Entries that were looked at. */
  readonly entries: number;
  readonly removed: { readonly entries: number; readonly bytes: number };
  /** What was looked at and stays, by the first reason. */
  readonly kept: Partial<Record<KeepCode, number>>;
  /** Paths at which something failed; the others were cleaned. */
  readonly failed: number;
  /** Whether `stop` ended the run before it was done. */
  readonly interrupted: boolean;
}

export interface Cleaner extends AsyncDisposable {
  /**
   * Cleans now, and then on schedule. Resolves when the first run is over.
   *
   * @throws Error if a path is missing, a symlink or a system directory; nothing is scheduled then.
   */
  start(): Promise<CleanerRun>;
  /** Cleans once, after the run in progress if there is one. @throws as `start`. */
  runNow(): Promise<CleanerRun>;
  /** Ends the schedule, and the run in progress within a second. */
  stop(): Promise<void>;
}
