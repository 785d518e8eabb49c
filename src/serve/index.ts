/** The public interface of this module. */
export { AgedPathsError, agedPathLines } from "./aged-paths.js";
export { addToMetricsFile } from "./metrics/textfile.js";
export { runRecorder } from "./run-record.js";
