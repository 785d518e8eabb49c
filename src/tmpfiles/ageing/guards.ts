/** The guards: the ordered table of reasons why an entry is kept. */
import { type Bytes, escapeForDisplay, join } from "../../base/bytes.js";
import type { KeepCode, KeepReason, TimestampName } from "../../base/events.js";
import { SECOND } from "../../base/time.js";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFREG, S_IFSOCK, S_ISVTX } from "../../sys/inode.js";
import { ATIME, BTIME, CTIME, MTIME, type StatxBuffer } from "../../sys/scan.js";
import { AGE_BY_ATIME, AGE_BY_BTIME, AGE_BY_CTIME, AGE_BY_MTIME, type AgeBy } from "../syntax/age.js";
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
export interface DirectoryContext {
  readonly path: Bytes;
  /** How far below the base: 0 for the base itself. */
  readonly depth: number;
  /** Whether the directory is the base of the walk and a mount root too. */
  readonly atMountTop: boolean;
  readonly lines: LinesBelow;
  readonly rule: AgeRule;
}

/** One entry, as the guards see it. The walk moves one and the same object from entry to entry. */
export interface EntryContext {
  readonly within: DirectoryContext;
  readonly stat: StatxBuffer;
  name(): Bytes;
  /** Of a directory whose entries were seen: how many of them stay. */
  readonly remaining: number;
  /** The name of one kept entry. */
  firstKeptChild(): Bytes | undefined;
}

/**
 * What the guards ask of the world beyond statx. A walk that removes takes the locks that it asks for and holds them;
 * one that only looks probes them.
 */
export interface Environment {
  /** Paths of live Unix sockets; if undefined, every socket is treated as live. */
  sockets(): ReadonlySet<Bytes> | undefined;
  /** Opens the directory to be listed: the errno's name where that fails. */
  unreadable(entry: EntryContext): string | undefined;
  /** Whether another process holds a flock(2) on it. */
  locked(entry: EntryContext): boolean;
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
  readonly appliesTo: "any" | "directory" | "other";
  readonly stage: "preVisit" | "postVisit";
  matches(entry: EntryContext, environment: Environment): boolean;
  /** More than one where more than one timestamp keeps it; the first is that which systemd-tmpfiles names. */
  details?(entry: EntryContext, environment: Environment): Detail[];
}

const QUOTA_FILES: ReadonlySet<string> = new Set([".journal", "aquota.user", "aquota.group"]);

/** Why an entry of an aged directory stays, in the order in which systemd-tmpfiles 262 asks. */
export const GUARDS: readonly Guard[] = [
  {
    code: "mount-root",
    appliesTo: "any",
    stage: "preVisit",
    matches: ({ stat }) => stat.isMountRoot,
  },
  {
    code: "own-line",
    appliesTo: "any",
    stage: "preVisit",
    matches: (entry) => ownLine(entry) !== undefined,
    details: (entry, environment) => by(ownLine(entry), environment),
  },
  {
    code: "own-glob",
    appliesTo: "any",
    stage: "preVisit",
    matches: (entry) => ownPattern(entry) !== undefined,
    details: (entry, environment) => by(ownPattern(entry), environment),
  },
  {
    code: "lost+found",
    appliesTo: "directory",
    stage: "preVisit",
    matches: (entry) => atMountTop(entry) && entry.name() === "lost+found",
  },
  {
    code: "unreadable",
    appliesTo: "directory",
    stage: "preVisit",
    matches: (entry, environment) =>
      entry.within.depth < DEEPEST && environment.unreadable(entry) !== undefined,
    details: (entry, environment) => [{ detail: environment.unreadable(entry) ?? "" }],
  },
  {
    code: "locked",
    appliesTo: "directory",
    stage: "preVisit",
    matches: (entry, environment) => entry.within.depth < DEEPEST && environment.locked(entry),
  },
  {
    code: "sticky",
    appliesTo: "other",
    stage: "preVisit",
    matches: ({ stat }) => (stat.mode & S_ISVTX) !== 0,
  },
  {
    code: "quota-file",
    appliesTo: "other",
    stage: "preVisit",
    matches: (entry) => atMountTop(entry) && entry.stat.type === S_IFREG && QUOTA_FILES.has(entry.name()),
  },
  {
    code: "live-socket",
    appliesTo: "other",
    stage: "preVisit",
    matches: (entry, environment) => entry.stat.type === S_IFSOCK && isLive(entry, environment),
  },
  {
    code: "device-node",
    appliesTo: "other",
    stage: "preVisit",
    matches: ({ stat }) => stat.type === S_IFCHR || stat.type === S_IFBLK,
  },
  {
    code: "first-level",
    appliesTo: "any",
    stage: "postVisit",
    matches: ({ within }) => within.rule.keepFirstLevel && within.depth === 0,
  },
  {
    code: "too-new",
    appliesTo: "any",
    stage: "postVisit",
    matches: isTooNew,
    details: tooNewTimestamps,
  },
  {
    code: "locked",
    appliesTo: "other",
    stage: "postVisit",
    matches: (entry, environment) => environment.locked(entry),
  },
  {
    code: "too-deep",
    appliesTo: "directory",
    stage: "postVisit",
    matches: ({ within, remaining }) => within.depth >= DEEPEST && remaining > 0,
  },
  {
    code: "not-empty",
    appliesTo: "directory",
    stage: "postVisit",
    matches: ({ remaining }) => remaining > 0,
    details: (entry) => keptChildDetail(entry),
  },
];

/** Every reason that a run can give, in the order of the guards. */
export const KEEP_CODES: readonly KeepCode[] = [...new Set(GUARDS.map(({ code }) => code)), "indexed"];

const isFor =
  (kind: "directory" | "other", stage?: Guard["stage"]) =>
  (guard: Guard): boolean =>
    (guard.appliesTo === "any" || guard.appliesTo === kind) && (stage === undefined || guard.stage === stage);

export const DIRECTORY_PRE_VISIT = GUARDS.filter(isFor("directory", "preVisit"));
/** Those that need no look inside. */
export const UNOPENED_PRE_VISIT = DIRECTORY_PRE_VISIT.filter(
  ({ code }) => code !== "unreadable" && code !== "locked",
);
export const DIRECTORY_POST_VISIT = GUARDS.filter(isFor("directory", "postVisit"));
export const OTHER = GUARDS.filter(isFor("other"));
/** What can hold for an entry of which `isOrdinary` is true: its age and a lock. */
export const FAST_PATH_GUARDS = OTHER.filter(({ code }) => code === "too-new" || code === "locked");

const byCode = (code: KeepCode): Guard => GUARDS.find((guard) => guard.code === code) as Guard;
export const UNREADABLE = byCode("unreadable");
export const TOO_NEW = byCode("too-new");
export const NOT_EMPTY = byCode("not-empty");

/** The first guard that matches, which decides in a run. */
export function firstGuard(
  guards: readonly Guard[],
  entry: EntryContext,
  environment: Environment,
): Guard | undefined {
  for (const guard of guards) if (guard.matches(entry, environment)) return guard;
  return undefined;
}

export function reasonOf(guard: Guard, entry: EntryContext, environment: Environment): KeepReason {
  return { code: guard.code, ...guard.details?.(entry, environment)[0] };
}

/**
 * Every reason that holds, in order, each timestamp that is too new on its own: what `explain` tells. A directory's
 * `not-empty` is only as true as the subject's `remaining`.
 */
export function allReasons(entry: EntryContext, environment: Environment): KeepReason[] {
  const guards = entry.stat.type === S_IFDIR ? GUARDS.filter(isFor("directory")) : OTHER;
  return guards
    .filter((guard) => guard.matches(entry, environment))
    .flatMap(({ code, details }) =>
      (details?.(entry, environment) ?? [{}]).map((detail) => ({ code, ...detail })),
    );
}

function ownLine(entry: EntryContext): number | undefined {
  const { lines } = entry.within;
  return lines.isEmpty ? undefined : lines.own(entry.name());
}

function ownPattern(entry: EntryContext): number | undefined {
  const { lines, path } = entry.within;
  return lines.isEmpty ? undefined : lines.pattern(entry.name(), path);
}

function by(order: number | undefined, environment: Environment): Detail[] {
  const source = order === undefined ? undefined : environment.source(order);
  return [source === undefined ? {} : { by: source }];
}

function atMountTop({ within, stat }: EntryContext): boolean {
  return within.atMountTop && stat.uid === 0;
}

function isLive(entry: EntryContext, environment: Environment): boolean {
  const sockets = environment.sockets();
  return sockets === undefined || sockets.has(join(entry.within.path, entry.name()));
}

function keptChildDetail(entry: EntryContext): Detail[] {
  const name = entry.firstKeptChild();
  return [name === undefined ? {} : { detail: escapeForDisplay(name) }];
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
function isTooNew({ stat, within: { rule } }: EntryContext): boolean {
  const ageBy = stat.type === S_IFDIR ? rule.byDirectory : rule.byFile;
  return (
    ((ageBy & AGE_BY_MTIME) !== 0 && isSince(stat, MTIME, rule)) ||
    ((ageBy & AGE_BY_ATIME) !== 0 && isSince(stat, ATIME, rule)) ||
    ((ageBy & AGE_BY_CTIME) !== 0 && isSince(stat, CTIME, rule)) ||
    ((ageBy & AGE_BY_BTIME) !== 0 && isSince(stat, BTIME, rule))
  );
}

/** Each timestamp that is too new, in that order. */
export function tooNewTimestamps({ stat, within: { rule } }: EntryContext): Detail[] {
  const ageBy = stat.type === S_IFDIR ? rule.byDirectory : rule.byFile;
  return TIMESTAMPS.filter(([bit, word]) => (ageBy & bit) !== 0 && isSince(stat, word, rule)).map(
    ([, word, timestamp]) => ({
      timestamp,
      time: BigInt(stat.seconds(word)) * SECOND + BigInt(stat.nanoseconds(word)),
    }),
  );
}
