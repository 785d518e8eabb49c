/** Formats an explanation as text. */
import { type Bytes, escapeForDisplay } from "../../base/bytes.js";
import type { KeepReason, Source } from "../../base/events.js";
import { localTime, type Nanoseconds } from "../../base/time.js";
import { formatTimeSpan } from "../../base/time-span.js";
import type { Explanation, Reason, User } from "../../inspect/index.js";
import type { Colorize } from "../colors.js";
import { shownPath } from "../format.js";
import { reasonText, sourceText } from "../verbs/reasons.js";

/** The verdict for one path, then a row for each fact that it depends on. */
export function explanationText(explained: Explanation, now: Nanoseconds, colorize: Colorize): string {
  const { path, line } = explained;
  const missing = explained.exists ? "" : " (does not exist; assuming a file created now)";
  const rows: [string, string][] = [];
  if (line !== undefined) rows.push(["line", lineText(line)]);
  for (const text of keptTexts(explained)) rows.push(["kept", text]);
  for (const { timestamp, time, keeps } of explained.timestamps) {
    rows.push([timestamp, `${localTime(time)}${keeps ? ", too new" : ", old enough"}`]);
  }
  if (explained.expires !== undefined) rows.push(["next run", nextRunText(explained)]);
  if (explained.boot !== undefined) rows.push(["at boot", `removed by ${lineText(explained.boot)}`]);
  for (const other of explained.others) rows.push(["not by", lineText(other)]);
  for (const text of explained.unprotected) rows.push(["warning", `not protected: ${text}`]);
  for (const text of explained.advice) rows.push(["advice", text]);
  for (const text of explained.notices) rows.push(["note", text]);
  const body = rows.map(([label, text]) => `  ${colorize("dim", label.padEnd(8))} ${text}\n`);
  return `${colorize("bold", shownPath(path))} ${answer(explained, now, colorize)}${missing}\n${body.join("")}`;
}

/** Why the path is kept. Timestamps that are too new are omitted here, since each has a row of its own. */
function keptTexts({ path, age, reasons, uses }: Explanation): string[] {
  const texts = reasons.map((reason) => {
    if (reason.code !== "too-new" || reason.at !== path) return wordsOf(reason, path, uses.flocks);
    return `too new${age === undefined ? "" : `: the line keeps files for ${spanText(age)}`}`;
  });
  return [...new Set(texts)];
}

/** `would be removed`, `kept until 2026-12-04 10:30 (in 7d)` or `kept`. */
function answer({ verdict, expires }: Explanation, now: Nanoseconds, colorize: Colorize): string {
  if (verdict === "remove") {
    const since = expires === undefined ? "" : ` (since ${localTime(expires)}, ${agoText(expires, now)})`;
    return `${colorize("red", "would be removed")}${since}`;
  }
  if (expires === undefined) return colorize("green", "kept");
  return `${colorize("green", `kept until ${localTime(expires)}`)} (${agoText(expires, now)})`;
}

function agoText(time: Nanoseconds, now: Nanoseconds): string {
  return time <= now ? `${spanText(now - time)} ago` : `in ${spanText(time - now)}`;
}

/** Printed if no timer was found. */
export const NO_TIMER = "systemd-tmpfiles-clean.timer not found; assuming one run per day";

function nextRunText({ nextRun, timer }: Explanation): string {
  return nextRun === undefined ? NO_TIMER : `${localTime(nextRun)}, by ${timer}`;
}

/** A time span in its two largest units. */
function spanText(span: Nanoseconds): string {
  const minutes = span - (span % 60_000_000_000n);
  if (minutes === 0n) return "less than a minute";
  return formatTimeSpan(minutes).split(" ").slice(0, 2).join(" ");
}

function lineText(line: Source): string {
  return line.text === "" ? sourceText(line) : `${sourceText(line)}: ${escapeForDisplay(line.text)}`;
}

function wordsOf(reason: Reason, path: Bytes, holders: readonly User[]): string {
  const where = reason.at === path ? "" : `because of ${shownPath(reason.at)}: `;
  switch (reason.code) {
    case "no-line":
      return "no line of the configuration cleans it";
    case "base":
      return "this is the line's own path; only its contents are cleaned";
    case "symlink":
      return `${shownPath(reason.at)} is a symlink, which the line does not follow`;
    case "refused":
      return `old enough, but the kernel would refuse to remove it (${reason.detail})`;
    default:
      return `${where}${reasonText({ ...reason, code: reason.code } as KeepReason)}${holdersText(reason, holders)}`;
  }
}

function holdersText({ code }: Reason, holders: readonly User[]): string {
  if (code !== "locked" || holders.length === 0) return "";
  return `, locked by ${holders.map(({ pid, program }) => `${pid} ${escapeForDisplay(program ?? ("?" as Bytes))}`).join(", ")}`;
}
