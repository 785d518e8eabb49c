/**
 * The tmpfiles.d engine for programs: read configuration, check it, run it. Paths and other texts of configuration are
 * `Bytes` (see there), since file names need not be UTF-8.
 */
export { type Bytes, bytes, fromBuffer, show, toBuffer, toText } from "../base/bytes.js";
export type { Diagnostic, Severity } from "../base/errors.js";
export type { Event, KeepReason, Operation, Reporter, Source } from "../base/events.js";
export type { StopFlag } from "../base/stop.js";
export { type CheckOptions, check, FINDING_CODES, type Finding } from "./check/check.js";
export type { Rule } from "./check/rule.js";
export { RULES } from "./check/rules.js";
export { type ConfigText, readConfigFiles } from "./config/files.js";
export { type Loaded, type LoadOptions, loadItems } from "./config/items.js";
export { columnOf, type Field, type Line, type ParsedFile } from "./config/line.js";
export { parse } from "./config/parse.js";
export { SPECIFIERS, type Specifier } from "./config/specifiers.js";
export type { Age, Item, ItemGroup, Mode, Modifiers, Owner } from "./item.js";
export type { LineType } from "./line-type.js";
export { LINE_TYPES } from "./lines/index.js";
export { type ExitStatus, type RunOptions, run, type Summary } from "./run.js";
