import { show } from "../../base/bytes.js";
import type { Diagnostic } from "../../base/errors.js";
import type { Event, InodeKind, KeepCode } from "../../base/events.js";
import type { Summary } from "../../tmpfiles/index.js";
import type { Sink } from "../sink.js";
import { type Paint, painter } from "../style.js";
import { counted, failure, number, size } from "../words.js";
import { progressOn } from "./progress.js";
import { place, reasonText, SHORT } from "./reasons.js";
import { count, type FinishingReporter, type Tally } from "./tally.js";

export interface TextOptions {
  readonly dryRun: boolean;
  /** Each path that goes or comes, and each that is kept, with its reason. */
  readonly verbose: boolean;
}

/**
 * For people: what fails or is wrong at once, on standard error; what is done, on standard output where it was asked
 * for; and a summary. No name reaches the terminal as it stands.
 */
export function textReporter(
  tally: Tally,
  streams: { readonly stdout: Sink; readonly stderr: Sink },
  options: TextOptions,
): FinishingReporter {
  const progress = progressOn(streams.stderr);
  const out = painter(streams.stdout);
  const err = painter(streams.stderr);
  const print = (sink: Sink, line: string | undefined): void => {
    if (line === undefined) return;
    progress.clear();
    sink.write(`${line}\n`);
  };
  return {
    // Who is not root may not see everything, and is told what could not be looked into.
    wantsKept: options.verbose || process.geteuid?.() !== 0,
    wantsRemoved: options.verbose || options.dryRun,
    report(event) {
      count(tally, event);
      print(streams.stderr, complaint(event, err, options));
      print(streams.stdout, deed(event, out, options));
    },
    progress: (entries) => progress.update(entries),
    finish(summary, seconds) {
      progress.clear();
      // On a terminal both are the same place: what went wrong stands above the summary.
      streams.stderr.flush();
      const lines = summaryLines({ tally, summary, dryRun: options.dryRun, seconds }, out);
      streams.stdout.write(`${lines.join("\n")}\n`);
    },
  };
}

function complaint(event: Event, paint: Paint, options: TextOptions): string | undefined {
  if (event.type === "failed") {
    const label = event.tolerated ? paint("yellow", "ignored") : paint("red", "failed");
    return `${label}: ${failure(event.path, event.error)} [${place(event.source)}]`;
  }
  if (event.type === "kept" && event.reason.code === "unreadable" && !options.verbose) {
    return `${paint("yellow", "not looked into")}: ${show(event.path)}: ${reasonText(event.reason)}`;
  }
  if (event.type === "skipped" && event.severity === "warning") {
    return `${paint("yellow", "warning")}: ${show(event.path)}: ${event.why} [${place(event.source)}]`;
  }
  if (event.type !== "diagnostic") return undefined;
  const { severity } = event.diagnostic;
  if (severity === "debug" || (severity === "info" && !options.verbose)) return undefined;
  return diagnosticLine(event.diagnostic, paint);
}

/** `FILE:LINE: error: what is wrong`. */
export function diagnosticLine(diagnostic: Diagnostic, paint: Paint): string {
  const { severity, message } = diagnostic;
  const label = severity === "error" ? paint("red", severity) : paint("yellow", severity);
  return `${place(diagnostic)}: ${label}: ${message}`;
}

function deed(event: Event, paint: Paint, options: TextOptions): string | undefined {
  if (!options.verbose && (!options.dryRun || event.type === "kept" || event.type === "skipped"))
    return undefined;
  const tell = (verb: string, text: string): string => `${verb} ${text}`;
  switch (event.type) {
    case "removed":
      return tell(
        paint("red", event.done ? "removed" : "would remove"),
        `${show(event.path)}${slash(event.kind)}${event.bytes > 0n ? paint("dim", ` (${size(event.bytes)})`) : ""}`,
      );
    case "created":
      if (event.outcome === "existing" && !options.verbose) return undefined;
      return tell(paint("green", createdVerb(event)), createdText(event));
    case "changed":
      if (event.what === "times" && !options.verbose) return undefined;
      return tell(
        paint("cyan", event.done ? "set" : "would set"),
        `${event.what} of ${show(event.path)}${event.value === "" ? "" : ` to ${event.value}`}`,
      );
    case "kept":
      return tell(
        paint("dim", "kept"),
        `${show(event.path)}${slash(event.kind)}: ${reasonText(event.reason)}`,
      );
    case "skipped":
      if (event.severity === "warning") return undefined;
      return tell(paint("dim", "passed over"), `${show(event.path)}: ${event.why}`);
    default:
      return undefined;
  }
}

function createdVerb({ done, outcome }: Extract<Event, { readonly type: "created" }>): string {
  const verbs = {
    new: ["created", "would create"],
    existing: ["found", "would keep"],
    replaced: ["replaced", "would replace"],
    truncated: ["emptied", "would empty"],
    copied: ["copied", "would copy"],
  } as const;
  return verbs[outcome][done ? 0 : 1];
}

function createdText({ path, kind, outcome, target }: Extract<Event, { readonly type: "created" }>): string {
  if (target === undefined) return `${show(path)}${slash(kind)}`;
  return outcome === "copied" ? `${show(target)} to ${show(path)}` : `${show(path)} -> ${show(target)}`;
}

function slash(kind: InodeKind): string {
  return kind === "directory" || kind === "subvolume" ? "/" : "";
}

interface End {
  readonly tally: Tally;
  readonly summary: Summary;
  readonly dryRun: boolean;
  readonly seconds: number;
}

function summaryLines({ tally, summary, dryRun, seconds }: End, paint: Paint): string[] {
  const { removed, kept } = summary;
  const deeds = [
    ...(removed.entries > 0 ? [`${dryRun ? "would remove" : "removed"} ${amount(removed)}`] : []),
    ...(tally.created > 0 ? [`${dryRun ? "would create" : "created"} ${tally.created}`] : []),
    ...(tally.changed > 0 ? [`${dryRun ? "would change" : "changed"} ${tally.changed}`] : []),
  ];
  const did = deeds.length > 0 ? deeds.join(", ") : "nothing to do";
  const time = seconds >= 0.05 ? ` in ${seconds.toFixed(1)} s` : "";
  const failures = [
    ...(tally.failed > 0 ? [`${tally.failed} failed`] : []),
    ...(tally.tolerated > 0 ? [`${tally.tolerated} ignored`] : []),
    ...(tally.errors > 0 ? [`${counted(tally.errors, "error")} in the configuration`] : []),
  ];
  return [
    `${paint("bold", did.charAt(0).toUpperCase() + did.slice(1))}${time}.`,
    ...keptLines(kept),
    ...(failures.length > 0 ? [`${paint("red", failures.join(", "))}.`] : []),
  ];
}

function amount(removed: Summary["removed"]): string {
  return `${counted(removed.entries, "entry", "entries")}, ${size(removed.bytes)}`;
}

function keptLines(kept: Summary["kept"]): string[] {
  const reasons = (Object.entries(kept) as [KeepCode, number][]).filter(([, count]) => count > 0);
  if (reasons.length === 0) return [];
  const all = reasons.reduce((sum, [, count]) => sum + count, 0);
  const texts = reasons.sort((a, b) => b[1] - a[1]).map(([code, count]) => `${number(count)} ${SHORT[code]}`);
  return [`Kept ${counted(all, "entry", "entries")}: ${texts.join(", ")}.`];
}
