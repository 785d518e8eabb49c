/** Checks the options of `run` and `check`, which the calling program may get wrong. */
import {
  BOOLEAN,
  choices,
  type Expectation,
  FUNCTION,
  listOf,
  OBJECT,
  requireArgument,
  requireOptions,
  SIGNAL,
} from "../../base/arguments.js";
import { type Bytes, isAbsolute, isBytes } from "../../base/bytes.js";
import type { Operation, Reporter } from "../../base/events.js";
import type { StopFlag } from "../../base/stop.js";
import type { Clock } from "../../base/time.js";
import type { Mount } from "../../sys/mountinfo.js";
import type { Dialect } from "./dialect.js";

export interface CheckOptions extends Omit<LoadOptions, "boot" | "readOn" | "assumeSources" | "textsRead"> {
  /** The mounts: by default those of this process, and none below another root. */
  readonly mounts?: readonly Mount[];
}

export interface ConfigText {
  /** Its name in messages. */
  readonly file: Bytes;
  readonly content: Bytes;
  /** The target of a symlink among the configuration files. */
  readonly leadsTo?: Bytes;
}

export interface RunOptions extends LoadOptions {
  readonly operations: readonly Operation[];
  /** Report what would be done, and change nothing. */
  readonly dryRun?: boolean;
  readonly clock?: Clock;
  /**
   * On --clean, also open the directories of lines without an age, as 262 does, and report a failure if that is not
   * permitted.
   */
  readonly opensAgeless?: boolean;
  /** The number of threads that walk; by default the machine's number of cores. */
  readonly jobs?: number | undefined;
  /** The number of entries to walk before more threads start. */
  readonly parallelFrom?: number | undefined;
  /**
   * A file for what this run observes about each directory, so that the next can skip files that cannot be old yet:
   * docs/index-soundness.md. None by default.
   */
  readonly index?: Bytes | undefined;
  /**
   * Asks the run to stop early, from another thread or a signal handler. The run finishes the current entry, restores the
   * times of directories and releases locks; then `Summary.interrupted` is true.
   */
  readonly stop?: StopFlag | undefined;
}

/** How `run` differs from `runSync`: another thread cannot call a clock or a dialect, and an abort signal stops it. */
export interface ThreadRunOptions extends Omit<RunOptions, "clock" | "dialect" | "stop" | "textsRead"> {
  /** Stops the run early, as `stop` does for `runSync`: the promise is fulfilled with a summary that is `interrupted`. */
  readonly signal?: AbortSignal | undefined;
}

/** Which configuration to load, and what it is resolved against. */
export interface LoadOptions {
  /** --root: an absolute path, below which all lines and the configuration directories are. It has its own accounts. */
  readonly root?: Bytes | undefined;
  /** --user: this user's configuration and directories. */
  readonly user?: boolean;
  /** --boot: also apply lines with `!`. */
  readonly boot?: boolean;
  /**
   * How lines are interpreted: `DIALECT_262` by default. Only for the Sync functions: a dialect cannot be sent to a thread.
   */
  readonly dialect?: Dialect;
  /** --graceful: lines apply even if their owner is unknown. */
  readonly graceful?: boolean;
  readonly prefixes?: readonly Bytes[];
  readonly excludePrefixes?: readonly Bytes[];
  /** Names, paths, or `-` for standard input; or lines (`inline`). Without any, all configuration files are used. */
  readonly args?: readonly Bytes[];
  readonly inline?: boolean;
  /** Look for a name among `args` that no configuration directory contains in the working directory. */
  readonly inWorkingDirectory?: boolean;
  /** --replace: `args` take the place of the configuration file at this path, among all others. */
  readonly replace?: Bytes | undefined;
  /** Caches the contents of `args`, to load them again: a pipe can be read only once. */
  readonly textsRead?: Map<Bytes, ConfigText>;
  /**
   * Assume that the sources of lines that copy or link exist: they need not be installed where configuration is checked.
   */
  readonly assumeSources?: boolean;
  /** Continue after errors that would stop a run, to report all of them. */
  readonly readOn?: boolean;
  /** The environment for $XDG_..., $TMPDIR and $CREDENTIALS_DIRECTORY; by default the process's own. */
  readonly environment?: NodeJS.ProcessEnv;
}

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
  dialect: OBJECT,
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

const { clock: _clock, dialect: _dialect, stop: _stop, textsRead: _texts, ...THREAD } = RUN;
const THREAD_RUN: Record<keyof ThreadRunOptions, Expectation> = { ...THREAD, signal: SIGNAL };

/** @throws TypeError */
export function requireRunOptions(options: RunOptions, reporter: Reporter): void {
  requireOptions("run", options, RUN);
  requireRun(options, reporter);
}

/** @throws TypeError */
export function requireThreadRunOptions(options: ThreadRunOptions, reporter: Reporter): void {
  requireOptions("run", options, THREAD_RUN);
  requireRun(options, reporter);
}

function requireRun(options: ThreadRunOptions, reporter: Reporter): void {
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
