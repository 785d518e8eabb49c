import { show } from "../../base/bytes.js";
import type { Event, InodeKind, KeepCode, Reporter } from "../../base/events.js";
import type { Sink } from "../sink.js";
import { type Paint, painter } from "../style.js";
import { counted, failure, size } from "../words.js";
import { type Progress, progressOn } from "./progress.js";
import { place, reasonText, SHORT } from "./reasons.js";
import { count, type Tally } from "./tally.js";

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
): Reporter & { readonly finish: (seconds: number) => void } {
  const progress = progressOn(streams.stderr, tally);
  const out = painter(streams.stdout);
  const err = painter(streams.stderr);
  const print = (sink: Sink, line: string | undefined): void => {
    if (line === undefined) return;
    progress.clear();
    sink.write(`${line}\n`);
  };
  return {
    wantsKept: true,
    report(event) {
      count(tally, event);
      print(streams.stderr, complaint(event, err, options));
      print(streams.stdout, deed(event, out, options));
    },
    progress: (entries) => progress.update(entries),
    finish: (seconds) => finish(tally, progress, streams, options, seconds),
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
  if (event.type !== "diagnostic") return undefined;
  const { file, line, severity, message } = event.diagnostic;
  if (severity === "debug" || (severity === "info" && !options.verbose)) return undefined;
  const label = severity === "error" ? paint("red", severity) : paint("yellow", severity);
  return `${show(file)}:${line}: ${label}: ${message}`;
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

function finish(
  tally: Tally,
  progress: Progress,
  { stdout, stderr }: { readonly stdout: Sink; readonly stderr: Sink },
  options: TextOptions,
  seconds: number,
): void {
  progress.clear();
  // On a terminal both are the same place: what went wrong stands above the summary.
  stderr.flush();
  stdout.write(`${summaryLines(tally, options.dryRun, seconds, painter(stdout)).join("\n")}\n`);
}

function summaryLines(tally: Tally, dryRun: boolean, seconds: number, paint: Paint): string[] {
  const deeds = [
    ...(tally.removed > 0 ? [removedText(tally, dryRun)] : []),
    ...(tally.created > 0 ? [`${dryRun ? "would create" : "created"} ${tally.created}`] : []),
    ...(tally.changed > 0 ? [`${dryRun ? "would change" : "changed"} ${tally.changed}`] : []),
  ];
  const did = deeds.length > 0 ? deeds.join(", ") : dryRun ? "nothing to do" : "nothing was to be done";
  const time = seconds >= 0.05 ? ` in ${seconds.toFixed(1)} s` : "";
  const failures = [
    ...(tally.failed > 0 ? [`${tally.failed} failed`] : []),
    ...(tally.tolerated > 0 ? [`${tally.tolerated} ignored`] : []),
    ...(tally.errors > 0 ? [`${counted(tally.errors, "error")} in the configuration`] : []),
  ];
  return [
    `${paint("bold", did.charAt(0).toUpperCase() + did.slice(1))}${time}.`,
    ...(tally.kept.size > 0 ? [`Kept ${keptText(tally.kept)}.`] : []),
    ...(failures.length > 0 ? [`${paint("red", failures.join(", "))}.`] : []),
  ];
}

function removedText(tally: Tally, dryRun: boolean): string {
  const what = counted(tally.removed, "entry", "entries");
  return `${dryRun ? "would remove" : "removed"} ${what}, ${size(tally.bytes)}`;
}

function keptText(kept: ReadonlyMap<KeepCode, number>): string {
  const all = [...kept.values()].reduce((sum, each) => sum + each, 0);
  const reasons = [...kept]
    .sort((a, b) => b[1] - a[1])
    .map(([code, each]) => `${each.toLocaleString("en")} ${SHORT[code]}`);
  return `${counted(all, "entry", "entries")}: ${reasons.join(", ")}`;
}
