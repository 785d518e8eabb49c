/** explain, forecast and watch for programs. */

export type { PathInput } from "../base/bytes.js";
export type { Actor, ActorSource, Victim, WatchEvent, WatchOperation } from "./events.js";
export { type CleanerVersion, ConfigurationError } from "./explain/configuration.js";
export { type ExplainOptions, explain } from "./explain/explain.js";
export type { Explanation, Reason, ReasonCode, TimestampVerdict } from "./explain/explanation.js";
export type { User, Uses } from "./explain/users.js";
export {
  type Day,
  type Forecast,
  type ForecastOptions,
  forecast,
  LONGEST_FORECAST,
  type Removal,
} from "./forecast/forecast.js";
export { EventCoalescer, type EventGroup } from "./watch/coalesce.js";
export type { Abilities } from "./watch/protocol.js";
export { type Watch, type WatchOptions, watch } from "./watch/watch.js";
