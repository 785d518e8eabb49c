/** Explains whether, when and why the cleaner removes a path. */
import { BOOLEAN, type Expectation, FUNCTION, listOf, NANOSECONDS, PATH } from "../../base/arguments.js";
import { type Bytes, bytes, escapeForDisplay, fromBuffer, type PathInput } from "../../base/bytes.js";
import type { Diagnostic } from "../../base/errors.js";
import type { Source } from "../../base/events.js";
import type { Nanoseconds } from "../../base/time.js";
import { systemClock } from "../../sys/clock.js";
import { fnmatch } from "../../sys/fnmatch.js";
import { procShowsOwnPids } from "../../sys/processes.js";
import type { Loaded } from "../../tmpfiles/config/items.js";
import { kindOf } from "../../tmpfiles/effects/kind.js";
import type { Item } from "../../tmpfiles/model/item.js";
import { absolutePaths } from "../paths.js";
import { adviceFor } from "./advice.js";
import {
  type CleanerVersion,
  diagnosticText,
  hasUserConfiguration,
  loadConfiguration,
  problemsOf,
  requireReadable,
} from "./configuration.js";
import { evaluate, type PathEvaluations } from "./evaluate.js";
import type { Explanation, Reason, TimestampVerdict } from "./explanation.js";
import { newestOf } from "./hypothetical.js";
import { statPreservingAtime } from "./names.js";
import type { Evaluation } from "./observer.js";
import { unprotectedBy } from "./protections.js";
import { blockedLines } from "./symlinks.js";
import { type CleanerTimer, cleanerTimer, nextRun } from "./timer.js";
import { Usage, type Uses } from "./users.js";

export interface ExplainOptions {
  /** Configuration files, as for `mayfly clean`, instead of all files of the host. */
  readonly config?: readonly (string | Uint8Array)[];
  /** The time to evaluate at, in nanoseconds since the epoch; now by default. */
  readonly at?: Nanoseconds;
  /** The version of systemd whose cleaner runs on the host; 262, which Mayfly implements, by default. */
  readonly version?: CleanerVersion;
  /**
   * True: use the user's own configuration (user-tmpfiles.d). False: use the system's. By default, an ordinary user's
   * paths are evaluated against both, unless `config` is given.
   */
  readonly user?: boolean;
  /** Called with each diagnostic of the configuration. If it is given, invalid lines are ignored instead of thrown. */
  readonly onDiagnostic?: (diagnostic: Diagnostic) => void;
}

export const EXPLAIN_OPTIONS: Record<keyof ExplainOptions, Expectation> = {
  config: listOf(PATH),
  at: NANOSECONDS,
  version: { what: "252 or 262", accepts: (value) => value === 252 || value === 262 },
  user: BOOLEAN,
  onDiagnostic: FUNCTION,
};

/**
 * Explains what ageing does to each path, when, and why. It evaluates the same guards as the cleaner, and changes neither
 * files nor timestamps (except, without root, the access time of a symlink in a path). A path that does not exist is
 * evaluated as a file created now.
 *
 * Paths are text or bytes; relative paths are resolved against the working directory. The results are in the order of
 * `paths`.
 *
 * @throws ConfigurationError if a specified configuration file cannot be read, or if a run would do nothing because of an
 * error in it and there is no `onDiagnostic`; TypeError if a path is empty or an option is unknown or invalid.
 */
export function explainSync(
  paths: PathInput | readonly PathInput[],
  options: ExplainOptions = {},
): Explanation[] {
  const wanted = absolutePaths("explain", paths, options, EXPLAIN_OPTIONS);
  const usage = new Usage();
  const scopes = scopesOf(options).map((user) => explainIn(user, wanted, usage, options));
  return wanted.map((_, index) => mostRelevant(scopes.flatMap((each) => each[index] ?? [])));
}

/** Whose configurations to evaluate: false for the system's, true for the user's. */
export function scopesOf({ user, config = [] }: Pick<ExplainOptions, "user" | "config">): readonly boolean[] {
  if (user !== undefined) return [user];
  const both = config.length === 0 && process.geteuid?.() !== 0 && hasUserConfiguration();
  return both ? [false, true] : [false];
}

/** The explanation with the earliest removal, or else one with a line that applies. */
function mostRelevant(explanations: readonly Explanation[]): Explanation {
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
  const evaluations = evaluate(wanted, loaded, { operation: "clean", at, version });
  const atBoot = evaluate(wanted, bootLines, { operation: "remove", at, version });
  const timer = cleanerTimer(user);
  return wanted.map((path) => {
    const pathEvaluations = evaluations.get(path) ?? { names: [path], evaluations: [] };
    const { evaluation, ...explained } = conclude(path, pathEvaluations, loaded, { at, timer });
    const boot = atBoot.get(path)?.evaluations.find(({ removed }) => removed);
    const real = pathEvaluations.names[0] ?? path;
    const uses = usage.of(real);
    const goes = explained.verdict === "remove" || explained.expires !== undefined || boot !== undefined;
    const unprotected = goes ? unprotectedBy(path, explained, loaded, uses) : [];
    const whole = { ...explained, user, uses, boot: boot?.source, unprotected };
    const stat = statPreservingAtime(real);
    const kind = stat && kindOf(stat);
    const advice = adviceFor(whole, { version, kind, path: real, evaluation, boot });
    const notices = [...(evaluation?.early ? [EARLY] : []), ...noticesOf(uses), ...abortNotices(loaded)];
    return { ...whole, advice, notices };
  });
}

type Conclusion = Omit<Explanation, "user" | "uses" | "boot" | "unprotected" | "advice" | "notices">;

interface Moment {
  readonly at: Nanoseconds;
  readonly timer: CleanerTimer | undefined;
}

function conclude(
  path: Bytes,
  { names, evaluations }: PathEvaluations,
  loaded: Loaded,
  { at, timer }: Moment,
): Conclusion & { readonly evaluation: Evaluation | undefined } {
  const exists = statPreservingAtime(names[0] ?? path) !== undefined;
  const deciding = exists ? evaluations.find(({ removed }) => removed) : undefined;
  const evaluation = deciding ?? soonest(evaluations);
  const base = names.map((name) => baseOf(name, loaded)).find((item) => item !== undefined);
  const blocked = evaluation === undefined && base === undefined ? blockedLines(path, loaded) : [];
  const ownReasons = evaluation?.reasons.map((reason) => ({ ...reason, at: evaluation.at })) ?? [];
  const reasons: Reason[] = deciding !== undefined ? [] : ownReasons;
  if (evaluation === undefined && blocked.length > 0)
    reasons.push(...blocked.map(({ at: link }) => ({ code: "symlink" as const, at: link })));
  else if (evaluation === undefined)
    reasons.push({ code: base === undefined ? "no-line" : "base", at: path });
  const line = excluding(evaluation) ?? evaluation?.source ?? base?.source ?? blocked[0]?.source;
  const expires = evaluation?.expires;
  const from = expires !== undefined && expires > at ? expires : at;
  return {
    path,
    exists,
    verdict: deciding === undefined ? "keep" : "remove",
    line,
    others: othersOf(path, evaluations, loaded, line),
    reasons,
    timestamps: timestampsOf(evaluation, reasons),
    decisive: newestOf(evaluation?.timestamps ?? [])?.timestamp,
    age: evaluation?.age,
    expires,
    nextRun: timer === undefined || expires === undefined ? undefined : nextRun(timer, from),
    timer: timer?.from,
    evaluation,
  };
}

/** If several lines keep the path, the one under which it expires first. */
function soonest(evaluations: readonly Evaluation[]): Evaluation | undefined {
  const [first] = evaluations
    .filter(({ expires }) => expires !== undefined)
    .sort((a, b) => Number((a.expires ?? 0n) - (b.expires ?? 0n)));
  return first ?? evaluations[0];
}

/** The line that excludes the path from the evaluated one. */
function excluding(evaluation: Evaluation | undefined): Source | undefined {
  return evaluation?.reasons[0]?.by;
}

function timestampsOf(evaluation: Evaluation | undefined, reasons: readonly Reason[]): TimestampVerdict[] {
  const keeping = new Set(reasons.map(({ timestamp }) => timestamp));
  return (evaluation?.timestamps ?? []).map((each) => ({ ...each, keeps: keeping.has(each.timestamp) }));
}

/** A line whose own path this is. */
function baseOf(path: Bytes, { exact, globs }: Loaded): Item | undefined {
  const group = exact.find((each) => each.path === path) ?? globs.find((each) => fnmatch(each.path, path));
  return group?.items[0];
}

function othersOf(
  path: Bytes,
  evaluations: readonly Evaluation[],
  loaded: Loaded,
  line: Source | undefined,
): Source[] {
  const walked = evaluations.map(({ source }) => source);
  const duplicates = loaded.diagnostics.filter(({ code }) => code === "duplicate");
  const dropped = duplicates.filter(({ message }) => message.endsWith(` ${escapeForDisplay(path)}`));
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

const EARLY = "it is removed before its age, since the directory exceeds the budget of the line";

/** The cleaner applies a specified file as a whole or not at all. */
function abortNotices({ aborted, diagnostics }: Loaded): string[] {
  if (!aborted) return [];
  const fatal = diagnostics.find(({ severity }) => severity === "error");
  const where = fatal === undefined ? "" : ` (${diagnosticText(fatal)})`;
  return [`a run with this configuration does nothing until its error is fixed${where}`];
}

export function toBytes(path: string | Uint8Array): Bytes {
  return typeof path === "string" ? bytes(path) : fromBuffer(path);
}
