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
  SIGNAL,
} from "../../base/arguments.js";
import { type Bytes, isAbsolute, isBytes } from "../../base/bytes.js";
import type { Operation, Reporter } from "../../base/events.js";
import type { StopFlag } from "../../base/stop.js";
import type { Clock } from "../../base/time.js";
import type { Mount } from "../../sys/mountinfo.js";
import type { Dialect } from "./dialect.js";

export interface CheckOptions extends Omit<LoadOptions, "boot" | "readOn" | "assumeSources" | "textsRead"> {
  /** What is mounted: by default what this process sees, and nothing below another root. */
  readonly mounts?: readonly Mount[];
}

export interface ConfigText {
  /** As messages name it. */
  readonly file: Bytes;
  readonly content: Bytes;
  /** Where a link among the configuration files leads. */
  readonly leadsTo?: Bytes;
}

export interface RunOptions extends LoadOptions {
  readonly operations: readonly Operation[];
  /** Say what would be done, and touch nothing. */
  readonly dryRun?: boolean;
  readonly clock?: Clock;
  /** On --clean, opens the directories of lines without an age too, as 262 does: who may not open one has failed. */
  readonly opensAgeless?: boolean;
  /** Threads that walk; as many as the machine has cores by default. */
  readonly jobs?: number | undefined;
  /** How many entries are looked at before more threads are started. */
  readonly parallelFrom?: number | undefined;
  /**
   * A file for what this run sees of each directory, so that the next need not look at files that can't be old yet:
   * docs/index-soundness.md. None by default.
   */
  readonly index?: Bytes | undefined;
  /**
   * Asks the run to stop early, from another thread or a signal handler. The entry at hand is finished, directories get
   * their times back, and locks are released; `Summary.interrupted` is true then.
   */
  readonly stop?: StopFlag | undefined;
}

/** How `run` differs from `runSync`: another thread can't call a clock or a dialect, and a signal stops it. */
export interface ThreadRunOptions extends Omit<RunOptions, "clock" | "dialect" | "stop" | "textsRead"> {
  /** Stops the run early, as `stop` does for `runSync`: the promise is fulfilled with a summary that is `interrupted`. */
  readonly signal?: AbortSignal | undefined;
}

/** What configuration counts, and what it is resolved against. */
export interface LoadOptions {
  /** --root: an absolute path, below which all lines and the configuration directories lie. Accounts are its own. */
  readonly root?: Bytes | undefined;
  /** --user: this user's configuration and directories. */
  readonly user?: boolean;
  /** --boot: lines with `!` count too. */
  readonly boot?: boolean;
  /** How lines are understood: `DIALECT_262` by default. Only for the Sync functions: a dialect cannot be sent to a thread. */
  readonly dialect?: Dialect;
  /** --graceful: lines keep their effect where their owner is unknown. */
  readonly graceful?: boolean;
  readonly prefixes?: readonly Bytes[];
  readonly excludePrefixes?: readonly Bytes[];
  /** Names, paths, or `-` for standard input; or lines (`inline`). Without any, all configuration files count. */
  readonly args?: readonly Bytes[];
  readonly inline?: boolean;
  /** A name among `args` that no configuration directory has is a file in the working directory. */
  readonly inWorkingDirectory?: boolean;
  /** --replace: `args` stand in for the configuration file of this path, among all the others. */
  readonly replace?: Bytes | undefined;
  /** Keeps what was read of `args`, for loading it again: a pipe can be read only once. */
  readonly textsRead?: Map<Bytes, ConfigText>;
  /** Take the sources of lines that copy or link as existing: they need not be installed where configuration is checked. */
  readonly assumeSources?: boolean;
  /** Read on after what would stop a run, to say all that is wrong. */
  readonly readOn?: boolean;
  /** For $XDG_..., $TMPDIR and $CREDENTIALS_DIRECTORY; the process's own by default. */
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
