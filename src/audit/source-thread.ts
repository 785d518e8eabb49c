/** The worker thread of an audit: reads and analyzes batches of source files. */
import { parentPort } from "node:worker_threads";
import { type ScanJob, Scanner } from "./source/scan.js";

const scanner = new Scanner();

parentPort?.on("message", async (job: ScanJob) => {
  parentPort?.postMessage(await scanner.run(job));
});
