/** A program that adds runs to a metrics file until it is killed. */
import { bytes } from "#src/base/bytes.js";
import { RunMetrics } from "#src/serve/metrics/metrics.js";
import { writeMetrics } from "#src/serve/metrics/textfile.js";
import { lineRecord, runRecord } from "./records.js";

const fileSystem = {
  mountPoint: "/",
  bytes: { size: 1, free: 1, available: 1 },
  inodes: { size: 1, free: 1 },
};
const lines = Array.from({ length: 40 }, (_, at) => lineRecord(at + 1, 1));
const file = bytes(process.argv[2] ?? "");
const metrics = await RunMetrics.create("1");
for (let run = 0; ; run++) {
  metrics.observe(runRecord({ durationSeconds: Math.random(), lines, fileSystems: [fileSystem] }));
  await writeMetrics(metrics, file);
  if (run === 0) process.stdout.write("written\n");
}
