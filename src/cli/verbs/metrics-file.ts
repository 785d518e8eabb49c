/** Writes the metrics of a run to a file, for --metrics-file. */
import type { Bytes } from "../../base/bytes.js";
import type { Operation, Reporter } from "../../base/events.js";
import { addToMetricsFile, runRecorder } from "../../serve/index.js";
import type { Summary } from "../../tmpfiles/index.js";
import { plainFailure } from "../format.js";
import { UsageError } from "../options.js";
import { version } from "../version.js";

export interface MetricsFileOptions {
  readonly path: Bytes;
  readonly operation: Operation;
  readonly dryRun: boolean;
  readonly root: Bytes | undefined;
}

export interface MetricsFile {
  /** The reporter that the run uses. */
  readonly reporter: Reporter;
  /** @throws Error if the file cannot be written */
  write(summary: Summary): Promise<void>;
}

export function metricsFile(options: MetricsFileOptions, reporter: Reporter): MetricsFile {
  const { path, operation, dryRun, root } = options;
  if (dryRun) throw new UsageError("options '--metrics-file' and '--dry-run' cannot be combined");
  const recorder = runRecorder({ operations: [operation], root, reporter });
  return {
    reporter: recorder,
    async write(summary) {
      try {
        await addToMetricsFile(path, recorder.record(summary), version());
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        throw new Error(`cannot write the metrics: ${plainFailure(path, error)}`, { cause: error });
      }
    },
  };
}
