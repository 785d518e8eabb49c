export type { Diagnostic } from "../base/errors.js";
export type { Event, Reporter } from "../base/events.js";
export { type Loaded, type LoadOptions, loadItems } from "./items.js";
