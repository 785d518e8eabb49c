/** The reports of a worker, as values that threads can pass on. */
import type { Bytes } from "../../../base/bytes.js";
import type { InodeKind, KeepReason } from "../../../base/events.js";
import type { Errno } from "../../../sys/ffi.js";
import type { WalkListener } from "../walk-listener.js";

/** What a thread has to tell, in the order in which it happened; as plain values, which threads can pass on. */
export type Report =
  | readonly ["removed", Bytes, InodeKind, number]
  | readonly ["kept", Bytes, InodeKind, KeepReason]
  | readonly ["failed", Bytes, Errno, string, readonly string[]];

export interface Batch {
  /** Counted over all threads: what happened before has a smaller number. */
  readonly sequence: number;
  readonly reports: readonly Report[];
  /** For the index of directories. */
  readonly noted: readonly number[];
}

/** Keeps what a walk tells until it is asked for. */
export class Reports implements WalkListener {
  readonly wantsKept: boolean;
  readonly wantsRemoved: boolean;
  /** Called now and then, so that neither what is kept here nor whoever watches the totals waits for the end. */
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

/** Tells them to whom the run reports to. */
export function replay(reports: readonly Report[], listener: WalkListener): void {
  for (const report of reports) {
    if (report[0] === "removed") listener.removed(report[1], report[2], report[3]);
    else if (report[0] === "kept") listener.kept(report[1], report[2], report[3]);
    else listener.failed(report[1], report[2], report[3], report[4]);
  }
}
