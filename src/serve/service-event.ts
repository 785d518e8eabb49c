/** What the service reports about itself, for logs. */
import type { Event, Operation } from "../base/events.js";
import type { Nanoseconds } from "../base/time.js";
import type { RunRecord } from "./run-record.js";

/** Why a run began: the service started, its time came, a signal or an option asked for it, or the configuration is read again. */
export type RunReason = "start" | "schedule" | "request" | "reload";

export type ServiceEvent =
  | { readonly type: "started"; readonly pid: number }
  /** /metrics and /healthz are served there. */
  | { readonly type: "listening"; readonly address: string }
  /** The next run, by the wall clock as it is set now; undefined if none is to come, or not before the clock is synchronized. */
  | {
      readonly type: "waiting";
      readonly next: Nanoseconds | undefined;
      readonly waitsFor: "time" | "settling" | "clock-sync";
    }
  | { readonly type: "running"; readonly operations: readonly Operation[]; readonly reason: RunReason }
  /** Something happened to one path in a run. */
  | { readonly type: "event"; readonly event: Event }
  | { readonly type: "run"; readonly reason: RunReason; readonly record: RunRecord }
  | { readonly type: "command-started"; readonly pid: number }
  | { readonly type: "command-ended"; readonly status: number }
  | { readonly type: "stopping"; readonly signal: NodeJS.Signals }
  /** Something does not work, and the service goes on. */
  | { readonly type: "problem"; readonly severity: "warning" | "error"; readonly message: string };
