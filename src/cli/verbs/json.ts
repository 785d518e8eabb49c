/** Events of a run as JSON. */
import { type Bytes, isUtf8, toBuffer, toText } from "../../base/bytes.js";
import { type Diagnostic, SyscallError, UnsafePathError } from "../../base/errors.js";
import type { Event, KeepReason, Source } from "../../base/events.js";
import { utcTime } from "../../base/time.js";
import type { Summary } from "../../tmpfiles/index.js";
import type { OutputStream } from "../output-stream.js";
import { count, type FinishingReporter, type SummaryCounts } from "./summary-counts.js";

type Json = { readonly [key: string]: unknown };

/**
 * One event as one line. Paths are text; where a name is not UTF-8 the text has U+FFFD in it, and a second field, of
 * the same name with `Base64` behind it, has the bytes. Sizes are numbers (exact up to 9 PB), times are RFC 3339 in UTC
 * to the nanosecond.
 */
export function eventJson(event: Event): string {
  return line(plain(event));
}

/** What a terminal obeys or is misled by: JSON itself only escapes what is below U+0020. */
const OBEYED = /[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A value as one line of JSON that is safe on a terminal, too. */
export function line(value: unknown): string {
  return JSON.stringify(value).replace(OBEYED, (character) =>
    character
      .split("")
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

function plain(event: Event): Json {
  const { type } = event;
  if (event.type === "diagnostic") return diagnosticJson(event.diagnostic);
  const where = { type, ...pathJson("path", event.path) };
  const source = { source: sourceJson(event.source) };
  switch (event.type) {
    case "removed": {
      const { kind, operation, done } = event;
      return { ...where, kind, bytes: Number(event.bytes), operation, done, ...source };
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

/** The line that is meant is `source`, as everywhere; its number is 0 if the file as a whole is meant. */
export function diagnosticJson({ file, line: number, text, in262: _, ...rest }: Diagnostic): Json {
  return {
    type: "diagnostic",
    ...rest,
    source: sourceJson({ file, line: number, text: text ?? ("" as Bytes) }),
  };
}

/** What ends a command before it did what was asked. */
export function failureJson(message: string): string {
  return line({ type: "error", message });
}

/** Writes each event, and at the end what it all came to, as one line each. */
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
    removed: { entries: removed.entries, bytes: Number(removed.bytes) },
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

/** A path as text, and as bytes too where the text can't hold them. */
export function pathJson(key: string, path: Bytes): Json {
  const text = { [key]: toText(path) };
  return isUtf8(path) ? text : { ...text, [`${key}Base64`]: toBuffer(path).toString("base64") };
}

export function sourceJson({ file, line, text }: Source): Json {
  return { ...pathJson("file", file), line, ...pathJson("text", text) };
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
