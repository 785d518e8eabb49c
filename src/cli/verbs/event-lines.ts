/** One event as one line for people: what was done, or what is wrong. */
import { show } from "../../base/bytes.js";
import type { Diagnostic } from "../../base/errors.js";
import type { Event, InodeKind } from "../../base/events.js";
import type { Paint } from "../style.js";
import { failure, plainFailure, size } from "../words.js";
import { place, reasonText } from "./reasons.js";

/** What failed, could not be read, or is wrong in the configuration; undefined for all other events. */
export function errorLine(event: Event, paint: Paint, verbose: boolean): string | undefined {
  if (event.type === "failed") {
    const label = event.tolerated ? paint("yellow", "ignored") : paint("red", "failed");
    const text = (verbose ? failure : plainFailure)(event.path, event.error);
    return `${label}: ${text} [${place(event.source)}]`;
  }
  if (event.type === "kept" && event.reason.code === "unreadable" && !verbose) {
    return `${paint("yellow", "skipped")}: ${show(event.path)}: ${reasonText(event.reason)}`;
  }
  if (event.type === "kept" && event.reason.code === "too-deep" && !verbose) {
    const why = "nested too deep to be entered: what lies in it stays";
    return `${paint("yellow", "warning")}: ${show(event.path)}: ${why} [${place(event.source)}]`;
  }
  if (event.type === "skipped" && event.severity === "warning") {
    return `${paint("yellow", "warning")}: ${show(event.path)}: ${event.why} [${place(event.source)}]`;
  }
  if (event.type !== "diagnostic") return undefined;
  if (event.diagnostic.severity === "debug") return undefined;
  return diagnosticLine(event.diagnostic, paint);
}

/** `FILE:LINE: error: what is wrong`. */
export function diagnosticLine(diagnostic: Diagnostic, paint: Paint): string {
  const { severity, message } = diagnostic;
  const label = severity === "error" ? paint("red", severity) : paint("yellow", severity);
  return `${place(diagnostic)}: ${label}: ${message}`;
}

/** What was done at a path, or would be in a dry run, or why it was left alone. */
export function actionLine(event: Event, paint: Paint): string | undefined {
  switch (event.type) {
    case "removed":
      return `${paint("red", event.done ? "removed" : "would remove")} ${removedText(event, paint)}`;
    case "created":
      return `${paint("green", createdVerb(event))} ${createdText(event)}`;
    case "changed":
      return `${paint("cyan", event.done ? "set" : "would set")} ${changedText(event)}`;
    case "kept":
      return `${paint("dim", "kept")} ${show(event.path)}${slash(event.kind)}: ${reasonText(event.reason)}`;
    case "skipped":
      return event.severity === "warning"
        ? undefined
        : `${paint("dim", "skipped")} ${show(event.path)}: ${event.why}`;
    default:
      return undefined;
  }
}

type Of<Type extends Event["type"]> = Extract<Event, { readonly type: Type }>;

function removedText({ path, kind, bytes }: Of<"removed">, paint: Paint): string {
  return `${show(path)}${slash(kind)}${bytes > 0n ? paint("dim", ` (${size(bytes)})`) : ""}`;
}

function createdVerb({ done, outcome }: Of<"created">): string {
  const verbs = {
    new: ["created", "would create"],
    existing: ["found", "would keep"],
    replaced: ["replaced", "would replace"],
    truncated: ["emptied", "would empty"],
    copied: ["copied", "would copy"],
  } as const;
  return verbs[outcome][done ? 0 : 1];
}

function createdText({ path, kind, outcome, target }: Of<"created">): string {
  // What a copy was found at is no link to its source.
  if (target === undefined || (outcome === "existing" && kind !== "symlink"))
    return `${show(path)}${slash(kind)}`;
  return outcome === "copied" ? `${show(target)} to ${show(path)}` : `${show(path)} -> ${show(target)}`;
}

function changedText({ what, path, value }: Of<"changed">): string {
  return `${what} of ${show(path)}${value === "" ? "" : ` to ${value}`}`;
}

function slash(kind: InodeKind): string {
  return kind === "directory" || kind === "subvolume" ? "/" : "";
}
