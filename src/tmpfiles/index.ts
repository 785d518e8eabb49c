export type { Diagnostic } from "../base/errors.js";
export type { Event, Reporter } from "../base/events.js";
export { type ConfigText, readConfigFiles } from "./config.js";
export { type Loaded, type LoadOptions, loadItems } from "./items.js";
export { type ExitStatus, type RunOptions, run, type Summary } from "./run.js";
