/** The public interface of this module. */
export { AgedPathsError, agedPathLines } from "./aged-paths.js";
export { parseListenAddress } from "./metrics/address.js";
export { LiveReport } from "./metrics/live-report.js";
export { successLimit } from "./metrics/overdue.js";
export { MetricsService } from "./metrics/service.js";
export { addToMetricsFile } from "./metrics/textfile.js";
export { type RunRecord, runRecorder } from "./run-record.js";
export { parseCalendar } from "./schedule/calendar.js";
export { delayOf, hostIdentity } from "./schedule/delay.js";
export { hostClock } from "./schedule/moment.js";
export { type Schedule, SETTLING, type Timing } from "./schedule/schedule.js";
export { serve, serveOnce } from "./serve.js";
export type { AtStart } from "./service.js";
export type { ServiceEvent } from "./service-event.js";
export { runsIn, savedRuns, saveRun } from "./state/history.js";
export { NO_STORE, stampStore } from "./state/stamp-store.js";
export { defaultStateDirectory, StateDirectory } from "./state/state-directory.js";
