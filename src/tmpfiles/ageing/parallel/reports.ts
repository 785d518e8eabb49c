/** The reports of a worker, as values that can be sent to another thread. */
import type { Bytes } from "../../../base/bytes.js";
import type { InodeKind, KeepReason } from "../../../base/events.js";
import type { Errno } from "../../../sys/ffi.js";
import type { WalkListener } from "../walk-listener.js";

/** A report of a walk, as a plain value that can be sent to another thread. */
export type Report =
  | readonly ["removed", Bytes, InodeKind, number]
  | readonly ["kept", Bytes, InodeKind, KeepReason]
  | readonly ["failed", Bytes, Errno, string, readonly string[]];

export interface Batch {
  /** Numbered across all threads, in the order of events. */
  readonly sequence: number;
  readonly reports: readonly Report[];
  /** Notes for the directory index. */
  readonly noted: readonly number[];
}

/** Collects the reports of a walk. */
export class Reports implements WalkListener {
  readonly wantsKept: boolean;
  readonly wantsRemoved: boolean;
  /** Called from time to time, so that reports and counters are passed on before the end. */
  readonly progress: () => void;
  #reports: Report[] = [];

  constructor(wants: { readonly wantsKept: boolean; readonly wantsRemoved: boolean }, progress: () => void) {
    this.wantsKept = wants.wantsKept;
    this.wantsRemoved = wants.wantsRemoved;
    this.progress = progress;
  }

  removed(path: Bytes, kind: InodeKind, bytes: number): void {
    this.#reports.push(["removed", path, kind, bytes]);
  }

  kept(path: Bytes, kind: InodeKind, reason: KeepReason): void {
    this.#reports.push(["kept", path, kind, reason]);
  }

  failed(path: Bytes, errno: Errno, syscall: string, args: readonly string[]): void {
    this.#reports.push(["failed", path, errno, syscall, args]);
  }

  take(): readonly Report[] {
    const reports = this.#reports;
    if (reports.length > 0) this.#reports = [];
    return reports;
  }
}

/** Passes reports on to a listener, in order. */
export function replay(reports: readonly Report[], listener: WalkListener): void {
  for (const report of reports) {
    if (report[0] === "removed") listener.removed(report[1], report[2], report[3]);
    else if (report[0] === "kept") listener.kept(report[1], report[2], report[3]);
    else listener.failed(report[1], report[2], report[3], report[4]);
  }
}
