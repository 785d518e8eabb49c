/** The guards: the ordered table of reasons why an entry is kept. */
import { escapeForDisplay, join } from "../../base/bytes.js";
import type { KeepCode, KeepReason } from "../../base/events.js";
import { S_IFBLK, S_IFCHR, S_IFDIR, S_IFREG, S_IFSOCK, S_ISVTX } from "../../sys/inode.js";
import { isTooNew, isWithinBudget, tooNewTimestamps } from "./age-rule.js";
import type { Detail, EntryContext, Environment } from "./entry-context.js";

/** Directories below this depth (the base's own entries are at depth 0) are not entered. */
export const DEEPEST = 256;

/**
 * A reason to keep an entry. A directory's `preVisit` guards are evaluated before its entries, so they also keep everything
 * below it; its `postVisit` guards after its entries.
 */
export interface Guard {
  readonly code: KeepCode;
  readonly appliesTo: "any" | "directory" | "other";
  readonly stage: "preVisit" | "postVisit";
  /**
   * How fast-path.ts, which skips most guards, accounts for this one. `asked`: it evaluates the guard. `directory` or
   * `entry`: its precondition on the directory or the entry rules the guard out. `not-a-file`: the guard is for
   * directories, which never take the fast path.
   */
  readonly fastPath: "asked" | "directory" | "entry" | "not-a-file";
  /**
   * How the directory index, which keeps files unexamined and directories unopened, accounts for this one. `asked`: it is
   * evaluated for an unopened directory. `superseded`: any entry that it could keep is kept anyway, as too new. `inside`:
   * it needs the open directory, and nothing inside is removed. An entry is removed only after all its guards were
   * evaluated.
   */
  readonly index: "asked" | "superseded" | "inside";
  matches(entry: EntryContext, environment: Environment): boolean;
  /** One for each timestamp that keeps it; the first is the one that systemd-tmpfiles reports. */
  details?(entry: EntryContext, environment: Environment): Detail[];
}

const QUOTA_FILES: ReadonlySet<string> = new Set([".journal", "aquota.user", "aquota.group"]);

/** Why an entry of an aged directory is kept, in the order in which systemd-tmpfiles 262 checks. */
export const GUARDS: readonly Guard[] = [
  {
    code: "mount-root",
    appliesTo: "any",
    stage: "preVisit",
    fastPath: "entry",
    index: "asked",
    matches: ({ stat }) => stat.isMountRoot,
  },
  {
    code: "own-line",
    appliesTo: "any",
    stage: "preVisit",
    fastPath: "directory",
    index: "asked",
    matches: (entry) => ownLine(entry) !== undefined,
    details: (entry, environment) => by(ownLine(entry), environment),
  },
  {
    code: "own-glob",
    appliesTo: "any",
    stage: "preVisit",
    fastPath: "directory",
    index: "asked",
    matches: (entry) => ownPattern(entry) !== undefined,
    details: (entry, environment) => by(ownPattern(entry), environment),
  },
  {
    code: "lost+found",
    appliesTo: "directory",
    stage: "preVisit",
    fastPath: "not-a-file",
    index: "asked",
    matches: (entry) => atMountTop(entry) && entry.name() === "lost+found",
  },
  {
    code: "unreadable",
    appliesTo: "directory",
    stage: "preVisit",
    fastPath: "not-a-file",
    index: "inside",
    matches: (entry) => entry.within.depth < DEEPEST && entry.unreadable() !== undefined,
    details: (entry) => [{ detail: entry.unreadable() ?? "" }],
  },
  {
    code: "locked",
    appliesTo: "directory",
    stage: "preVisit",
    fastPath: "not-a-file",
    index: "inside",
    matches: (entry) => entry.within.depth < DEEPEST && entry.isLocked(),
    details: lockDetail,
  },
  {
    code: "unit-kept",
    appliesTo: "directory",
    stage: "preVisit",
    fastPath: "not-a-file",
    index: "inside",
    matches: (entry) => isUnit(entry) && entry.unitKeeper() !== undefined,
    details: (entry) => [entry.unitKeeper() ?? {}],
  },
  {
    code: "sticky",
    appliesTo: "other",
    stage: "preVisit",
    fastPath: "entry",
    index: "superseded",
    matches: ({ stat }) => (stat.mode & S_ISVTX) !== 0,
  },
  {
    code: "quota-file",
    appliesTo: "other",
    stage: "preVisit",
    fastPath: "directory",
    index: "superseded",
    matches: (entry) => atMountTop(entry) && entry.stat.type === S_IFREG && QUOTA_FILES.has(entry.name()),
  },
  {
    code: "live-socket",
    appliesTo: "other",
    stage: "preVisit",
    fastPath: "entry",
    index: "superseded",
    matches: (entry, environment) => entry.stat.type === S_IFSOCK && isLive(entry, environment),
  },
  {
    code: "device-node",
    appliesTo: "other",
    stage: "preVisit",
    fastPath: "entry",
    index: "superseded",
    matches: ({ stat }) => stat.type === S_IFCHR || stat.type === S_IFBLK,
  },
  {
    code: "first-level",
    appliesTo: "any",
    stage: "postVisit",
    fastPath: "directory",
    index: "asked",
    matches: ({ within }) => within.rule.keepFirstLevel && within.depth === 0,
  },
  {
    code: "too-new",
    appliesTo: "any",
    stage: "postVisit",
    fastPath: "asked",
    index: "asked",
    matches: isTooNew,
    details: tooNewTimestamps,
  },
  {
    code: "within-budget",
    appliesTo: "any",
    stage: "postVisit",
    fastPath: "asked",
    index: "asked",
    matches: isWithinBudget,
  },
  {
    // Unlike the one above, this reads all of /proc: only for a socket that would be removed.
    code: "live-socket",
    appliesTo: "other",
    stage: "postVisit",
    fastPath: "entry",
    index: "superseded",
    matches: (entry, environment) =>
      entry.stat.type === S_IFSOCK && environment.socketUse(entry) !== undefined,
    details: (entry, environment) => [{ detail: environment.socketUse(entry) ?? "" }],
  },
  {
    code: "open",
    appliesTo: "any",
    stage: "postVisit",
    fastPath: "asked",
    index: "asked",
    matches: (entry, environment) => entry.within.rule.keepOpen && environment.open(entry),
  },
  {
    code: "locked",
    appliesTo: "other",
    stage: "postVisit",
    fastPath: "asked",
    index: "superseded",
    matches: (entry) => entry.isLocked(),
    details: lockDetail,
  },
  {
    code: "too-deep",
    appliesTo: "directory",
    stage: "postVisit",
    fastPath: "not-a-file",
    index: "asked",
    matches: ({ within, remaining }) => within.depth >= DEEPEST && remaining > 0,
  },
  {
    code: "not-empty",
    appliesTo: "directory",
    stage: "postVisit",
    fastPath: "not-a-file",
    index: "asked",
    matches: ({ remaining }) => remaining > 0,
    details: (entry) => keptChildDetail(entry),
  },
];

/** All reasons that a run can report, in the order of the guards. */
export const KEEP_CODES: readonly KeepCode[] = [...new Set(GUARDS.map(({ code }) => code)), "indexed"];

const isFor =
  (kind: "directory" | "other", stage?: Guard["stage"]) =>
  (guard: Guard): boolean =>
    (guard.appliesTo === "any" || guard.appliesTo === kind) && (stage === undefined || guard.stage === stage);

export const DIRECTORY_PRE_VISIT = GUARDS.filter(isFor("directory", "preVisit"));
/** The guards that are evaluated for an unopened directory. */
export const UNOPENED_PRE_VISIT = DIRECTORY_PRE_VISIT.filter(({ index }) => index === "asked");
export const DIRECTORY_POST_VISIT = GUARDS.filter(isFor("directory", "postVisit"));
export const OTHER = GUARDS.filter(isFor("other"));
/** The guards that can keep an entry on the fast path: its preconditions rule out the others. */
export const FAST_PATH_GUARDS = OTHER.filter(({ fastPath }) => fastPath === "asked");

const byCode = (code: KeepCode): Guard => GUARDS.find((guard) => guard.code === code) as Guard;
export const UNREADABLE = byCode("unreadable");
export const TOO_NEW = byCode("too-new");
export const NOT_EMPTY = byCode("not-empty");

/** The first guard that matches. It decides in a run. */
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
 * All reasons that apply, in order, with each timestamp that is too new: `explain` reports them. For a directory's `not-empty`
 * the entry's `remaining` must be set.
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

function isUnit({ within }: EntryContext): boolean {
  return within.rule.wholeUnits && within.depth === 0;
}

function atMountTop({ within, stat }: EntryContext): boolean {
  return within.atMountTop && stat.uid === 0;
}

function isLive(entry: EntryContext, environment: Environment): boolean {
  const sockets = environment.sockets();
  return sockets === undefined || sockets.has(join(entry.within.path, entry.name()));
}

function lockDetail(entry: EntryContext): Detail[] {
  const errno = entry.lockError();
  return [errno === undefined ? {} : { detail: errno }];
}

function keptChildDetail(entry: EntryContext): Detail[] {
  const name = entry.firstKeptChild();
  return [name === undefined ? {} : { detail: escapeForDisplay(name) }];
}
