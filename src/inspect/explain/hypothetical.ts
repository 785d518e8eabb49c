/** Builds entries for the guards, including entries that do not exist. */
import { type Bytes, basename, dirname } from "../../base/bytes.js";
import { type Nanoseconds, SECOND } from "../../base/time.js";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } from "../../sys/inode.js";
import { ATIME, BTIME, CTIME, MTIME, StatxBuffer } from "../../sys/scan.js";
import { NEVER, tooNewTimestamps } from "../../tmpfiles/ageing/age-rule.js";
import type {
  Detail,
  DirectoryContext,
  EntryContext,
  Environment,
} from "../../tmpfiles/ageing/entry-context.js";
import { NO_LINES } from "../../tmpfiles/ageing/line-index.js";
import type { Age } from "../../tmpfiles/syntax/age.js";
import type { Victim } from "../events.js";

/** A timestamp that a line checks. */
export type Timestamp = Required<Pick<Detail, "timestamp" | "time">>;

const OLDEST_CUTOFF = { cutoffSeconds: Number.NEGATIVE_INFINITY, cutoffNanoseconds: 0 };

/** The timestamps that the line checks, in the order of the guard: with the oldest cutoff, all of them are too new. */
export function timestampsOf(context: EntryContext): Timestamp[] {
  const within = { rule: { ...context.within.rule, ...OLDEST_CUTOFF } };
  return tooNewTimestamps({ stat: context.stat, within }).flatMap(({ timestamp, time }) =>
    // A file system without birth times reports zero.
    timestamp === undefined || time === undefined || time === 0n ? [] : [{ timestamp, time }],
  );
}

/** The newest timestamp; of equal ones the first, as in the guard. */
export function newestOf(timestamps: readonly Timestamp[]): Timestamp | undefined {
  return timestamps.reduce<Timestamp | undefined>(
    (newest, each) => (newest === undefined || each.time > newest.time ? each : newest),
    undefined,
  );
}

const TYPES: Readonly<Record<Victim["kind"], number>> = {
  file: S_IFREG,
  directory: S_IFDIR,
  subvolume: S_IFDIR,
  symlink: S_IFLNK,
  fifo: S_IFIFO,
  socket: S_IFSOCK,
  "character-device": S_IFCHR,
  "block-device": S_IFBLK,
};

/** What statx(2) would return for an entry that does not exist. */
function hypotheticalStat(entry: Victim): StatxBuffer {
  const stat = new StatxBuffer();
  stat.unsigned[0x1c / 4] = TYPES[entry.kind];
  stat.unsigned[0x14 / 4] = entry.uid;
  for (const [word, time] of [
    [ATIME, entry.atime],
    [BTIME, entry.btime ?? 0n],
    [CTIME, entry.ctime],
    [MTIME, entry.mtime],
  ] as const) {
    const seconds = time / SECOND;
    stat.words[word] = Number(BigInt.asIntN(32, seconds));
    stat.words[word + 1] = Number(seconds >> 32n);
    stat.unsigned[word + 2] = Number(time % SECOND);
  }
  return stat;
}

/** An entry that does not exist. It is neither locked nor unreadable. */
export function hypotheticalEntry(within: DirectoryContext, name: Bytes, entry: Victim): EntryContext {
  return {
    within,
    stat: hypotheticalStat(entry),
    name: () => name,
    unreadable: () => undefined,
    isLocked: () => false,
    lockError: () => undefined,
    unitKeeper: () => undefined,
    remaining: 0,
    firstKeptChild: () => undefined,
  };
}

/** A line's own path, for an evaluation of its age. */
export function instanceSubject(path: Bytes, entry: Victim, age: Age): EntryContext {
  const { byFile, byDirectory } = age;
  const rule = {
    ...OLDEST_CUTOFF,
    byFile,
    byDirectory,
    keepFirstLevel: false,
    keepOpen: false,
    wholeUnits: false,
    keepFrom: NEVER,
  };
  const within = { path: dirname(path), depth: 0, atMountTop: false, lines: NO_LINES, rule };
  return hypotheticalEntry(within, basename(path), entry);
}

/** A file that is created at this time. */
export function hypotheticalFile(now: Nanoseconds): Victim {
  return { kind: "file", size: 0, uid: 0, atime: now, mtime: now, ctime: now, btime: now };
}

/** The environment of a path that does not exist: no process uses it. */
export function hypotheticalEnvironment(environment: Environment): Environment {
  return { ...environment, socketUse: () => undefined, open: () => false };
}
