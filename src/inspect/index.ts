/**
 * The public entry of mayfly/inspect: explain, forecast and watch; see docs/inspect.md. Paths are passed as strings or bytes, and returned as
 * `Bytes`, since file names need not be UTF-8: `escapeForDisplay` converts them to text, `toBuffer` to a path for node:fs.
 */
export {
  type Bytes,
  bytes,
  escapeForDisplay,
  fromBuffer,
  type PathInput,
  toBuffer,
  toText,
} from "../base/bytes.js";
export { type Diagnostic, type Severity, SyscallError } from "../base/errors.js";
export type { InodeKind, KeepCode, KeepReason, Source, TimestampName, WalkProgress } from "../base/events.js";
export type { StopFlag } from "../base/stop.js";
export type { Nanoseconds } from "../base/time.js";
export type { Actor, ActorSource, Victim, WatchEvent, WatchOperation } from "./events.js";
export { type CleanerVersion, ConfigurationError } from "./explain/configuration.js";
export { type ExplainOptions, explainSync } from "./explain/explain.js";
export type { Explanation, Reason, ReasonCode, TimestampVerdict } from "./explain/explanation.js";
export type { User, Uses } from "./explain/users.js";
export {
  type Day,
  type Forecast,
  type ForecastOptions,
  forecastSync,
  type LineSum,
  LONGEST_FORECAST,
  type Removal,
} from "./forecast/forecast.js";
export { explain, forecast, type ThreadForecastOptions } from "./promised.js";
export { EventCoalescer, type EventGroup } from "./watch/coalesce.js";
export type { Abilities, WatchFeature } from "./watch/protocol.js";
export { type Watch, type WatchOptions, watch } from "./watch/watch.js";
