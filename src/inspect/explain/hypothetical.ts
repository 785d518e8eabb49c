/** Entries as the guards see them, also such as are not there. */
import { type Bytes, basename, dirname } from "../../base/bytes.js";
import { type Nanoseconds, SECOND } from "../../base/time.js";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } from "../../sys/inode.js";
import { ATIME, BTIME, CTIME, MTIME, StatxBuffer } from "../../sys/scan.js";
import {
  type Detail,
  type DirectoryContext,
  type EntryContext,
  type Environment,
  tooNewTimestamps,
} from "../../tmpfiles/ageing/guards.js";
import { NO_LINES } from "../../tmpfiles/ageing/line-index.js";
import type { Age } from "../../tmpfiles/syntax/age.js";
import type { Victim } from "../events.js";

/** A timestamp that a line goes by. */
export type Timestamp = Required<Pick<Detail, "timestamp" | "time">>;

const SINCE_EVER = { cutoffSeconds: Number.NEGATIVE_INFINITY, cutoffNanoseconds: 0 };

/** The timestamps that the line goes by, in the order of the guard's: those that would be too new for any age. */
export function timestampsOf(context: EntryContext): Timestamp[] {
  const within = { ...surroundingsOf(context), rule: { ...context.within.rule, ...SINCE_EVER } };
  return tooNewTimestamps({ ...detached(context), within }).flatMap(({ timestamp, time }) =>
    // A file system that does not keep a birth time tells zero, which is no time that was.
    timestamp === undefined || time === undefined || time === 0n ? [] : [{ timestamp, time }],
  );
}

/** The one that keeps it longest; modification time where two are the same, as the guard asks for it first. */
export function newestOf(timestamps: readonly Timestamp[]): Timestamp | undefined {
  return timestamps.reduce<Timestamp | undefined>(
    (newest, each) => (newest === undefined || each.time > newest.time ? each : newest),
    undefined,
  );
}

/** The walk moves one object from entry to entry: what shall outlive the entry is copied out of it. */
function surroundingsOf({ within }: EntryContext): DirectoryContext {
  const { path, depth, atMountTop, lines, rule } = within;
  return { path, depth, atMountTop, lines, rule };
}

function detached(context: EntryContext): EntryContext {
  const { stat, remaining } = context;
  const within = surroundingsOf(context);
  return {
    within,
    stat,
    remaining,
    name: () => context.name(),
    firstKeptChild: () => context.firstKeptChild(),
  };
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

/** What statx would say of an entry that is not there (any more). */
export function hypotheticalStat(entry: Victim): StatxBuffer {
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

/** What a line names itself, as its age sees it. */
export function instanceSubject(path: Bytes, entry: Victim, age: Age): EntryContext {
  const { byFile, byDirectory } = age;
  const rule = { ...SINCE_EVER, byFile, byDirectory, keepFirstLevel: false };
  return {
    within: { path: dirname(path), depth: 0, atMountTop: false, lines: NO_LINES, rule },
    stat: hypotheticalStat(entry),
    name: () => basename(path),
    remaining: 0,
    firstKeptChild: () => undefined,
  };
}

/** A file that is made at this moment. */
export function hypotheticalFile(now: Nanoseconds): Victim {
  return { kind: "file", size: 0, uid: 0, atime: now, mtime: now, ctime: now, btime: now };
}

/** Around what is not there nothing is locked, and nothing is unreadable. */
export function hypotheticalEnvironment(environment: Environment): Environment {
  return {
    sockets: () => environment.sockets(),
    source: (order) => environment.source(order),
    unreadable: () => undefined,
    locked: () => false,
  };
}
