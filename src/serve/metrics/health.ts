/** Decides whether the runs of a process are healthy, for /healthz. */
import type { RunRecord } from "../run-record.js";

export type HealthReason =
  | {
      readonly code: "last-run-failed";
      readonly operation: string;
      readonly exitStatus: number;
      readonly errors: number;
    }
  | {
      readonly code: "overdue";
      readonly operation: string;
      /** Since the last success, or since the process started if there was none. */
      readonly secondsSinceSuccess: number;
      readonly limitSeconds: number;
    };

export interface HealthReport {
  readonly status: "ok" | "unhealthy";
  readonly reasons: readonly HealthReason[];
  /** The last run of each operation. */
  readonly runs: readonly {
    readonly operation: string;
    readonly start: string;
    readonly durationSeconds: number;
    readonly exitStatus: number;
    readonly interrupted: boolean;
  }[];
}

export interface HealthLimits {
  /** The operation that runs on schedule, and the longest time that may pass between two successes of it. */
  readonly operation: string;
  readonly limitSeconds: number;
}

/** Follows the runs of a process. */
export class Health {
  /** Seconds on a clock that is never set. */
  readonly #now: () => number;
  readonly #last = new Map<string, RunRecord>();
  readonly #succeeded = new Map<string, number>();
  readonly #started: number;
  #limits: HealthLimits | undefined;

  constructor(now: () => number, limits?: HealthLimits) {
    this.#now = now;
    this.#started = now();
    this.#limits = limits;
  }

  /** Replaces the limits, after a reload. */
  limit(limits: HealthLimits | undefined): void {
    this.#limits = limits;
  }

  observe(record: RunRecord): void {
    const operation = record.operations.join("+");
    this.#last.set(operation, record);
    if (record.exitStatus === 0 && !record.interrupted) this.#succeeded.set(operation, this.#now());
  }

  report(): HealthReport {
    const failed = [...this.#last].flatMap(([operation, { exitStatus, errors }]) =>
      exitStatus === 0 ? [] : [{ code: "last-run-failed" as const, operation, exitStatus, errors }],
    );
    const reasons = [...failed, ...this.#overdue()];
    const runs = [...this.#last].map(([operation, { start, durationSeconds, exitStatus, interrupted }]) => ({
      operation,
      start,
      durationSeconds,
      exitStatus,
      interrupted,
    }));
    return { status: reasons.length === 0 ? "ok" : "unhealthy", reasons, runs };
  }

  #overdue(): HealthReason[] {
    if (this.#limits === undefined) return [];
    const { operation, limitSeconds } = this.#limits;
    const since = this.#now() - (this.#succeeded.get(operation) ?? this.#started);
    if (since <= limitSeconds) return [];
    return [{ code: "overdue", operation, secondsSinceSuccess: Math.floor(since), limitSeconds }];
  }
}
