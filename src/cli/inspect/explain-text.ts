import { type Bytes, show } from "../../base/bytes.js";
import type { KeepReason, Source } from "../../base/events.js";
import { localTime, type Nanoseconds } from "../../base/time.js";
import { formatTimeSpan } from "../../base/time-span.js";
import type { Explanation, Reason, User } from "../../inspect/index.js";
import type { Paint } from "../style.js";
import { place, reasonText } from "../verbs/reasons.js";

/** What explain says of one path, for a person. */
export function explanationText(explained: Explanation, now: Nanoseconds, paint: Paint): string {
  const { path, line, verdict, reasons, uses } = explained;
  const verb = verdict === "remove" ? paint("red", "would be removed") : paint("green", "stays");
  const missing = explained.exists ? "" : " (is not there: this is about a file that is made now)";
  const rows: [string, string][] = [];
  if (line !== undefined) rows.push(["line", `${place(line)}: ${show(line.text)}`]);
  for (const reason of reasons) rows.push(["kept", wordsOf(reason, path, uses.flocks)]);
  for (const { timestamp, time, keeps } of explained.timestamps) {
    rows.push([timestamp, `${localTime(time)}${keeps ? ", too new" : ", old enough"}`]);
  }
  rows.push(...timesOf(explained, now));
  if (explained.boot !== undefined) rows.push(["at boot", `removed by ${lineText(explained.boot)}`]);
  for (const other of explained.others) rows.push(["not by", lineText(other)]);
  for (const text of explained.unprotected) rows.push(["no help", text]);
  for (const text of explained.advice) rows.push(["advice", text]);
  for (const text of explained.notices) rows.push(["unseen", text]);
  const body = rows.map(([label, text]) => `  ${paint("dim", label.padEnd(8))} ${text}\n`);
  return `${paint("bold", show(path))} ${verb}${missing}\n${body.join("")}`;
}

const NO_TIMER = "no timer of systemd-tmpfiles is here";

function timesOf({ age, expires, nextRun, timer }: Explanation, now: Nanoseconds): [string, string][] {
  if (expires === undefined) return [];
  const ago = expires <= now ? `${spanText(now - expires)} ago` : `in ${spanText(expires - now)}`;
  const rows: [string, string][] = [
    [
      "expires",
      `${localTime(expires)}, ${ago}${age === undefined ? "" : `: its line allows ${spanText(age)}`}`,
    ],
  ];
  const run = nextRun === undefined ? NO_TIMER : `${localTime(nextRun)}, by ${timer}`;
  rows.push(["next run", run]);
  return rows;
}

/** In its two largest units. */
export function spanText(span: Nanoseconds): string {
  return (
    formatTimeSpan(span - (span % 60_000_000_000n))
      .split(" ")
      .slice(0, 2)
      .join(" ") || "less than a minute"
  );
}

function lineText(line: Source): string {
  return line.text === "" ? place(line) : `${place(line)}: ${show(line.text)}`;
}

function wordsOf(reason: Reason, path: Bytes, holders: readonly User[]): string {
  const where = reason.at === path ? "" : `${show(reason.at)}, above it: `;
  switch (reason.code) {
    case "no-line":
      return "no line of the configuration cleans it";
    case "base":
      return "it is what a line names: only what lies in it is cleaned";
    case "refused":
      return `no reason but that the kernel would refuse to remove it (${reason.detail})`;
    default:
      return `${where}${reasonText({ ...reason, code: reason.code } as KeepReason)}${holdersText(reason, holders)}`;
  }
}

function holdersText({ code }: Reason, holders: readonly User[]): string {
  if (code !== "locked" || holders.length === 0) return "";
  return `, held by ${holders.map(({ pid, program }) => `${pid} ${show(program ?? ("?" as Bytes))}`).join(", ")}`;
}
