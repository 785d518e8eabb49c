/** A directory that a unit has open, on the way from the root to where it works. */
import type { Bytes } from "../../base/bytes.js";
import { ATIME, MTIME, restoreTimes, StatxBuffer } from "../../sys/scan.js";
import type { DirectoryFrame } from "../../tmpfiles/ageing/directory-frame.js";
import type { DirectoryTimes } from "../unit.js";

/** The words of a timestamp in struct statx: seconds, low and high, then nanoseconds. */
const HIGH = 2 ** 32;

export interface OpenDirectory {
  readonly frame: DirectoryFrame;
  /** Relative to the root. */
  readonly path: Bytes;
  readonly inode: number;
  readonly times: DirectoryTimes;
  readonly name: Bytes;
  /** Whether it is old itself, so that it is removed if nothing is left in it. */
  readonly isOld: boolean;
  /** Subdirectories that are to be walked. */
  pending: Bytes[];
  /** Old subdirectories everything in which was decided. */
  finished: Bytes[];
  /** Old subdirectories part of which is another unit: they are decided at the end of the run. */
  unfinished: Bytes[];
  /** Whether part of it is another unit. */
  isDivided: boolean;
  /** Whether its times must be restored. */
  changed: boolean;
}

export function timesOf(stat: StatxBuffer): DirectoryTimes {
  return [stat.seconds(ATIME), stat.nanoseconds(ATIME), stat.seconds(MTIME), stat.nanoseconds(MTIME)];
}

/** Overwrites the times in a stat: those that the directory had before an earlier attempt changed it. */
export function setTimes(
  stat: StatxBuffer,
  [atime, atimeFraction, mtime, mtimeFraction]: DirectoryTimes,
): void {
  for (const [word, seconds, fraction] of [
    [ATIME, atime, atimeFraction],
    [MTIME, mtime, mtimeFraction],
  ] as const) {
    stat.unsigned[word] = seconds % HIGH;
    stat.words[word + 1] = Math.floor(seconds / HIGH);
    stat.unsigned[word + 2] = fraction;
  }
}

const restored = new StatxBuffer();

export function restoreLevel({ frame, times, changed }: OpenDirectory): void {
  if (!changed) return;
  setTimes(restored, times);
  restoreTimes(frame.fd, restored);
}
