/** The age of an entry: the cutoff, and which timestamps are compared with it. */
import type { TimestampName } from "../../base/events.js";
import { type Nanoseconds, SECOND } from "../../base/time.js";
import { S_IFDIR } from "../../sys/inode.js";
import { ATIME, BTIME, CTIME, MTIME, type StatxBuffer } from "../../sys/scan.js";
import { AGE_BY_ATIME, AGE_BY_BTIME, AGE_BY_CTIME, AGE_BY_MTIME, type AgeBy } from "../syntax/age.js";
import type { Budget } from "../syntax/budget.js";

/** How age is judged: a timestamp at or after the cutoff keeps an entry. */
export interface AgeRule extends Cutoff {
  readonly byFile: AgeBy;
  readonly byDirectory: AgeBy;
  readonly keepFirstLevel: boolean;
  /** What a process uses is kept. */
  readonly keepOpen: boolean;
  /** A directory directly below the base is removed as a whole or not at all. */
  readonly wholeUnits: boolean;
  /** Old entries with a timestamp since then are kept, since the directory is within its budget without them. */
  readonly keepFrom: Cutoff;
  /** What the cutoffs are computed from before a walk. */
  readonly budget?: Budget | undefined;
  /** The age of the line, if the cutoff is a later one because of the budget. */
  readonly age?: Nanoseconds | undefined;
}

/** A time: -Infinity and Infinity seconds are before and after all others. */
export interface Cutoff {
  readonly cutoffSeconds: number;
  readonly cutoffNanoseconds: number;
}

export const NEVER: Cutoff = { cutoffSeconds: Number.POSITIVE_INFINITY, cutoffNanoseconds: 0 };
export const ALWAYS: Cutoff = { cutoffSeconds: Number.NEGATIVE_INFINITY, cutoffNanoseconds: 0 };

export function cutoffAt(time: Nanoseconds): Cutoff {
  const nanoseconds = ((time % SECOND) + SECOND) % SECOND;
  return { cutoffSeconds: Number((time - nanoseconds) / SECOND), cutoffNanoseconds: Number(nanoseconds) };
}

/** An entry, as far as its age depends on it. */
interface Aged {
  readonly stat: StatxBuffer;
  readonly within: { readonly rule: AgeRule };
}

export interface NewTimestamp {
  readonly timestamp: TimestampName;
  readonly time: Nanoseconds;
}

// In the order in which systemd-tmpfiles names the first that is too new.
export const TIMESTAMPS: readonly (readonly [AgeBy, number, TimestampName])[] = [
  [AGE_BY_MTIME, MTIME, "mtime"],
  [AGE_BY_ATIME, ATIME, "atime"],
  [AGE_BY_CTIME, CTIME, "ctime"],
  [AGE_BY_BTIME, BTIME, "btime"],
];

function isSince(stat: StatxBuffer, word: number, cutoff: Cutoff): boolean {
  const seconds = stat.seconds(word);
  if (seconds !== cutoff.cutoffSeconds) return seconds > cutoff.cutoffSeconds;
  return stat.nanoseconds(word) >= cutoff.cutoffNanoseconds;
}

/** The hottest guard. A timestamp that the file system does not store reads as zero, which is old. */
export function isTooNew({ stat, within: { rule } }: Aged): boolean {
  const ageBy = stat.type === S_IFDIR ? rule.byDirectory : rule.byFile;
  return (
    ((ageBy & AGE_BY_MTIME) !== 0 && isSince(stat, MTIME, rule)) ||
    ((ageBy & AGE_BY_ATIME) !== 0 && isSince(stat, ATIME, rule)) ||
    ((ageBy & AGE_BY_CTIME) !== 0 && isSince(stat, CTIME, rule)) ||
    ((ageBy & AGE_BY_BTIME) !== 0 && isSince(stat, BTIME, rule))
  );
}

/** Whether the entry is old, but not among the oldest that exceed the budget. */
export function isWithinBudget({ stat, within: { rule } }: Aged): boolean {
  if (rule.keepFrom.cutoffSeconds === Number.POSITIVE_INFINITY) return false;
  const ageBy = stat.type === S_IFDIR ? rule.byDirectory : rule.byFile;
  return TIMESTAMPS.some(([bit, word]) => (ageBy & bit) !== 0 && isSince(stat, word, rule.keepFrom));
}

/** The newest of the timestamps that are compared. */
export function newestTime(stat: StatxBuffer, rule: AgeRule): Nanoseconds {
  const ageBy = stat.type === S_IFDIR ? rule.byDirectory : rule.byFile;
  let newest: Nanoseconds | undefined;
  for (const [bit, word] of TIMESTAMPS) {
    if ((ageBy & bit) === 0) continue;
    const time = BigInt(stat.seconds(word)) * SECOND + BigInt(stat.nanoseconds(word));
    if (newest === undefined || time > newest) newest = time;
  }
  return newest ?? 0n;
}

/** Each timestamp that is too new, in that order. */
export function tooNewTimestamps({ stat, within: { rule } }: Aged): NewTimestamp[] {
  const ageBy = stat.type === S_IFDIR ? rule.byDirectory : rule.byFile;
  return TIMESTAMPS.filter(([bit, word]) => (ageBy & bit) !== 0 && isSince(stat, word, rule)).map(
    ([, word, timestamp]) => ({
      timestamp,
      time: BigInt(stat.seconds(word)) * SECOND + BigInt(stat.nanoseconds(word)),
    }),
  );
}
