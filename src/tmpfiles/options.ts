/** Checks the options of `run` and `check`: a mistake of the calling program, not of a line. */
import {
  BOOLEAN,
  choices,
  type Expectation,
  FUNCTION,
  listOf,
  OBJECT,
  requireArgument,
  requireOptions,
} from "../base/arguments.js";
import { isAbsolute, isBytes } from "../base/bytes.js";
import type { Reporter } from "../base/events.js";
import type { CheckOptions } from "./check/check.js";
import type { LoadOptions } from "./config/items.js";
import type { RunOptions } from "./run.js";

const BYTES: Expectation = { what: 'Bytes, made by bytes("...")', accepts: isBytes };
const ABSOLUTE: Expectation = {
  what: 'an absolute path in Bytes, made by bytes("/...")',
  accepts: (value) => isBytes(value) && isAbsolute(value),
};
const COUNT: Expectation = {
  what: "an integer above 0",
  accepts: (value) => Number.isSafeInteger(value) && Number(value) > 0,
};
const SIZE: Expectation = {
  what: "a number that is not negative",
  accepts: (value) => typeof value === "number" && value >= 0,
};
const OPERATIONS = listOf(choices("create", "remove", "clean", "purge"));

const LOAD: Record<keyof LoadOptions, Expectation> = {
  args: listOf(BYTES),
  inline: BOOLEAN,
  inWorkingDirectory: BOOLEAN,
  root: ABSOLUTE,
  user: BOOLEAN,
  boot: BOOLEAN,
  graceful: BOOLEAN,
  prefixes: listOf(BYTES),
  excludePrefixes: listOf(BYTES),
  replace: ABSOLUTE,
  environment: OBJECT,
  asIn252: BOOLEAN,
  textsRead: OBJECT,
  assumeSources: BOOLEAN,
  readOn: BOOLEAN,
};
const CHECK: Record<keyof CheckOptions | keyof LoadOptions, Expectation> = {
  ...LOAD,
  mounts: listOf(OBJECT),
};
const RUN: Record<keyof RunOptions, Expectation> = {
  operations: OPERATIONS,
  ...LOAD,
  dryRun: BOOLEAN,
  stop: OBJECT,
  clock: OBJECT,
  opensAgeless: BOOLEAN,
  jobs: COUNT,
  parallelFrom: SIZE,
  index: BYTES,
};

/** @throws TypeError */
export function requireRunOptions(options: RunOptions, reporter: Reporter): void {
  requireOptions("run", options, RUN);
  requireArgument("run", "options.operations", options.operations, OPERATIONS);
  const { operations, args = [], replace } = options;
  require(operations.length >
    0, "options.operations must have at least one of create, remove, clean and purge");
  const named = args.length > 0;
  require(named || !operations.includes("purge"), "options.args must name the configuration to purge");
  require(replace === undefined ||
    named, "options.args must name the configuration that takes the place of options.replace");
  requireArgument("run", "reporter", reporter, OBJECT);
  requireArgument("run", "reporter.report", reporter.report, FUNCTION);
}

/** @throws TypeError */
export function requireCheckOptions(options: CheckOptions): void {
  requireOptions("check", options, CHECK);
}

function require(holds: boolean, expected: string): void {
  if (!holds) throw new TypeError(`run: ${expected}`);
}
