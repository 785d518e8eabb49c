/** The metrics: their names, labels and help texts. Names and units follow https://prometheus.io/docs/practices/naming/. */

export interface MetricDefinition {
  readonly type: "counter" | "gauge";
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** A configuration line. Lines are numbered from 1, and `path` is as written. */
const LINE = ["operation", "file", "line", "path"] as const;
const OPERATION = ["operation"] as const;
const FILE_SYSTEM = ["mountpoint"] as const;

/** Every label has a bounded set of values: operations, configuration lines, reasons, and mount points of what is cleaned. */
export const METRICS = {
  mayfly_build_info: {
    type: "gauge",
    help: "The running version of Mayfly, always 1.",
    labelNames: ["version"],
  },
  mayfly_runs_total: {
    type: "counter",
    help: "Runs by operation and status: success, failure or interrupted.",
    labelNames: ["operation", "status"],
  },
  mayfly_run_duration_seconds_total: {
    type: "counter",
    help: "Time spent in runs.",
    labelNames: OPERATION,
  },
  mayfly_errors_total: {
    type: "counter",
    help: "Paths at which something failed, and invalid lines.",
    labelNames: OPERATION,
  },
  mayfly_last_run_timestamp_seconds: {
    type: "gauge",
    help: "When the last run ended, as Unix time.",
    labelNames: OPERATION,
  },
  mayfly_last_success_timestamp_seconds: {
    type: "gauge",
    help: "When the last successful run ended, as Unix time.",
    labelNames: OPERATION,
  },
  mayfly_last_run_duration_seconds: {
    type: "gauge",
    help: "How long the last run took.",
    labelNames: OPERATION,
  },
  mayfly_last_run_exit_status: {
    type: "gauge",
    help: "The exit status of the last run: 0 on success, 65 for invalid lines, 73 or 1 for failures.",
    labelNames: OPERATION,
  },
  mayfly_removed_entries_total: {
    type: "counter",
    help: "Entries removed by a configuration line.",
    labelNames: LINE,
  },
  mayfly_removed_bytes_total: {
    type: "counter",
    help: "Disk space of the entries removed by a configuration line.",
    labelNames: LINE,
  },
  mayfly_line_errors_total: {
    type: "counter",
    help: "Paths at which a configuration line failed.",
    labelNames: LINE,
  },
  mayfly_kept_entries: {
    type: "gauge",
    help: "Entries that the last run kept, by configuration line and reason.",
    labelNames: [...LINE, "reason"],
  },
  mayfly_filesystem_size_bytes: {
    type: "gauge",
    help: "Size of a file system that is cleaned.",
    labelNames: FILE_SYSTEM,
  },
  mayfly_filesystem_free_bytes: {
    type: "gauge",
    help: "Free space on a file system that is cleaned, after the last run.",
    labelNames: FILE_SYSTEM,
  },
  mayfly_filesystem_avail_bytes: {
    type: "gauge",
    help: "Free space that unprivileged users can use, after the last run.",
    labelNames: FILE_SYSTEM,
  },
  mayfly_filesystem_inodes: {
    type: "gauge",
    help: "Inodes of a file system that is cleaned; 0 if their number is not fixed.",
    labelNames: FILE_SYSTEM,
  },
  mayfly_filesystem_inodes_free: {
    type: "gauge",
    help: "Free inodes on a file system that is cleaned, after the last run.",
    labelNames: FILE_SYSTEM,
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof METRICS;
