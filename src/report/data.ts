/** The result of a report. */
import type { Bytes } from "../base/bytes.js";
import type { Source } from "../base/events.js";
import type { Nanoseconds } from "../base/time.js";
import type { ReasonCode } from "../inspect/index.js";
import type { LargeEntry } from "./aggregation.js";
import type { Node } from "./node.js";
import type { Sum, UsageSums } from "./sums.js";

/** What one run of the cleaner will remove, or has removed. */
export interface ReportRun extends Sum {
  readonly run: Nanoseconds;
  readonly lines: readonly (Sum & { readonly line: Source | undefined })[];
}

interface ReportOwner {
  readonly uid: number;
  readonly name: Bytes;
  readonly sums: UsageSums;
}

interface ReportLine {
  readonly line: Source | undefined;
  readonly sums: UsageSums;
}

interface ReportReason extends Sum {
  readonly code: ReasonCode;
  readonly line: Source | undefined;
  readonly largest: Bytes | undefined;
}

export interface ReportData {
  readonly from: Nanoseconds;
  readonly until: Nanoseconds;
  readonly timer: string | undefined;
  readonly sums: UsageSums;
  /** Each run until the end of the report. */
  readonly runs: readonly ReportRun[];
  /** What earlier runs removed, as far as the host keeps records of them; the oldest first. */
  readonly past: readonly (Sum & { readonly run: Nanoseconds })[];
  /** The owner of the most bytes first, as are the others. */
  readonly owners: readonly ReportOwner[];
  readonly lines: readonly ReportLine[];
  /** What is kept whatever its age, by reason and line. */
  readonly kept: readonly ReportReason[];
  readonly largest: readonly LargeEntry[];
  /** One for each path; its name is the whole path. */
  readonly roots: readonly Node[];
}
