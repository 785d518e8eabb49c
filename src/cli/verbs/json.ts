/** Formats the events of a run as JSON. */
import type { Bytes } from "../../base/bytes.js";
import { type Diagnostic, SyscallError, UnsafePathError } from "../../base/errors.js";
import type { Event, KeepReason } from "../../base/events.js";
import { line, pathJson, sourceJson } from "../../base/json.js";
import { utcTime } from "../../base/time.js";
import type { Summary } from "../../tmpfiles/index.js";
import type { OutputStream } from "../output-stream.js";
import { count, type FinishingReporter, type SummaryCounts } from "./summary-counts.js";

export { line, pathJson, sourceJson };

type Json = { readonly [key: string]: unknown };

/**
 * One event as one line. Paths are text. If a name is not valid UTF-8, its text contains U+FFFD, and a second field with
 * the suffix `Base64` has the bytes. Sizes are numbers of bytes (exact up to 9 PB), times are RFC 3339 in UTC to the
 * nanosecond.
 */
export function eventJson(event: Event): string {
  return line(eventObject(event));
}

export function eventObject(event: Event): Json {
  const { type } = event;
  if (event.type === "diagnostic") return diagnosticJson(event.diagnostic);
  const where = { type, ...pathJson("path", event.path) };
  const source = { source: sourceJson(event.source) };
  switch (event.type) {
    case "removed": {
      const { kind, operation, done } = event;
      return { ...where, kind, bytes: event.bytes, operation, done, ...source };
    }
    case "kept":
      return { ...where, kind: event.kind, reason: reasonJson(event.reason), ...source };
    case "created": {
      const { kind, outcome, done } = event;
      const target = event.target === undefined ? {} : pathJson("target", event.target);
      return { ...where, kind, outcome, ...target, done, ...source };
    }
    case "changed": {
      const { what, value, done } = event;
      return { ...where, what, value, done, ...source };
    }
    case "failed":
      return { ...where, error: errorJson(event.error), tolerated: event.tolerated, ...source };
    case "skipped":
      return { ...where, severity: event.severity, why: event.why, ...source };
  }
}

/** `source` is the line of the diagnostic; its number is 0 if the diagnostic is about the whole file. */
export function diagnosticJson({ file, line: number, text, in262: _, ...rest }: Diagnostic): Json {
  return {
    type: "diagnostic",
    ...rest,
    source: sourceJson({ file, line: number, text: text ?? ("" as Bytes) }),
  };
}

/** The error that ended a command. */
export function failureJson(message: string): string {
  return line({ type: "error", message });
}

/** Writes one line per event, and a summary at the end. */
export function jsonReporter(
  counts: SummaryCounts,
  stdout: OutputStream,
  options: { readonly dryRun: boolean },
): FinishingReporter {
  return {
    wantsKept: true,
    report(event) {
      count(counts, event);
      if (event.type === "diagnostic" && event.diagnostic.severity === "debug") return;
      stdout.write(`${eventJson(event)}\n`);
    },
    finish: (summary) => stdout.write(`${line(summaryJson(counts, summary, options.dryRun))}\n`),
  };
}

function summaryJson(counts: SummaryCounts, summary: Summary, dryRun: boolean): Json {
  const { created, changed, failed, tolerated, errors, warnings } = counts;
  const { lines, entries, removed, kept, interrupted, exitStatus } = summary;
  return {
    type: "summary",
    dryRun,
    lines,
    entries,
    removed: { entries: removed.entries, bytes: removed.bytes },
    kept,
    created,
    changed,
    failed,
    tolerated,
    diagnostics: { errors, warnings },
    interrupted,
    exitStatus,
  };
}

function reasonJson({ code, timestamp, time, by, detail }: KeepReason): Json {
  return {
    code,
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(time === undefined ? {} : { time: utcTime(time) }),
    ...(by === undefined ? {} : { by: sourceJson(by) }),
    ...(detail === undefined ? {} : { detail }),
  };
}

function errorJson(error: Error): Json {
  const { message } = error;
  if (error instanceof SyscallError) return { code: error.code, syscall: error.syscall, message };
  if (error instanceof UnsafePathError) return { code: error.code, message };
  return { message };
}
