/** Whether, when and why the cleaner removes a path. */

import { type Bytes, bytes, fromBuffer, show } from "../../base/bytes.js";
import type { Diagnostic } from "../../base/errors.js";
import type { KeepReason, Source, TimestampName } from "../../base/events.js";
import type { Nanoseconds } from "../../base/time.js";
import { systemClock } from "../../sys/clock.js";
import { fnmatch } from "../../sys/fnmatch.js";
import { procShowsOwnPids } from "../../sys/processes.js";
import type { Loaded } from "../../tmpfiles/config/items.js";
import { kindOf } from "../../tmpfiles/hands/kind.js";
import type { Item } from "../../tmpfiles/item.js";
import { absolutePaths, type PathInput } from "../paths.js";
import { adviceFor } from "./advice.js";
import {
  type CleanerVersion,
  diagnosticText,
  hasUserConfiguration,
  loadConfiguration,
  problemsOf,
  requireReadable,
} from "./configuration.js";
import { type Judged, judge } from "./judge.js";
import type { Look, LookReason } from "./look.js";
import { statWithoutTrace } from "./names.js";
import { unprotectedBy } from "./protections.js";
import { newestOf } from "./subject.js";
import { blockedLines } from "./symlinks.js";
import { type CleanerTimer, cleanerTimer, nextRun } from "./timer.js";
import { Usage, type Uses } from "./users.js";

export interface ExplainOptions {
  /** Configuration files, as `mayfly clean` takes them, instead of all those of the host. */
  readonly config?: readonly (string | Uint8Array)[];
  /** The moment to judge at: now, unless it is given. Nanoseconds since the epoch. */
  readonly at?: Nanoseconds;
  /** The version of systemd whose cleaner runs on the host: 262, which Mayfly implements, unless it is given. */
  readonly version?: CleanerVersion;
  /**
   * True: the user's own configuration (user-tmpfiles.d), false: the system's. Without it an ordinary user's paths are
   * judged by both, unless `config` is given.
   */
  readonly user?: boolean;
  /** Called with each problem of the configuration; what is right of it is then judged by all the same. */
  readonly onDiagnostic?: (diagnostic: Diagnostic) => void;
}

export type ReasonCode = LookReason["code"] | "no-line" | "base" | "symlink";

/** Why a path stays. */
export interface Reason extends Omit<KeepReason, "code"> {
  /**
   * `no-line`: no line cleans there. `base`: it is a line's own path, of which only the contents are cleaned. `refused`:
   * the kernel would not remove it. `symlink`: the line names a symlink, and does not reach through it.
   */
  readonly code: ReasonCode;
  /** The path itself, or the directory above it that is kept with all that is below it. */
  readonly at: Bytes;
}

export interface TimestampVerdict {
  readonly timestamp: TimestampName;
  readonly time: Nanoseconds;
  /** True if it alone would keep the path. */
  readonly keeps: boolean;
}

/** What ageing does to one path, and why. */
export interface Explanation {
  readonly path: Bytes;
  readonly exists: boolean;
  readonly verdict: "keep" | "remove";
  /** By the user's own configuration rather than the system's. */
  readonly user: boolean;
  /** The line that decides; undefined if none concerns the path. */
  readonly line: Source | undefined;
  /** Lines that concern the path and do not decide. */
  readonly others: readonly Source[];
  /** Why it stays, all reasons, the one that a cleaner names first. */
  readonly reasons: readonly Reason[];
  /** The timestamps that the line goes by. */
  readonly timestamps: readonly TimestampVerdict[];
  /** The one that keeps it longest. */
  readonly decisive: TimestampName | undefined;
  readonly age: Nanoseconds | undefined;
  /** From when on it is removed; undefined if time alone does not do it. */
  readonly expires: Nanoseconds | undefined;
  /** The first run of the host's timer from then on; undefined if there is no timer. */
  readonly nextRun: Nanoseconds | undefined;
  /** Where that is known from: systemd itself, or the timer's unit files. */
  readonly timer: string | undefined;
  readonly uses: Uses;
  /** What happens when the host boots: the line that removes it. */
  readonly boot: Source | undefined;
  /** What one might take for a protection, and is none. */
  readonly unprotected: readonly string[];
  readonly advice: readonly string[];
  /** What could not be seen. */
  readonly notices: readonly string[];
}

/**
 * Explains what ageing does to each path, when, and why, by asking the guards that the cleaner itself asks. It changes
 * nothing and moves no timestamp. A path that does not exist is judged as a file created at this moment.
 *
 * Paths are text or bytes; relative ones are taken below the working directory.
 *
 * @throws ConfigurationError if a configuration file that was named can't be read, or if a run would do nothing because of an
 * error in it and there is no `onDiagnostic`; TypeError if a path is empty.
 */
export function explain(
  paths: PathInput | readonly PathInput[],
  options: ExplainOptions = {},
): Explanation[] {
  const wanted = absolutePaths("explain", paths, options);
  const usage = new Usage();
  const scopes = scopesOf(options).map((user) => explainIn(user, wanted, usage, options));
  return wanted.map((_, index) => mostTelling(scopes.flatMap((each) => each[index] ?? [])));
}

/** Whose configuration is asked: false for the system's, true for the user's. */
export function scopesOf({ user, config = [] }: Pick<ExplainOptions, "user" | "config">): readonly boolean[] {
  if (user !== undefined) return [user];
  const both = config.length === 0 && process.geteuid?.() !== 0 && hasUserConfiguration();
  return both ? [false, true] : [false];
}

/** What is removed first, or else what a line is about. */
function mostTelling(explanations: readonly Explanation[]): Explanation {
  const rank = ({ verdict, expires, line }: Explanation): number =>
    verdict === "remove" ? 0 : expires !== undefined ? 1 : line !== undefined ? 2 : 3;
  const earlier = (a: Explanation, b: Explanation): number =>
    rank(a) - rank(b) || Number((a.expires ?? 0n) - (b.expires ?? 0n));
  return [...explanations].sort(earlier)[0] as Explanation;
}

function explainIn(
  user: boolean,
  wanted: readonly Bytes[],
  usage: Usage,
  options: ExplainOptions,
): Explanation[] {
  const { at = systemClock.now(), version = 262 } = options;
  const config = options.config?.map(toBytes) ?? [];
  const named = { config, version, user, inWorkingDirectory: true, textsRead: new Map() };
  const loaded = loadConfiguration(named);
  requireReadable(loaded, options.onDiagnostic !== undefined);
  const bootLines = loadConfiguration(named, true);
  for (const problem of problemsOf(loaded, bootLines)) options.onDiagnostic?.(problem);
  const looks = judge(wanted, loaded, { operation: "clean", at, version });
  const atBoot = judge(wanted, bootLines, { operation: "remove", at, version });
  const timer = cleanerTimer(user);
  return wanted.map((path) => {
    const judged = looks.get(path) ?? { names: [path], looks: [] };
    const { look, ...explained } = conclude(path, judged, loaded, { at, timer });
    const boot = atBoot.get(path)?.looks.find(({ removed }) => removed);
    const real = judged.names[0] ?? path;
    const uses = usage.of(real);
    const goes = explained.verdict === "remove" || explained.expires !== undefined || boot !== undefined;
    const unprotected = goes ? unprotectedBy(path, explained, loaded, uses) : [];
    const whole = { ...explained, user, uses, boot: boot?.source, unprotected };
    const stat = statWithoutTrace(real);
    const kind = stat && kindOf(stat);
    const advice = adviceFor(whole, { version, kind, path: real, look, boot });
    return { ...whole, advice, notices: [...noticesOf(uses), ...abortNotices(loaded)] };
  });
}

type Conclusion = Omit<Explanation, "user" | "uses" | "boot" | "unprotected" | "advice" | "notices">;

interface Moment {
  readonly at: Nanoseconds;
  readonly timer: CleanerTimer | undefined;
}

function conclude(
  path: Bytes,
  { names, looks }: Judged,
  loaded: Loaded,
  { at, timer }: Moment,
): Conclusion & { readonly look: Look | undefined } {
  const exists = statWithoutTrace(names[0] ?? path) !== undefined;
  const deciding = exists ? looks.find(({ removed }) => removed) : undefined;
  const look = deciding ?? soonest(looks);
  const base = names.map((name) => baseOf(name, loaded)).find((item) => item !== undefined);
  const blocked = look === undefined && base === undefined ? blockedLines(path, loaded) : [];
  const ownReasons = look?.reasons.map((reason) => ({ ...reason, at: look.at })) ?? [];
  const reasons: Reason[] = deciding !== undefined ? [] : ownReasons;
  if (look === undefined && blocked.length > 0)
    reasons.push(...blocked.map(({ at: link }) => ({ code: "symlink" as const, at: link })));
  else if (look === undefined) reasons.push({ code: base === undefined ? "no-line" : "base", at: path });
  const line = excluding(look) ?? look?.source ?? base?.source ?? blocked[0]?.source;
  const expires = look?.expires;
  const from = expires !== undefined && expires > at ? expires : at;
  return {
    path,
    exists,
    verdict: deciding === undefined ? "keep" : "remove",
    line,
    others: othersOf(path, looks, loaded, line),
    reasons,
    timestamps: timestampsOf(look, reasons),
    decisive: newestOf(look?.timestamps ?? [])?.timestamp,
    age: look?.age,
    expires,
    nextRun: timer === undefined || expires === undefined ? undefined : nextRun(timer, from),
    timer: timer?.from,
    look,
  };
}

/** Of several lines that all keep it, the one that will be the first not to. */
function soonest(looks: readonly Look[]): Look | undefined {
  const [first] = looks
    .filter(({ expires }) => expires !== undefined)
    .sort((a, b) => Number((a.expires ?? 0n) - (b.expires ?? 0n)));
  return first ?? looks[0];
}

/** The line for whose sake another one passes the path over. */
function excluding(look: Look | undefined): Source | undefined {
  return look?.reasons[0]?.by;
}

function timestampsOf(look: Look | undefined, reasons: readonly Reason[]): TimestampVerdict[] {
  const keeping = new Set(reasons.map(({ timestamp }) => timestamp));
  return (look?.timestamps ?? []).map((each) => ({ ...each, keeps: keeping.has(each.timestamp) }));
}

/** A line that names the path itself. */
function baseOf(path: Bytes, { exact, globs }: Loaded): Item | undefined {
  const group = exact.find((each) => each.path === path) ?? globs.find((each) => fnmatch(each.path, path));
  return group?.items[0];
}

function othersOf(path: Bytes, looks: readonly Look[], loaded: Loaded, line: Source | undefined): Source[] {
  const walked = looks.map(({ source }) => source);
  const duplicates = loaded.diagnostics.filter(({ code }) => code === "duplicate");
  const dropped = duplicates.filter(({ message }) => message.endsWith(` ${show(path)}`));
  const lost = dropped.map(({ file, line: number, text = "" as Bytes }) => ({ file, line: number, text }));
  return [...walked, ...lost].filter(
    (source, index, all) =>
      !(source.file === line?.file && source.line === line.line) &&
      all.findIndex((each) => each.file === source.file && each.line === source.line) === index,
  );
}

function noticesOf({ hidden }: Uses): string[] {
  const notices: string[] = [];
  if (!procShowsOwnPids())
    notices.push("/proc belongs to another PID namespace: the processes that use the path are unknown");
  if (hidden > 0) notices.push(`could not inspect ${hidden} processes; their open files are unknown`);
  if (process.getuid?.() !== 0)
    notices.push("without root, unreadable directories and locks on other users' files may be missed");
  return notices;
}

/** A file that was named is run as a whole or not at all. */
function abortNotices({ aborted, diagnostics }: Loaded): string[] {
  if (!aborted) return [];
  const fatal = diagnostics.find(({ severity }) => severity === "error");
  const where = fatal === undefined ? "" : ` (${diagnosticText(fatal)})`;
  return [`a run with this configuration does nothing until its error is corrected${where}`];
}

/** As the kernel would find it from here. */
export function toBytes(path: string | Uint8Array): Bytes {
  return typeof path === "string" ? bytes(path) : fromBuffer(path);
}
