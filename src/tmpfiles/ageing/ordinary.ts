import { S_IFIFO, S_IFLNK, S_IFREG } from "../../sys/inode.js";
import { GUARDS, TIMESTAMPS, TOO_NEW } from "./guards.js";
import type { Level } from "./level.js";
import type { Tally } from "./walk-parts.js";

/** Whether nothing but what an entry is, its age and a lock can save the entries of this directory. */
export function isOrdinaryPlace(level: Level): boolean {
  return level.lines.isEmpty && (level.depth > 0 || !(level.atMountTop || level.rule.keepFirstLevel));
}

/** An entry that only its age or a lock can save: nearly all are, and they need not be asked the rest. */
export function isOrdinary(level: Level): boolean {
  const { stat } = level;
  if (!isOrdinaryPlace(level) || stat.isMountRoot) return false;
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
export function passTooNew(level: Level, tally: Tally): boolean {
  const { listing, rule } = level;
  const words = WORDS[rule.byFile] ?? [];
  const at = listing.skim(level.fd, level.stat, level.next, AT_ONCE, words, rule.cutoffSeconds);
  const { passed } = listing;
  tally.entries += passed;
  tally.kept[TOO_NEW_AT] = (tally.kept[TOO_NEW_AT] ?? 0) + passed;
  level.stays += passed;
  if (level.indexing) level.noteFiles(passed, listing.oldestChange);
  level.next = at;
  if (at >= listing.end || passed === AT_ONCE) return false;
  level.lookAt(at);
  level.failed = listing.failed;
  return true;
}
