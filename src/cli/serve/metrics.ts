/** The metrics of `mayfly serve`: its options, and the observation of its runs. */
import { type Bytes, toBuffer } from "../../base/bytes.js";
import { SECOND } from "../../base/time.js";
import type { ReportData } from "../../report/index.js";
import {
  LiveReport,
  MetricsService,
  parseListenAddress,
  type Schedule,
  type ServiceEvent,
  successLimit,
} from "../../serve/index.js";
import { bootTime } from "../../sys/clock.js";
import { type LoadOptions, loadItems } from "../../tmpfiles/index.js";
import { given } from "../config-options.js";
import { plainFailure } from "../format.js";
import { type Option, UsageError, type Values } from "../options.js";
import { version } from "../version.js";

const METRICS = "Metrics";

export const METRICS_OPTIONS = [
  {
    name: "listen",
    value: "ADDRESS",
    multiple: true,
    group: METRICS,
    help: "Serve /metrics, /healthz and /report on ADDRESS: a port, IP:PORT, or the path of a Unix socket; may be repeated",
    more: "A port alone is one of 127.0.0.1. The socket has mode 0660.",
  },
  {
    name: "allow-host",
    value: "NAME",
    multiple: true,
    group: METRICS,
    help: "Answer requests for the host NAME; may be repeated",
    more: "Requests for IP addresses, localhost and this host's name are always answered. Others are refused, so that no web page can read the metrics by DNS rebinding.",
  },
  {
    name: "metrics-file",
    value: "FILE",
    group: METRICS,
    help: "Write the metrics to FILE after each run, for the textfile collector of node_exporter",
  },
] as const satisfies readonly Option[];

export type MetricsValues = Values<typeof METRICS_OPTIONS>;

export interface MetricsSettings {
  readonly configuration: LoadOptions;
  readonly schedule: Schedule;
  /** Whether a reload also creates. If not, it is a dry run, which does not count. */
  readonly reloadCreates: boolean;
  readonly once: boolean;
  /** What earlier runs removed. */
  readonly past: () => ReportData["past"];
  readonly report: (event: ServiceEvent) => void;
}

/** Passes the events of the service on, and observes its runs. */
export interface ServiceMetrics {
  report(event: ServiceEvent): void;
  close(): Promise<void>;
}

/**
 * Starts to listen, if the options ask for it.
 *
 * @throws UsageError; Error if an address is not available or the file cannot be read
 */
export async function startMetrics(
  options: MetricsValues,
  settings: MetricsSettings,
): Promise<ServiceMetrics> {
  const { report } = settings;
  const path = given(options["metrics-file"]);
  requireMetricsOptions(options, path, settings.once);
  if (options.listen.length === 0 && path === undefined) return { report, close: () => Promise.resolve() };
  const limitSeconds = successLimit(settings.schedule);
  const failed = (error: unknown): void => problem(report, path, error);
  const live = options.listen.length === 0 ? undefined : liveReport(settings);
  const service = await MetricsService.start({
    version: version(),
    listen: options.listen.map(addressOf),
    allowedHosts: options["allow-host"],
    file: path,
    limits: limitSeconds === undefined ? undefined : { operation: "clean", limitSeconds },
    report: live,
    now: () => Number(bootTime() / SECOND),
    failed,
  });
  for (const address of service.addresses) report({ type: "listening", address });
  return {
    report(event) {
      report(event);
      if (event.type !== "run") return;
      if (event.reason !== "reload" || settings.reloadCreates) service.observe(event.record);
      if (event.reason === "reload") dropOldLines(service, settings.configuration).catch(failed);
    },
    async close() {
      live?.[Symbol.dispose]();
      await service[Symbol.asyncDispose]();
    },
  };
}

/** None below another root: its names and users are not this host's. */
function liveReport({ configuration, past }: MetricsSettings): LiveReport | undefined {
  const { args = [], inline = false, user = false, root } = configuration;
  if (root !== undefined) return undefined;
  return new LiveReport({ report: { config: args.map(toBuffer), inline, user }, past });
}

function requireMetricsOptions(options: MetricsValues, path: Bytes | undefined, once: boolean): void {
  const { listen, "allow-host": hosts, "metrics-file": file } = options;
  if (file !== undefined && path === undefined)
    throw new UsageError("option '--metrics-file' expects a path, not an empty string");
  if (once && listen.length > 0) throw new UsageError("options '--listen' and '--once' cannot be combined");
  if (hosts.length > 0 && listen.length === 0)
    throw new UsageError("option '--allow-host' requires '--listen'");
}

function addressOf(text: Bytes): ReturnType<typeof parseListenAddress> {
  try {
    return parseListenAddress(text);
  } catch (error) {
    throw new UsageError(`option '--listen': ${(error as Error).message}`);
  }
}

/** Called after a reload, without waiting for the next run. */
async function dropOldLines(service: MetricsService, configuration: LoadOptions): Promise<void> {
  const { exact, globs, aborted } = await loadItems(configuration);
  if (aborted) return;
  service.retain([...exact, ...globs].flatMap(({ items }) => items.map(({ source }) => source)));
}

function problem(report: MetricsSettings["report"], path: Bytes | undefined, error: unknown): void {
  const reason = error instanceof Error ? plainFailure(path ?? ("" as Bytes), error) : String(error);
  report({ type: "problem", severity: "warning", message: `cannot write the metrics: ${reason}` });
}
