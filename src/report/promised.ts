/** The promised twin of a report of everything that the configuration cleans: it runs in a thread of its own. */
import { ConfigurationError } from "../inspect/index.js";
import { callInThread } from "../sys/thread.js";
import type { ReportData } from "./data.js";
import type { ReportOptions } from "./report.js";

/** @throws as `reportSync`; the reason of `signal` */
export function reportOfAll(options: ReportOptions, signal: AbortSignal): Promise<ReportData> {
  const file = new URL("./report-thread.js", import.meta.url);
  return callInThread({ name: "report", input: options, file, errors: { ConfigurationError }, signal });
}
