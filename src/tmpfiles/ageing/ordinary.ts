import { S_IFIFO, S_IFLNK, S_IFREG } from "../../sys/inode.js";
import { statxInto } from "../../sys/scan.js";
import { GUARDS, TOO_NEW, type World } from "./guards.js";
import type { Level } from "./level.js";
import type { Tally } from "./walk-parts.js";

/** An entry that only its age or a lock can save: nearly all are, and they need not be asked the rest. */
export function isOrdinary(level: Level): boolean {
  const { stat } = level;
  if (!level.lines.isEmpty || stat.isMountRoot) return false;
  if (level.depth === 0 && (level.atMountTop || level.rule.keepFirstLevel)) return false;
  const kind = stat.typeAndSticky;
  return kind === S_IFREG || kind === S_IFLNK || kind === S_IFIFO;
}

const TOO_NEW_AT = GUARDS.indexOf(TOO_NEW);

/**
 * Passes over entries that their age alone decides on, and keeps: nearly all of them, in nearly all of a walk's time. It
 * starts at the offset `from` of the listing, and stops at the end or at the first entry that wants a closer look, with
 * what statx says of it.
 */
export function passTooNew(level: Level, from: number, world: World, tally: Tally): number {
  const { listing, stat, fd } = level;
  let passed = 0;
  let at = from;
  for (; at < listing.end; at = listing.next(at)) {
    if (listing.isDots(at)) continue;
    level.failed = statxInto(fd, listing.nameAddress(at), stat);
    if (level.failed !== 0 || !isOrdinary(level) || !TOO_NEW.holds(level, world)) break;
    if (level.indexing) level.noteEntry();
    passed++;
  }
  tally.entries += passed;
  tally.kept[TOO_NEW_AT] = (tally.kept[TOO_NEW_AT] ?? 0) + passed;
  level.stays += passed;
  return at;
}
