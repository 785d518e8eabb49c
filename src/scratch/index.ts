/** Cleaning one large tree from many hosts, on an existing queue. */
export { coordinate, type RunResult } from "./coordinator.js";
export { JournalReader } from "./journal.js";
export { loadPolicy } from "./policy.js";
export { openNats } from "./queue/nats.js";
export type { Presence, Run, RunState } from "./queue/queue.js";
export type { QueueSettings } from "./queue/settings.js";
export { openRoot } from "./root-directory.js";
export { NO_LIMIT, runLimit } from "./run-limit.js";
export { type WorkerResult, work } from "./worker.js";
