/** The events that the service reports about itself, for logs. */
import type { Event, Operation } from "../base/events.js";
import type { Nanoseconds } from "../base/time.js";
import type { RunRecord } from "./run-record.js";

/** Why a run started: the service started, the run was due, a signal or an option requested it, or the configuration was reloaded. */
export type RunReason = "start" | "schedule" | "request" | "reload";

export type ServiceEvent =
  | { readonly type: "started"; readonly pid: number }
  /** The address at which /metrics and /healthz are served. */
  | { readonly type: "listening"; readonly address: string }
  /** The time of the next run, by the current wall clock; undefined if there is none, or none before the clock is synchronized. */
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
  /** A problem despite which the service continues. */
  | { readonly type: "problem"; readonly severity: "warning" | "error"; readonly message: string };
