import { readlinkSync } from "node:fs";
import { type Bytes, bytes, fromBuffer, isAbsolute, join, simplify } from "../../base/bytes.js";
import type { KeepReason, Source, TimestampName } from "../../base/events.js";
import type { Nanoseconds } from "../../base/time.js";
import { expandBraces } from "../../path/braces.js";
import { systemClock } from "../../sys/clock.js";
import { fnmatch } from "../../sys/fnmatch.js";
import { procShowsOwnPids } from "../../sys/processes.js";
import type { Loaded } from "../../tmpfiles/config/items.js";
import type { Item } from "../../tmpfiles/item.js";
import { adviceFor } from "./advice.js";
import { type CleanerVersion, loadConfiguration } from "./configuration.js";
import { type Judged, judge } from "./judge.js";
import type { Look, LookReason } from "./look.js";
import { statWithoutTrace } from "./names.js";
import { newestOf } from "./subject.js";
import { type CleanerTimer, cleanerTimer, nextRun } from "./timer.js";
import { Usage, type Uses } from "./users.js";

export interface ExplainOptions {
  /** Configuration files, as `mayfly clean` takes them, instead of all those of the host. */
  readonly config?: readonly (string | Uint8Array)[];
  /** The moment to judge at: now, unless it is given. Nanoseconds since the epoch. */
  readonly at?: Nanoseconds;
  /** The version of systemd whose cleaner runs on the host: 262, whose ways are Mayfly's, unless it is given. */
  readonly version?: CleanerVersion;
}

export type ReasonCode = LookReason["code"] | "no-line" | "base";

/** Why a path stays. */
export interface Reason extends Omit<KeepReason, "code"> {
  /**
   * `no-line`: no line cleans there. `base`: it is what a line names, of which only the contents are cleaned. `refused`:
   * the kernel would not remove it.
   */
  readonly code: ReasonCode;
  /** The path itself, or the directory above it that is kept with all that is below it. */
  readonly at: Bytes;
}

export interface TimestampVerdict {
  readonly timestamp: TimestampName;
  readonly time: Nanoseconds;
  /** True where it alone would keep the path. */
  readonly keeps: boolean;
}

/** What ageing does to one path, and why. */
export interface Explanation {
  readonly path: Bytes;
  readonly exists: boolean;
  readonly verdict: "keep" | "remove";
  /** The line that decides; undefined where none concerns the path. */
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
  /** From when on it is removed; undefined where time alone does not do it. */
  readonly expires: Nanoseconds | undefined;
  /** The first run of the host's timer from then on; undefined where there is no timer. */
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
 * Tells what ageing would do to each path, when, and why, by asking the guards that the cleaner itself goes by. It changes
 * nothing and moves no timestamp. A path that is not there is judged as a file that is made at this moment.
 *
 * Paths are text or bytes; relative ones are taken below the working directory.
 *
 * @throws Error where a configuration file that was named can't be read.
 */
export function explain(
  paths: readonly (string | Uint8Array)[],
  options: ExplainOptions = {},
): Explanation[] {
  const { at = systemClock.now(), version = 262 } = options;
  const wanted = paths.map(absolute);
  const config = options.config?.map(toBytes) ?? [];
  const loaded = loadConfiguration({ config, version });
  if (loaded.aborted) throw new Error(loaded.diagnostics.map(({ message }) => message).join("; "));
  const looks = judge(wanted, loaded, { operation: "clean", at, version });
  const timer = cleanerTimer();
  const usage = new Usage();
  const bootLines = loadConfiguration({ config, version }, true);
  const atBoot = judge(wanted, bootLines, { operation: "remove", at, version });
  return wanted.map((path) => {
    const judged = looks.get(path) ?? { names: [path], looks: [] };
    const explained = conclude(path, judged, loaded, { at, timer });
    const boot = atBoot.get(path)?.looks.find(({ removed }) => removed)?.source;
    const uses = usage.of(judged.names[0] ?? path);
    const whole = { ...explained, uses, boot, unprotected: unprotectedBy(path, explained, loaded, uses) };
    return { ...whole, advice: adviceFor(whole, version), notices: noticesOf(uses) };
  });
}

type Conclusion = Omit<Explanation, "uses" | "boot" | "unprotected" | "advice" | "notices">;

interface Moment {
  readonly at: Nanoseconds;
  readonly timer: CleanerTimer | undefined;
}

function conclude(path: Bytes, { names, looks }: Judged, loaded: Loaded, { at, timer }: Moment): Conclusion {
  const exists = statWithoutTrace(names[0] ?? path) !== undefined;
  const deciding = exists ? looks.find(({ removed }) => removed) : undefined;
  const look = deciding ?? soonest(looks);
  const base = names.map((name) => baseOf(name, loaded)).find((item) => item !== undefined);
  const ownReasons = look?.reasons.map((reason) => ({ ...reason, at: look.at })) ?? [];
  const reasons: Reason[] = deciding !== undefined ? [] : ownReasons;
  if (deciding === undefined && look === undefined)
    reasons.push({ code: base === undefined ? "no-line" : "base", at: path });
  const line = excluding(look) ?? look?.source ?? base?.source;
  const expires = look?.expires;
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
    nextRun:
      timer === undefined || expires === undefined ? undefined : nextRun(timer, expires > at ? expires : at),
    timer: timer?.from,
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
  const dropped = duplicates.filter(({ message }) => message.endsWith(` of ${path}`));
  const lost = dropped.map(({ file, line: number }) => ({ file, line: number, text: "" as Bytes }));
  return [...walked, ...lost].filter(
    (source, index, all) =>
      !(source.file === line?.file && source.line === line.line) &&
      all.findIndex((each) => each.file === source.file && each.line === source.line) === index,
  );
}

/** Things that look like a protection: only where the path is not protected otherwise. */
function unprotectedBy(path: Bytes, { verdict, line }: Conclusion, loaded: Loaded, uses: Uses): string[] {
  const facts: [boolean, string][] = [
    [uses.open.length > 0, "a program has it open, or something below it: the cleaner does not ask"],
    [uses.workingDirectory.length > 0, "it is the working directory of a program: the cleaner does not ask"],
    [uses.running.length > 0, "a running program lies there: the cleaner does not ask"],
    [uses.otherLocks.length > 0, "a POSIX or OFD lock, fcntl(2): the cleaner asks only for flock(2)"],
    [
      uses.mountedElsewhere.length > 0,
      "a mount in another namespace: the directory is removed, and that mount vanishes with it",
    ],
  ];
  const found = facts.filter(([holds]) => holds).map(([, text]) => text);
  for (const { path: pattern, items } of loaded.globs) {
    const [item] = items;
    if (item === undefined || item.source === line || !pattern.includes("{")) continue;
    if (expandBraces(pattern).some((each) => above(path).some((prefix) => fnmatch(each, prefix)))) {
      found.push(
        `braces in \`${item.source.text}\`: they keep nothing, since entries are matched without them`,
      );
    }
  }
  if (verdict === "remove") found.push(...overruledBy(path, loaded, line));
  return found;
}

/** `x D/a` keeps nothing from `e D/*`, which walks D/a as a directory of its own. */
function overruledBy(path: Bytes, { exact, globs }: Loaded, line: Source | undefined): string[] {
  const exclusions = [...exact, ...globs].flatMap(({ items }) =>
    items.filter(({ letter }) => letter === "x"),
  );
  return exclusions
    .filter(({ path: pattern }) => above(path).some((prefix) => fnmatch(pattern, prefix)))
    .map(
      ({ source }) =>
        `\`${source.text}\`: \`${line?.text ?? ""}\` names a directory at or below it, and cleans that`,
    );
}

/** The path and each directory above it. */
function above(path: Bytes): Bytes[] {
  const found: Bytes[] = [];
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1))
    found.push(path.slice(0, end) as Bytes);
  return found;
}

function noticesOf({ hidden }: Uses): string[] {
  const notices: string[] = [];
  if (!procShowsOwnPids())
    notices.push("/proc is not that of this pid namespace: who uses the path is not known");
  if (hidden > 0)
    notices.push(`${hidden} processes could not be looked into: their open files are not known`);
  if (process.getuid?.() !== 0) {
    notices.push(
      "without root: directories that only root may read, and locks of other users' files, may be missed",
    );
  }
  return notices;
}

/** As the kernel would find it from here. */
export function absolute(path: string | Uint8Array): Bytes {
  const given = toBytes(path);
  if (isAbsolute(given)) return simplify(given);
  return simplify(join(fromBuffer(readlinkSync("/proc/self/cwd", { encoding: "buffer" })), given));
}

export function toBytes(path: string | Uint8Array): Bytes {
  return typeof path === "string" ? bytes(path) : fromBuffer(path);
}
