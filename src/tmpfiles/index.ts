/**
 * The tmpfiles.d engine for programs: read, check and run configuration. Paths and other text from configuration are
 * `Bytes`, because file names need not be UTF-8. Each blocking function has a `...Sync` version and one that returns a
 * promise and works in a thread of its own; see docs/tmpfiles.md.
 */
export { type Bytes, bytes, escapeForDisplay, fromBuffer, toBuffer, toText } from "../base/bytes.js";
export {
  type Diagnostic,
  type Severity,
  SyscallError,
  type UnsafePathCode,
  UnsafePathError,
} from "../base/errors.js";
export type {
  Event,
  InodeKind,
  KeepCode,
  KeepReason,
  Operation,
  Reporter,
  Source,
  TimestampName,
  WalkProgress,
} from "../base/events.js";
export type { StopFlag } from "../base/stop.js";
export type { Clock, Nanoseconds } from "../base/time.js";
export type { Mount } from "../sys/mountinfo.js";
export { KEEP_CODES } from "./ageing/guards.js";
export { checkSync, FINDING_CODES, type Finding } from "./check/check.js";
export type { FindingText } from "./check/explanations.js";
export type { Rule } from "./check/rule.js";
export { RULES } from "./check/rules.js";
export { type ConfigFiles, type ConfigFilesOptions, readConfigFilesSync } from "./config/files.js";
export { type Loaded, loadItemsSync } from "./config/items.js";
export { parse } from "./config/parse.js";
export { SPECIFIERS, type Specifier } from "./config/specifiers.js";
export { ItemError, type ItemErrorCode } from "./effects/item-error.js";
export { LINE_TYPES } from "./lines/index.js";
export { DIALECT_252, DIALECT_262, type Dialect } from "./model/dialect.js";
export {
  type Item,
  type ItemGroup,
  type LineKind,
  type LineType,
  type Owner,
  truncates,
} from "./model/item.js";
export type { CheckOptions, ConfigText, LoadOptions, RunOptions, ThreadRunOptions } from "./model/options.js";
export type { ExitStatus, LineSummary, Summary } from "./model/outcome.js";
export { runSync } from "./run/run.js";
export type { Age, AgeBy } from "./syntax/age.js";
export type { Budget, WaterMarks } from "./syntax/budget.js";
export { columnOf, type Field, type Line, type ParsedFile } from "./syntax/line.js";
export type { Mode } from "./syntax/mode.js";
export type { Modifiers } from "./syntax/modifiers.js";
export type { Pragmas } from "./syntax/pragma.js";
export { quotedPath, quotedPattern } from "./syntax/quote.js";
export { check, loadItems, ResidentEngine, readConfigFiles, run } from "./thread/promised.js";
