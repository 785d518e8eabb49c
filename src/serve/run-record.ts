/** Records what one run did, line by line, as plain values that JSON and threads can carry. */
import { type Bytes, toBuffer, toText } from "../base/bytes.js";
import type { Event, KeepCode, Operation, Reporter, Source } from "../base/events.js";
import { utcTime } from "../base/time.js";
import { systemClock } from "../sys/clock.js";
import { type ExitStatus, type LineSummary, parse, type Summary } from "../tmpfiles/index.js";
import { CleanedFileSystems, type FileSystemRecord } from "./file-systems.js";

/** What a run did for one line of the configuration. All counts are of entries. */
export interface LineRecord {
  /** The configuration file, as text. */
  readonly file: string;
  readonly line: number;
  /** The path or pattern, as written in the line. */
  readonly path: string;
  readonly removed: { readonly entries: number; readonly bytes: number };
  readonly kept: Partial<Record<KeepCode, number>>;
  /** Paths at which something failed. */
  readonly errors: number;
}

export interface RunRecord {
  readonly operations: readonly Operation[];
  /** Wall-clock time, RFC 3339 in UTC to the nanosecond. */
  readonly start: string;
  /** On a clock that is never set. */
  readonly durationSeconds: number;
  readonly exitStatus: ExitStatus;
  /** The run was stopped before it finished. */
  readonly interrupted: boolean;
  /** Paths at which something failed, and invalid lines. */
  readonly errors: number;
  readonly lines: readonly LineRecord[];
  /** The file systems of the directories whose contents were cleaned, as they are after the run. */
  readonly fileSystems: readonly FileSystemRecord[];
}

/** A reporter that records a run, and passes everything on to another reporter if there is one. */
export interface RunRecorder extends Reporter {
  /** The record, after the run. `exitStatus` replaces that of the summary. */
  record(summary: Summary, exitStatus?: ExitStatus): RunRecord;
}

export interface RunRecorderOptions {
  readonly operations: readonly Operation[];
  /** `--root` of the run. */
  readonly root?: Bytes | undefined;
  readonly reporter?: Reporter | undefined;
}

/**
 * Starts recording a run. The engine counts removed and kept entries, so the recorder needs no event for each
 * entry, and recording costs next to nothing.
 */
export function runRecorder({ operations, root, reporter }: RunRecorderOptions): RunRecorder {
  const start = systemClock.now();
  const started = performance.now();
  const fileSystems = new CleanedFileSystems(root ?? ("/" as Bytes));
  let invalidLines = 0;
  return {
    wantsKept: reporter?.wantsKept ?? false,
    wantsRemoved: reporter === undefined ? false : (reporter.wantsRemoved ?? true),
    report(event) {
      if (isInvalidLine(event)) invalidLines++;
      reporter?.report(event);
    },
    progress: (progress) => reporter?.progress?.(progress),
    cleans(directory, source) {
      fileSystems.add(directory);
      reporter?.cleans?.(directory, source);
    },
    record: (summary, exitStatus = summary.exitStatus) => ({
      operations,
      start: utcTime(start),
      durationSeconds: (performance.now() - started) / 1000,
      exitStatus,
      interrupted: summary.interrupted,
      errors: summary.failed + invalidLines,
      lines: summary.byLine.map(lineRecord),
      fileSystems: fileSystems.read(),
    }),
  };
}

function isInvalidLine(event: Event): boolean {
  return event.type === "diagnostic" && event.diagnostic.severity === "error";
}

function lineRecord({ source, removed, kept, failed }: LineSummary): LineRecord {
  return { ...lineNamed(source), removed, kept, errors: failed };
}

/** The label of a line in records. */
export function lineNamed({ file, line, text }: Source): Pick<LineRecord, "file" | "line" | "path"> {
  const [parsed] = parse(toBuffer(text)).lines;
  return { file: toText(file), line, path: toText(parsed?.path ?? ("" as Bytes)) };
}
