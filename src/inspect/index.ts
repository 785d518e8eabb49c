/** explain, forecast and watch for programs. */
export { type CleanerVersion, ConfigurationError } from "./explain/configuration.js";
export {
  type ExplainOptions,
  type Explanation,
  explain,
  type Reason,
  type ReasonCode,
  type TimestampVerdict,
} from "./explain/explain.js";
export type { User, Uses } from "./explain/users.js";
export {
  type Day,
  type Forecast,
  type ForecastOptions,
  forecast,
  LONGEST_FORECAST,
  type Removal,
} from "./forecast/forecast.js";
export type { PathInput } from "./paths.js";
export type { Actor, ActorSource, Victim, WatchEvent, WatchOperation } from "./watch/event.js";
export { type Block, Folder } from "./watch/fold.js";
export type { Abilities } from "./watch/protocol.js";
export { type Watch, type WatchOptions, watch } from "./watch/watch.js";
