/** Skips recent files without asking the guards. It may assume that only age and a lock can keep an entry. */
import { S_IFIFO, S_IFLNK, S_IFREG } from "../../sys/inode.js";
import type { DirectoryFrame } from "./directory-frame.js";
import { GUARDS, TIMESTAMPS, TOO_NEW } from "./guards.js";
import type { WalkCounters } from "./walk-counters.js";

/** Whether nothing but what an entry is, its age and a lock can save the entries of this directory. */
export function directoryAllowsFastPath(frame: DirectoryFrame): boolean {
  return frame.lines.isEmpty && (frame.depth > 0 || !(frame.atMountTop || frame.rule.keepFirstLevel));
}

/** An entry that only its age or a lock can save: nearly all are, and they need not be asked the rest. */
export function entryAllowsFastPath(frame: DirectoryFrame): boolean {
  const { stat } = frame;
  if (!directoryAllowsFastPath(frame) || stat.isMountRoot) return false;
  const kind = stat.typeAndSticky;
  return kind === S_IFREG || kind === S_IFLNK || kind === S_IFIFO;
}

const TOO_NEW_AT = GUARDS.indexOf(TOO_NEW);
/** So often a walk looks whether another thread has nothing to do. */
const AT_ONCE = 64;
/** By the bits of an age-by: where the timestamps are that it names. */
const WORDS = Array.from({ length: 16 }, (_, ageBy) =>
  TIMESTAMPS.filter(([bit]) => (ageBy & bit) !== 0).map(([, word]) => word),
);

/**
 * In an ordinary place: passes over ordinary entries that are too new by a second or more, nearly all of them. True where
 * it stopped at another one, with what statx says of it; the guards are to be asked.
 */
export function skipRecentFiles(frame: DirectoryFrame, counters: WalkCounters): boolean {
  const { listing, rule } = frame;
  const words = WORDS[rule.byFile] ?? [];
  const at = listing.scanRecent(frame.fd, frame.stat, frame.next, AT_ONCE, words, rule.cutoffSeconds);
  const { passed } = listing;
  counters.entries += passed;
  counters.kept[TOO_NEW_AT] = (counters.kept[TOO_NEW_AT] ?? 0) + passed;
  frame.stays += passed;
  if (frame.indexing) frame.noteFiles(passed, listing.oldestChange);
  frame.next = at;
  if (at >= listing.end || passed === AT_ONCE) return false;
  frame.lookAt(at);
  frame.failed = listing.failed;
  return true;
}
