/**
 * Skips recent files without evaluating the guards. The `fastPath` of each guard states why that is correct: only age and a
 * lock can keep an entry that passes the preconditions below.
 */
import { S_IFIFO, S_IFLNK, S_IFREG } from "../../sys/inode.js";
import { TIMESTAMPS } from "./age-rule.js";
import type { DirectoryFrame } from "./directory-frame.js";
import { GUARDS, TOO_NEW } from "./guards.js";
import type { WalkCounters } from "./walk-counters.js";

/** Rules out the guards whose `fastPath` is `directory`. */
export function directoryAllowsFastPath(frame: DirectoryFrame): boolean {
  return frame.lines.isEmpty && (frame.depth > 0 || !(frame.atMountTop || frame.rule.keepFirstLevel));
}

/** Also rules out those whose `fastPath` is `entry` or `not-a-file`. Nearly all entries pass. */
export function entryAllowsFastPath(frame: DirectoryFrame): boolean {
  const { stat } = frame.entry;
  if (!directoryAllowsFastPath(frame) || stat.isMountRoot) return false;
  const kind = stat.typeAndSticky;
  return kind === S_IFREG || kind === S_IFLNK || kind === S_IFIFO;
}

const TOO_NEW_AT = GUARDS.indexOf(TOO_NEW);
/** After this many entries a walk checks whether another thread is idle. */
const AT_ONCE = 64;
/** For each combination of age-by bits: the offsets of those timestamps. */
const WORDS = Array.from({ length: 16 }, (_, ageBy) =>
  TIMESTAMPS.filter(([bit]) => (ageBy & bit) !== 0).map(([, word]) => word),
);

/**
 * Skips entries that are too new by a second or more, as nearly all are. Returns true if it stopped at another one, whose
 * stat it has read; the guards decide about that.
 */
export function skipRecentFiles(frame: DirectoryFrame, counters: WalkCounters): boolean {
  const { entry, listing, notes, rule } = frame;
  const words = WORDS[rule.byFile] ?? [];
  const at = listing.scanRecent(frame.fd, entry.stat, frame.next, AT_ONCE, words, rule.cutoffSeconds);
  const { passed } = listing;
  counters.entries += passed;
  counters.kept[TOO_NEW_AT] = (counters.kept[TOO_NEW_AT] ?? 0) + passed;
  frame.stays += passed;
  if (notes.enabled) notes.addFiles(passed, listing.oldestChange);
  frame.next = at;
  if (at >= listing.end || passed === AT_ONCE) return false;
  frame.moveTo(at);
  entry.statError = listing.statError;
  return true;
}
