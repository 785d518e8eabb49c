/** The metrics of a long-running process: over HTTP, in a file, or both. */
import type { Bytes } from "../../base/bytes.js";
import type { Source } from "../../base/events.js";
import { lineNamed, type RunRecord } from "../run-record.js";
import { addressText, type ListenAddress } from "./address.js";
import { Health, type HealthLimits } from "./health.js";
import type { LiveReport } from "./live-report.js";
import { RunMetrics } from "./metrics.js";
import { type MetricsServer, startMetricsServer } from "./server.js";
import { restoreMetrics, writeMetrics } from "./textfile.js";

export interface MetricsOptions {
  readonly version: string;
  readonly listen: readonly ListenAddress[];
  /** See `isAllowedHost`. */
  readonly allowedHosts: readonly string[];
  /** A file for node_exporter, written after each run. */
  readonly file: Bytes | undefined;
  readonly limits: HealthLimits | undefined;
  readonly report?: LiveReport | undefined;
  /** Seconds on a clock that is never set. */
  readonly now: () => number;
  /** Called if the file cannot be written. */
  readonly failed: (error: unknown) => void;
}

export class MetricsService implements AsyncDisposable {
  readonly #metrics: RunMetrics;
  readonly #health: Health;
  readonly #file: Bytes | undefined;
  readonly #failed: MetricsOptions["failed"];
  #servers: readonly MetricsServer[] = [];
  #writing: Promise<void> = Promise.resolve();

  private constructor(metrics: RunMetrics, { now, limits, file, failed }: MetricsOptions) {
    this.#metrics = metrics;
    this.#health = new Health(now, limits);
    this.#file = file;
    this.#failed = failed;
  }

  /**
   * Listens on all addresses, and continues the counters from the file.
   *
   * @throws Error if an address is in use or not available, or if the file exists and cannot be read
   */
  static async start(options: MetricsOptions): Promise<MetricsService> {
    const { file, version, listen } = options;
    const metrics = await (file === undefined ? RunMetrics.create(version) : restoreMetrics(file, version));
    const service = new MetricsService(metrics, options);
    try {
      for (const address of listen)
        service.#servers = [...service.#servers, await service.#listen(address, options)];
    } catch (error) {
      await service[Symbol.asyncDispose]();
      throw error;
    }
    return service;
  }

  /** Where it listens, with the ports that the kernel chose. */
  get addresses(): string[] {
    return this.#servers.map(({ address }) => addressText(address));
  }

  observe(record: RunRecord): void {
    this.#metrics.observe(record);
    this.#health.observe(record);
    const file = this.#file;
    if (file === undefined) return;
    this.#writing = this.#writing.then(() => writeMetrics(this.#metrics, file)).catch(this.#failed);
  }

  /** Drops the series of lines that the configuration no longer has. */
  retain(lines: readonly Source[]): void {
    this.#metrics.retain(lines.map(lineNamed));
  }

  /** Stops listening, once the file is written. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
    await Promise.all(this.#servers.map((server) => server.close()));
  }

  #listen(address: ListenAddress, { allowedHosts, report }: MetricsOptions): Promise<MetricsServer> {
    return startMetricsServer({
      address,
      allowedHosts,
      report,
      contentType: this.#metrics.contentType,
      metrics: () => this.#metrics.text(),
      health: () => this.#health.report(),
    });
  }
}
