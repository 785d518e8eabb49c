/** Formats a forecast: as text with a bar chart, or as JSON. */
import { escapeForDisplay } from "../../base/bytes.js";
import { DAY, localTime, type Nanoseconds, utcTime } from "../../base/time.js";
import type { Day, Forecast } from "../../inspect/index.js";
import type { Colorize } from "../colors.js";
import { counted, number, size } from "../format.js";
import { tableText } from "../tabular.js";
import { line as jsonLine, pathJson, sourceJson } from "../verbs/json.js";
import { sourceText } from "../verbs/reasons.js";
import { NO_TIMER } from "./explain-text.js";

export function dayJson({ run, entries, bytes, lines }: Day): string {
  const byLine = lines.map((each) => ({
    source: sourceJson(each.line),
    entries: each.entries,
    bytes: each.bytes,
  }));
  return jsonLine({ type: "run", run: utcTime(run), entries, bytes, lines: byLine });
}

export function totalJson({ from, until, entries, bytes, largest, timer }: Forecast): string {
  const biggest = largest.map((each) => ({
    ...pathJson("path", each.path),
    bytes: each.bytes,
    expires: utcTime(each.expires),
    source: sourceJson(each.line),
  }));
  const span = { from: utcTime(from), until: utcTime(until) };
  return jsonLine({ type: "total", ...span, entries, bytes, timer: timer ?? null, largest: biggest });
}

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
/** The columns beside the bars. */
const OTHER_COLUMNS = 44;

/** A row with a bar for each day, week or month with removals, then the lines, then the largest entries. */
export function forecastText(result: Forecast, colorize: Colorize, columns: number): string {
  const { days, entries, bytes, timer } = result;
  const runs = timer === undefined ? `${NO_TIMER}\n` : "";
  if (entries === 0) return `${runs}Nothing will be removed until ${localTime(result.until)}.\n`;
  const { heading, periods } = periodsOf(result);
  const most = Math.max(...periods.map((period) => period.entries));
  const barWidth = Math.max(Math.min(columns, 120) - OTHER_COLUMNS, 10);
  const rows = periods.map((period) => [
    period.label,
    number(period.entries).padStart(9),
    size(period.bytes).padStart(8),
    colorize("cyan", bar((period.entries / most) * barWidth)),
  ]);
  const parts = [
    tableText([heading, "  ENTRIES", "   BYTES", ""], rows, colorize),
    linesText(days, colorize),
    largestText(result, colorize),
  ];
  return `${runs}${parts.join("\n")}\n${counted(entries, "entry", "entries")}, ${size(bytes)}, until ${localTime(result.until)}\n`;
}

interface Period {
  readonly label: string;
  entries: number;
  bytes: number;
}

/** Groups runs that remove something by day, by week (beyond a month) or by month (beyond a year), in local time. */
function periodsOf({ from, until, days }: Forecast): { heading: string; periods: Period[] } {
  const unit = until - from <= 31n * DAY ? "DAY" : until - from <= 366n * DAY ? "WEEK OF" : "MONTH";
  const periods = new Map<string, Period>();
  for (const { run, entries, bytes } of days) {
    if (entries === 0) continue;
    const label = labelOf(run, unit);
    const period = periods.get(label) ?? { label, entries: 0, bytes: 0 };
    period.entries += entries;
    period.bytes += bytes;
    periods.set(label, period);
  }
  return { heading: unit, periods: [...periods.values()] };
}

/** Weeks start on Monday, as in ISO 8601. */
function labelOf(run: Nanoseconds, unit: "DAY" | "WEEK OF" | "MONTH"): string {
  if (unit === "MONTH") return localTime(run, "day").slice(0, -3);
  if (unit === "DAY") return localTime(run, "day");
  const weekday = new Date(Number(run / 1_000_000n)).getDay();
  return localTime(run - BigInt((weekday + 6) % 7) * DAY, "day");
}

function bar(length: number): string {
  const whole = Math.floor(length);
  return "█".repeat(whole) + (EIGHTHS[Math.floor((length - whole) * 8)] ?? "");
}

function linesText(days: readonly Day[], colorize: Colorize): string {
  const sums = new Map<string, { text: string; entries: number; bytes: number }>();
  for (const { lines } of days) {
    for (const { line, entries, bytes } of lines) {
      const sum = sums.get(sourceText(line)) ?? { text: escapeForDisplay(line.text), entries: 0, bytes: 0 };
      sum.entries += entries;
      sum.bytes += bytes;
      sums.set(sourceText(line), sum);
    }
  }
  const sorted = [...sums].sort(([, a], [, b]) => b.entries - a.entries);
  const rows = sorted.map(([where, sum]) => [number(sum.entries), size(sum.bytes), `${where}: ${sum.text}`]);
  return tableText(["ENTRIES", "BYTES", "LINE"], rows, colorize);
}

function largestText({ largest }: Forecast, colorize: Colorize): string {
  const rows = largest.map(({ path, bytes, expires }) => [
    size(bytes),
    localTime(expires),
    escapeForDisplay(path),
  ]);
  return tableText(["BYTES", "EXPIRES", "LARGEST"], rows, colorize);
}
