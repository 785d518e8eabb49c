/** The thread of the promised report. */
import { serveThread, type ThreadContext } from "../sys/thread.js";
import { type ReportOptions, reportSync } from "./report.js";

serveThread({
  report: (options: ReportOptions, { stop }: ThreadContext) => reportSync([], { ...options, stop }),
});
