/** Formats one event as one line of text: an action, or an error. */
import type { Diagnostic } from "../../base/errors.js";
import type { Event, InodeKind } from "../../base/events.js";
import type { Colorize } from "../colors.js";
import { failure, plainFailure, shownPath, size } from "../format.js";
import { reasonText, sourceText } from "./reasons.js";

/** The line for a failure, an unreadable path or an invalid configuration line; undefined for other events. */
export function errorLine(event: Event, colorize: Colorize, verbose: boolean): string | undefined {
  if (event.type === "failed") {
    const label = event.tolerated ? colorize("yellow", "ignored") : colorize("red", "failed");
    const text = (verbose ? failure : plainFailure)(event.path, event.error);
    return `${label}: ${text} [${sourceText(event.source)}]`;
  }
  if (event.type === "kept" && event.reason.code === "unreadable" && !verbose) {
    return `${colorize("yellow", "skipped")}: ${shownPath(event.path)}: ${reasonText(event.reason)}`;
  }
  if (event.type === "kept" && event.reason.code === "too-deep" && !verbose) {
    const why = "nested too deeply; its contents are kept";
    return `${colorize("yellow", "warning")}: ${shownPath(event.path)}: ${why} [${sourceText(event.source)}]`;
  }
  if (event.type === "skipped" && event.severity === "warning") {
    return `${colorize("yellow", "warning")}: ${shownPath(event.path)}: ${event.why} [${sourceText(event.source)}]`;
  }
  if (event.type !== "diagnostic") return undefined;
  if (event.diagnostic.severity === "debug") return undefined;
  return diagnosticLine(event.diagnostic, colorize);
}

/** `FILE:LINE: error: MESSAGE`. */
export function diagnosticLine(diagnostic: Diagnostic, colorize: Colorize): string {
  const { severity, message } = diagnostic;
  const label = severity === "error" ? colorize("red", severity) : colorize("yellow", severity);
  return `${sourceText(diagnostic)}: ${label}: ${message}`;
}

/** The line for what was or would be done at a path, or why the path was left alone; undefined for other events. */
export function actionLine(event: Event, colorize: Colorize): string | undefined {
  switch (event.type) {
    case "removed":
      return `${colorize("red", event.done ? "removed" : "would remove")} ${removedText(event, colorize)}`;
    case "created":
      return `${colorize("green", createdVerb(event))} ${createdText(event)}`;
    case "changed":
      return `${colorize("cyan", event.done ? "set" : "would set")} ${changedText(event)}`;
    case "kept":
      return `${colorize("dim", "kept")} ${shownPath(event.path)}${slash(event.kind)}: ${reasonText(event.reason)}`;
    case "skipped":
      return event.severity === "warning"
        ? undefined
        : `${colorize("dim", "skipped")} ${shownPath(event.path)}: ${event.why}`;
    default:
      return undefined;
  }
}

type Of<Type extends Event["type"]> = Extract<Event, { readonly type: Type }>;

function removedText({ path, kind, bytes }: Of<"removed">, colorize: Colorize): string {
  return `${shownPath(path)}${slash(kind)}${bytes > 0n ? colorize("dim", ` (${size(bytes)})`) : ""}`;
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
  // An existing destination of a copy is not a link to its source.
  if (target === undefined || (outcome === "existing" && kind !== "symlink"))
    return `${shownPath(path)}${slash(kind)}`;
  return outcome === "copied"
    ? `${shownPath(target)} to ${shownPath(path)}`
    : `${shownPath(path)} -> ${shownPath(target)}`;
}

function changedText({ what, path, value }: Of<"changed">): string {
  return `${what} of ${shownPath(path)}${value === "" ? "" : ` to ${value}`}`;
}

function slash(kind: InodeKind): string {
  return kind === "directory" || kind === "subvolume" ? "/" : "";
}
