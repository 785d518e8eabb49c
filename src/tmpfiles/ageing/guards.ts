import { type Bytes, join, show } from "../../base/bytes.js";
import type { KeepCode, KeepReason, TimestampName } from "../../base/events.js";
import { SECOND } from "../../base/time.js";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFREG, S_IFSOCK, S_ISVTX } from "../../sys/inode.js";
import { ATIME, BTIME, CTIME, MTIME, type StatxBuffer } from "../../sys/scan.js";
import { AGE_BY_ATIME, AGE_BY_BTIME, AGE_BY_CTIME, AGE_BY_MTIME, type AgeBy } from "../item.js";
import type { LinesBelow } from "./line-index.js";

/** What decides about age: a timestamp at or after the cutoff keeps. */
export interface AgeRule {
  readonly cutoffSeconds: number;
  readonly cutoffNanoseconds: number;
  readonly byFile: AgeBy;
  readonly byDirectory: AgeBy;
  readonly keepFirstLevel: boolean;
}

/** Directories below this depth (the base's own entries are at depth 0) are not entered. */
export const DEEPEST = 256;

/** What the entries of one directory have in common. */
export interface Surroundings {
  readonly path: Bytes;
  /** How far below the base: 0 for the base itself. */
  readonly depth: number;
  /** Whether the directory is the base of the walk and a mount root too. */
  readonly atMountTop: boolean;
  readonly lines: LinesBelow;
  readonly rule: AgeRule;
}

/** One entry, as the guards see it. The walk moves one and the same object from entry to entry. */
export interface Subject {
  readonly within: Surroundings;
  readonly stat: StatxBuffer;
  name(): Bytes;
  /** Of a directory whose entries were seen: how many of them stay. */
  readonly remaining: number;
  /** One of those that stay. */
  blocker(): Bytes | undefined;
}

/**
 * What the guards ask of the world beyond statx. A walk that removes takes the locks that it asks for and holds them;
 * one that only looks probes them.
 */
export interface World {
  /** Live unix sockets by path; undefined where nobody knows, and then each socket counts as live. */
  sockets(): ReadonlySet<Bytes> | undefined;
  /** Opens the directory to be listed: the errno's name where that fails. */
  unreadable(subject: Subject): string | undefined;
  /** Whether somebody else has a flock(2) on it. */
  locked(subject: Subject): boolean;
  /** Where the lines stand that the entry has of its own. */
  source(order: number): KeepReason["by"];
}

export type Detail = Omit<KeepReason, "code">;

/**
 * One reason to keep an entry. `concerns` says of what; `stage` when: a directory's `arrival` guards are asked before its
 * entries are looked at (and so save all that is below it), its `departure` guards after them.
 */
export interface Guard {
  readonly code: KeepCode;
  readonly concerns: "any" | "directory" | "other";
  readonly stage: "arrival" | "departure";
  holds(subject: Subject, world: World): boolean;
  /** More than one where more than one timestamp keeps it; the first is that which systemd-tmpfiles names. */
  details?(subject: Subject, world: World): Detail[];
}

const QUOTA_FILES: ReadonlySet<string> = new Set([".journal", "aquota.user", "aquota.group"]);

/** Why an entry of an aged directory stays, in the order in which systemd-tmpfiles 262 asks. */
export const GUARDS: readonly Guard[] = [
  {
    code: "mount-root",
    concerns: "any",
    stage: "arrival",
    holds: ({ stat }) => stat.isMountRoot,
  },
  {
    code: "own-line",
    concerns: "any",
    stage: "arrival",
    holds: (subject) => ownLine(subject) !== undefined,
    details: (subject, world) => by(ownLine(subject), world),
  },
  {
    code: "own-glob",
    concerns: "any",
    stage: "arrival",
    holds: (subject) => ownPattern(subject) !== undefined,
    details: (subject, world) => by(ownPattern(subject), world),
  },
  {
    code: "lost+found",
    concerns: "directory",
    stage: "arrival",
    holds: (subject) => atMountTop(subject) && subject.name() === "lost+found",
  },
  {
    code: "unreadable",
    concerns: "directory",
    stage: "arrival",
    holds: (subject, world) => subject.within.depth < DEEPEST && world.unreadable(subject) !== undefined,
    details: (subject, world) => [{ detail: world.unreadable(subject) ?? "" }],
  },
  {
    code: "locked",
    concerns: "directory",
    stage: "arrival",
    holds: (subject, world) => subject.within.depth < DEEPEST && world.locked(subject),
  },
  {
    code: "sticky",
    concerns: "other",
    stage: "arrival",
    holds: ({ stat }) => (stat.mode & S_ISVTX) !== 0,
  },
  {
    code: "quota-file",
    concerns: "other",
    stage: "arrival",
    holds: (subject) =>
      atMountTop(subject) && subject.stat.type === S_IFREG && QUOTA_FILES.has(subject.name()),
  },
  {
    code: "live-socket",
    concerns: "other",
    stage: "arrival",
    holds: (subject, world) => subject.stat.type === S_IFSOCK && isLive(subject, world),
  },
  {
    code: "device-node",
    concerns: "other",
    stage: "arrival",
    holds: ({ stat }) => stat.type === S_IFCHR || stat.type === S_IFBLK,
  },
  {
    code: "first-level",
    concerns: "any",
    stage: "departure",
    holds: ({ within }) => within.rule.keepFirstLevel && within.depth === 0,
  },
  {
    code: "too-new",
    concerns: "any",
    stage: "departure",
    holds: isTooNew,
    details: tooNewTimestamps,
  },
  {
    code: "locked",
    concerns: "other",
    stage: "departure",
    holds: (subject, world) => world.locked(subject),
  },
  {
    code: "too-deep",
    concerns: "directory",
    stage: "departure",
    holds: ({ within, remaining }) => within.depth >= DEEPEST && remaining > 0,
  },
  {
    code: "not-empty",
    concerns: "directory",
    stage: "departure",
    holds: ({ remaining }) => remaining > 0,
    details: (subject) => blockedBy(subject),
  },
];

const isFor =
  (kind: "directory" | "other", stage?: Guard["stage"]) =>
  (guard: Guard): boolean =>
    (guard.concerns === "any" || guard.concerns === kind) && (stage === undefined || guard.stage === stage);

export const DIRECTORY_ARRIVAL = GUARDS.filter(isFor("directory", "arrival"));
/** Those that need no look inside. */
export const UNOPENED_ARRIVAL = DIRECTORY_ARRIVAL.filter(
  ({ code }) => code !== "unreadable" && code !== "locked",
);
export const DIRECTORY_DEPARTURE = GUARDS.filter(isFor("directory", "departure"));
export const OTHER = GUARDS.filter(isFor("other"));
/** What can hold for an entry of which `isOrdinary` is true: its age and a lock. */
export const ORDINARY = OTHER.filter(({ code }) => code === "too-new" || code === "locked");

const byCode = (code: KeepCode): Guard => GUARDS.find((guard) => guard.code === code) as Guard;
export const UNREADABLE = byCode("unreadable");
export const TOO_NEW = byCode("too-new");
export const NOT_EMPTY = byCode("not-empty");

/** The first that holds: what a run goes by. */
export function firstGuard(guards: readonly Guard[], subject: Subject, world: World): Guard | undefined {
  for (const guard of guards) if (guard.holds(subject, world)) return guard;
  return undefined;
}

export function reasonOf(guard: Guard, subject: Subject, world: World): KeepReason {
  return { code: guard.code, ...guard.details?.(subject, world)[0] };
}

/**
 * Every reason that holds, in order, each timestamp that is too new on its own: what `explain` tells. A directory's
 * `not-empty` is only as true as the subject's `remaining`.
 */
export function allReasons(subject: Subject, world: World): KeepReason[] {
  const guards = subject.stat.type === S_IFDIR ? GUARDS.filter(isFor("directory")) : OTHER;
  return guards
    .filter((guard) => guard.holds(subject, world))
    .flatMap(({ code, details }) =>
      (details?.(subject, world) ?? [{}]).map((detail) => ({ code, ...detail })),
    );
}

function ownLine(subject: Subject): number | undefined {
  const { lines } = subject.within;
  return lines.isEmpty ? undefined : lines.own(subject.name());
}

function ownPattern(subject: Subject): number | undefined {
  const { lines, path } = subject.within;
  return lines.isEmpty ? undefined : lines.pattern(subject.name(), path);
}

function by(order: number | undefined, world: World): Detail[] {
  const source = order === undefined ? undefined : world.source(order);
  return [source === undefined ? {} : { by: source }];
}

function atMountTop({ within, stat }: Subject): boolean {
  return within.atMountTop && stat.uid === 0;
}

function isLive(subject: Subject, world: World): boolean {
  const sockets = world.sockets();
  return sockets === undefined || sockets.has(join(subject.within.path, subject.name()));
}

function blockedBy(subject: Subject): Detail[] {
  const name = subject.blocker();
  return [name === undefined ? {} : { detail: show(name) }];
}

// In the order in which systemd-tmpfiles names the first that is too new.
export const TIMESTAMPS: readonly (readonly [AgeBy, number, TimestampName])[] = [
  [AGE_BY_MTIME, MTIME, "mtime"],
  [AGE_BY_ATIME, ATIME, "atime"],
  [AGE_BY_CTIME, CTIME, "ctime"],
  [AGE_BY_BTIME, BTIME, "btime"],
];

function isSince(stat: StatxBuffer, word: number, rule: AgeRule): boolean {
  const seconds = stat.seconds(word);
  if (seconds !== rule.cutoffSeconds) return seconds > rule.cutoffSeconds;
  return stat.nanoseconds(word) >= rule.cutoffNanoseconds;
}

/** The hot one: asked of every entry. A timestamp that the file system does not keep reads as zero, which is old. */
function isTooNew({ stat, within: { rule } }: Subject): boolean {
  const ageBy = stat.type === S_IFDIR ? rule.byDirectory : rule.byFile;
  return (
    ((ageBy & AGE_BY_MTIME) !== 0 && isSince(stat, MTIME, rule)) ||
    ((ageBy & AGE_BY_ATIME) !== 0 && isSince(stat, ATIME, rule)) ||
    ((ageBy & AGE_BY_CTIME) !== 0 && isSince(stat, CTIME, rule)) ||
    ((ageBy & AGE_BY_BTIME) !== 0 && isSince(stat, BTIME, rule))
  );
}

/** Each timestamp that is too new, in that order. */
export function tooNewTimestamps({ stat, within: { rule } }: Subject): Detail[] {
  const ageBy = stat.type === S_IFDIR ? rule.byDirectory : rule.byFile;
  return TIMESTAMPS.filter(([bit, word]) => (ageBy & bit) !== 0 && isSince(stat, word, rule)).map(
    ([, word, timestamp]) => ({
      timestamp,
      time: BigInt(stat.seconds(word)) * SECOND + BigInt(stat.nanoseconds(word)),
    }),
  );
}
