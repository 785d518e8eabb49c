import { show } from "../../base/bytes.js";
import { localTime, utcTime } from "../../base/time.js";
import type { Day, Forecast } from "../../inspect/index.js";
import type { Paint } from "../style.js";
import { tableText } from "../tabular.js";
import { line as jsonLine, pathJson, sourceJson } from "../verbs/json.js";
import { place } from "../verbs/reasons.js";
import { counted, number, size } from "../words.js";

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
const PLOT_BESIDE = 44;

/** A row for each run, with a bar; then what goes by which line, and the largest. */
export function forecastText(result: Forecast, paint: Paint, columns: number): string {
  const { days, entries, bytes, timer } = result;
  const runs = timer === undefined ? "No timer of systemd-tmpfiles is here: one run a day is assumed.\n" : "";
  if (entries === 0) return `${runs}Nothing will be removed until ${localTime(result.until)}.\n`;
  const most = Math.max(...days.map((day) => day.entries));
  const room = Math.max(Math.min(columns, 120) - PLOT_BESIDE, 10);
  const rows = days.map((day) => [
    localTime(day.run),
    number(day.entries).padStart(9),
    size(day.bytes).padStart(8),
    paint("cyan", bar((day.entries / most) * room)),
  ]);
  const parts = [
    tableText(["RUN", "  ENTRIES", "   BYTES", ""], rows, paint),
    linesText(days, paint),
    largestText(result, paint),
  ];
  return `${runs}${parts.join("\n")}\n${counted(entries, "entry", "entries")}, ${size(bytes)}, until ${localTime(result.until)}\n`;
}

function bar(length: number): string {
  const whole = Math.floor(length);
  return "█".repeat(whole) + (EIGHTHS[Math.floor((length - whole) * 8)] ?? "");
}

function linesText(days: readonly Day[], paint: Paint): string {
  const sums = new Map<string, { text: string; entries: number; bytes: number }>();
  for (const { lines } of days) {
    for (const { line, entries, bytes } of lines) {
      const sum = sums.get(place(line)) ?? { text: show(line.text), entries: 0, bytes: 0 };
      sum.entries += entries;
      sum.bytes += bytes;
      sums.set(place(line), sum);
    }
  }
  const sorted = [...sums].sort(([, a], [, b]) => b.entries - a.entries);
  const rows = sorted.map(([where, sum]) => [number(sum.entries), size(sum.bytes), `${where}: ${sum.text}`]);
  return tableText(["ENTRIES", "BYTES", "LINE"], rows, paint);
}

function largestText({ largest }: Forecast, paint: Paint): string {
  const rows = largest.map(({ path, bytes, expires }) => [size(bytes), localTime(expires), show(path)]);
  return tableText(["BYTES", "EXPIRES", "LARGEST"], rows, paint);
}
