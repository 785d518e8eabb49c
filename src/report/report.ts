/** Reports what is in directories, whose it is, and when it will be removed. */
import { BOOLEAN, type Expectation, FUNCTION, NANOSECONDS, OBJECT } from "../base/arguments.js";
import { type Bytes, escapeForDisplay, isBelow, type PathInput } from "../base/bytes.js";
import type { WalkProgress } from "../base/events.js";
import type { StopFlag } from "../base/stop.js";
import { DAY, type Nanoseconds } from "../base/time.js";
import { loadConfiguration, problemsOf, requireReadable } from "../inspect/explain/configuration.js";
import { EXPLAIN_OPTIONS, type ExplainOptions, toBytes } from "../inspect/explain/explain.js";
import { RealPaths, statPreservingAtime } from "../inspect/explain/names.js";
import { cleanerTimer } from "../inspect/explain/timer.js";
import { runsBetween } from "../inspect/forecast/forecast.js";
import { LONGEST_FORECAST } from "../inspect/index.js";
import { absolutePaths } from "../inspect/paths.js";
import { userName } from "../sys/accounts.js";
import { systemClock } from "../sys/clock.js";
import type { ReportData, ReportRun } from "./data.js";
import { add, newSum, type Totals } from "./sums.js";
import { survey } from "./survey.js";

export interface ReportOptions extends ExplainOptions {
  /** How far to look ahead, in nanoseconds; 14 days by default, at most 100 years. */
  readonly within?: Nanoseconds;
  /** `config` are lines, not files. */
  readonly inline?: boolean;
  readonly onProgress?: (progress: WalkProgress) => void;
  readonly stop?: StopFlag | undefined;
}

const REPORT_OPTIONS: Record<keyof ReportOptions, Expectation> = {
  ...EXPLAIN_OPTIONS,
  within: NANOSECONDS,
  inline: BOOLEAN,
  onProgress: FUNCTION,
  stop: OBJECT,
};

/**
 * Reports what is at or below `paths`, or in all directories that the configuration cleans if `paths` is empty. Memory does
 * not grow with the number of entries, except for files with several names, and for configurations whose lines affect each other.
 *
 * @throws as `forecastSync`
 */
export function reportSync(
  paths: PathInput | readonly PathInput[] = [],
  options: ReportOptions = {},
): ReportData {
  const wanted = absolutePaths("report", paths, options, REPORT_OPTIONS);
  const { at = systemClock.now(), within = 14n * DAY, user = false } = options;
  if (within > LONGEST_FORECAST) throw new RangeError("invalid within: expected at most 100 years");
  const reals = new RealPaths();
  const roots = outermost(wanted.map((path) => reals.leadsTo(path)));
  for (const path of roots) requireThere(path);
  const until = at + within;
  const timer = cleanerTimer(user);
  const runs = runsBetween(at, until, timer);
  const found = survey(load(options), { ...options, roots, runs, from: at, until });
  const { all, owners, lines, reasons } = found.aggregation.totals;
  const byBytes = <T extends { readonly sums: { readonly total: { readonly bytes: number } } }>(
    list: T[],
  ): T[] => list.sort((a, b) => b.sums.total.bytes - a.sums.total.bytes);
  return {
    from: at,
    until,
    timer: timer?.from,
    sums: all,
    runs: runs.map((run, index) => runOf(run, index, found.aggregation.totals)),
    past: [],
    owners: byBytes([...owners].map(([uid, sums]) => ({ uid, name: userName(uid), sums }))),
    lines: byBytes(lines.map(({ line, sums }) => ({ line, sums }))),
    kept: reasons
      .map(({ code, line, sum, largest }) => ({ code, line, ...sum, largest: largest?.path }))
      .sort((a, b) => b.bytes - a.bytes),
    largest: found.aggregation.largest,
    roots: found.roots,
  };
}

function load({ config = [], inline = false, version = 262, user = false, onDiagnostic }: ReportOptions) {
  const loaded = loadConfiguration({
    config: config.map(toBytes),
    inline,
    version,
    user,
    inWorkingDirectory: true,
  });
  requireReadable(loaded, onDiagnostic !== undefined);
  for (const problem of problemsOf(loaded, loaded)) onDiagnostic?.(problem);
  return loaded;
}

function runOf(run: Nanoseconds, index: number, { lines }: Totals): ReportRun {
  const sum = newSum();
  const byLine = lines.flatMap(({ line, runs }) => {
    const part = runs.get(index);
    return part === undefined ? [] : [{ line, ...part }];
  });
  for (const part of byLine) add(sum, part);
  return { run, ...sum, lines: byLine };
}

/** Only those that are not below another. */
function outermost(paths: readonly Bytes[]): Bytes[] {
  const unique = [...new Set(paths)];
  return unique.filter((path) => !unique.some((other) => other !== path && isBelow(path, other)));
}

function requireThere(path: Bytes): void {
  if (statPreservingAtime(path) === undefined)
    throw new Error(`${escapeForDisplay(path)}: No such file or directory`);
}
