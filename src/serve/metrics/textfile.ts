/** Metrics as a file for the textfile collector of node_exporter. */
import { type Bytes, basename, dirname, toText } from "../../base/bytes.js";
import { failedWith } from "../../base/errors.js";
import { replaceFile } from "../../path/replace-file.js";
import { Fd, O_DIRECTORY, O_NOFOLLOW, O_PATH, openat } from "../../sys/files.js";
import { statx } from "../../sys/inode.js";
import { openRegular, readAll } from "../../sys/read.js";
import type { RunRecord } from "../run-record.js";
import { parseExposition } from "./exposition.js";
import { RunMetrics } from "./metrics.js";

/** node_exporter runs as another user. The names of lines are no secret. */
const MODE = 0o644;
const LARGEST = 16 << 20;
const WRITABLE_BY_OTHERS = 0o022;

/**
 * The metrics that an earlier process left in the file, to continue from: counters of processes that end after each run
 * would always start at zero. A file that another user could have written does not count.
 *
 * @throws SyscallError if the file exists and cannot be read; UnusableFileError if it is not a regular file
 */
export async function restoreMetrics(path: Bytes, version: string): Promise<RunMetrics> {
  const metrics = await RunMetrics.create(version);
  metrics.restore(parseExposition(earlierText(path) ?? ""));
  return metrics;
}

function earlierText(path: Bytes): string | undefined {
  try {
    using fd = openRegular(undefined, path, O_NOFOLLOW);
    const { uid, mode } = statx(fd);
    if (uid !== process.geteuid?.() || (mode & WRITABLE_BY_OTHERS) !== 0) return undefined;
    return toText(readAll(fd, LARGEST, path));
  } catch (error) {
    // ELOOP: a symlink, which is replaced.
    if (failedWith(error, "ENOENT", "ELOOP")) return undefined;
    throw error;
  }
}

/** Writes the metrics to the file, atomically. */
export async function writeMetrics(metrics: RunMetrics, path: Bytes): Promise<void> {
  const text = await metrics.text();
  using dir = openat(Fd.cwd, dirname(path), O_PATH | O_DIRECTORY);
  replaceFile(dir, basename(path), Buffer.from(text), MODE);
}

/** Adds one run to the metrics in a file. */
export async function addToMetricsFile(path: Bytes, record: RunRecord, version: string): Promise<void> {
  const metrics = await restoreMetrics(path, version);
  metrics.observe(record);
  await writeMetrics(metrics, path);
}
