/** Keeps the metrics of runs in a registry of prom-client. */
import type { Counter, Gauge, Registry } from "#prom-client";
import { KEEP_CODES } from "../../tmpfiles/index.js";
import type { FileSystemRecord } from "../file-systems.js";
import type { LineRecord, RunRecord } from "../run-record.js";
import { METRICS, type MetricName } from "./definitions.js";
import type { Sample } from "./exposition.js";

type Labels = Readonly<Record<string, string>>;

const PER_LINE = [
  "mayfly_removed_entries_total",
  "mayfly_removed_bytes_total",
  "mayfly_line_errors_total",
] as const;
const PER_FILE_SYSTEM = [
  "mayfly_filesystem_size_bytes",
  "mayfly_filesystem_free_bytes",
  "mayfly_filesystem_avail_bytes",
  "mayfly_filesystem_inodes",
  "mayfly_filesystem_inodes_free",
] as const;
const STATUSES = ["success", "failure", "interrupted"] as const;

/** The metrics of all runs so far. */
export class RunMetrics {
  readonly #registry: Registry;
  readonly #metrics: ReadonlyMap<string, Counter | Gauge>;
  /** The lines that have series, by operation. */
  readonly #lines = new Map<string, Map<string, Labels>>();

  private constructor(registry: Registry, metrics: ReadonlyMap<string, Counter | Gauge>) {
    this.#registry = registry;
    this.#metrics = metrics;
  }

  /** Loads prom-client, which is needed only for metrics. */
  static async create(version: string): Promise<RunMetrics> {
    const prometheus = await import("#prom-client");
    const registry = new prometheus.Registry();
    const make = (name: MetricName): Counter | Gauge => {
      const { type, help, labelNames } = METRICS[name];
      const configuration = { name, help, labelNames, registers: [registry] };
      return type === "counter" ? new prometheus.Counter(configuration) : new prometheus.Gauge(configuration);
    };
    const names = Object.keys(METRICS) as MetricName[];
    const metrics = new RunMetrics(registry, new Map(names.map((name) => [name, make(name)])));
    metrics.#set("mayfly_build_info", { version }, 1);
    return metrics;
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The metrics in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Adds a run. The series of lines that the configuration no longer has are dropped. */
  observe(record: RunRecord): void {
    const operation = record.operations.join("+");
    this.#observeRun(record, operation);
    // A run that could not load its configuration does not know the lines.
    if (record.exitStatus === 1 && record.lines.length === 0) return;
    if (!record.operations.includes("create")) this.#observeLines(record.lines, operation);
    if (record.operations.includes("clean")) this.#observeFileSystems(record.fileSystems);
  }

  /** Continues from samples of an earlier process. Unknown names and labels are ignored. */
  restore(samples: readonly Sample[]): void {
    for (const { name, labels, value } of samples) {
      const definition = Object.hasOwn(METRICS, name) ? METRICS[name as MetricName] : undefined;
      if (definition === undefined || name === "mayfly_build_info") continue;
      const known = Object.keys(labels).sort().join() === [...definition.labelNames].sort().join();
      if (!known || !(value >= 0)) continue;
      this.#add(name as MetricName, labels, value);
      const { reason: _, ...line } = labels;
      if (line.file !== undefined) this.#linesOf(line.operation ?? "").set(keyOf(line), line);
    }
  }

  /** Drops the series of all other lines. */
  retain(lines: readonly Pick<LineRecord, "file" | "line" | "path">[]): void {
    const retained = new Set(lines.map(keyOf));
    for (const known of this.#lines.values()) {
      for (const [key, labels] of known) {
        if (retained.has(key)) continue;
        this.#drop(labels);
        known.delete(key);
      }
    }
  }

  #observeRun(
    { start, durationSeconds, exitStatus, interrupted, errors }: RunRecord,
    operation: string,
  ): void {
    const labels = { operation };
    const end = Date.parse(start) / 1000 + durationSeconds;
    const status = exitStatus !== 0 ? "failure" : interrupted ? "interrupted" : "success";
    for (const each of STATUSES) {
      this.#add("mayfly_runs_total", { operation, status: each }, each === status ? 1 : 0);
    }
    this.#add("mayfly_run_duration_seconds_total", labels, durationSeconds);
    this.#add("mayfly_errors_total", labels, errors);
    this.#set("mayfly_last_run_timestamp_seconds", labels, end);
    if (status === "success") this.#set("mayfly_last_success_timestamp_seconds", labels, end);
    this.#set("mayfly_last_run_duration_seconds", labels, durationSeconds);
    this.#set("mayfly_last_run_exit_status", labels, exitStatus);
  }

  #observeLines(records: readonly LineRecord[], operation: string): void {
    const before = this.#linesOf(operation);
    const now = new Map<string, Labels>();
    for (const { file, line, path, removed, kept, errors } of records) {
      const labels = { operation, file, line: String(line), path };
      now.set(keyOf(labels), labels);
      this.#add("mayfly_removed_entries_total", labels, removed.entries);
      this.#add("mayfly_removed_bytes_total", labels, removed.bytes);
      this.#add("mayfly_line_errors_total", labels, errors);
      // All reasons, so that the number of series is constant.
      for (const reason of KEEP_CODES) {
        this.#set("mayfly_kept_entries", { ...labels, reason }, kept[reason] ?? 0);
      }
    }
    for (const [key, labels] of before) if (!now.has(key)) this.#drop(labels);
    this.#lines.set(operation, now);
  }

  #observeFileSystems(records: readonly FileSystemRecord[]): void {
    for (const name of PER_FILE_SYSTEM) this.#metric(name).reset();
    for (const { mountPoint, bytes, inodes } of records) {
      const labels = { mountpoint: mountPoint };
      this.#set("mayfly_filesystem_size_bytes", labels, bytes.size);
      this.#set("mayfly_filesystem_free_bytes", labels, bytes.free);
      this.#set("mayfly_filesystem_avail_bytes", labels, bytes.available);
      this.#set("mayfly_filesystem_inodes", labels, inodes.size);
      this.#set("mayfly_filesystem_inodes_free", labels, inodes.free);
    }
  }

  #drop(labels: Labels): void {
    for (const name of PER_LINE) this.#metric(name).remove(labels);
    for (const reason of KEEP_CODES) this.#metric("mayfly_kept_entries").remove({ ...labels, reason });
  }

  #linesOf(operation: string): Map<string, Labels> {
    const lines = this.#lines.get(operation) ?? new Map<string, Labels>();
    this.#lines.set(operation, lines);
    return lines;
  }

  #add(name: MetricName, labels: Labels, value: number): void {
    this.#metric(name).inc(labels, value);
  }

  #set(name: MetricName, labels: Labels, value: number): void {
    (this.#metric(name) as Gauge).set(labels, value);
  }

  #metric(name: MetricName): Counter | Gauge {
    return this.#metrics.get(name) as Counter | Gauge;
  }
}

function keyOf({ file, line, path }: Labels | Pick<LineRecord, "file" | "line" | "path">): string {
  return JSON.stringify([file, String(line), path]);
}
