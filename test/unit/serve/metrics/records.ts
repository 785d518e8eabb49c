/** Records of runs, written by hand. */
import type { LineRecord, RunRecord } from "#src/serve/run-record.js";

export function lineRecord(line: number, removed = 0, more: Partial<LineRecord> = {}): LineRecord {
  return {
    file: "/etc/tmpfiles.d/a.conf",
    line,
    path: `/srv/${line}`,
    removed: { entries: removed, bytes: removed * 4096 },
    kept: {},
    errors: 0,
    ...more,
  };
}

export function runRecord(more: Partial<RunRecord> = {}): RunRecord {
  return {
    operations: ["clean"],
    start: "2026-11-27T10:00:00.500000000Z",
    durationSeconds: 1.5,
    exitStatus: 0,
    interrupted: false,
    errors: 0,
    lines: [],
    fileSystems: [],
    ...more,
  };
}
