/** `createCleaner`: keeps a program's own temporary directory in order. Loads the engine only when a cleaner starts. */
import { readlinkSync } from "node:fs";
import {
  BOOLEAN,
  type Expectation,
  type Expectations,
  either,
  FUNCTION,
  listOf,
  OBJECT,
  PATH,
  requireArgument,
  requireOptions,
} from "../../base/arguments.js";
import {
  type Bytes,
  bytes,
  fromBuffer,
  isAbsolute,
  join,
  normalize,
  type PathInput,
} from "../../base/bytes.js";
import { parseTimeSpan } from "../../base/time-span.js";
import type { RunningCleaner } from "./cleaner.js";
import type { Cleaner, CleanerOptions } from "./cleaner-types.js";

const SPAN: Expectation = {
  what: 'a time span such as "1d" or "12h"',
  accepts: (value) => typeof value === "string" && parseTimeSpan(bytes(value)) !== undefined,
};
const INTERVAL: Expectation = {
  what: 'a time span of at least a millisecond, such as "1h"',
  accepts: (value) => SPAN.accepts(value) && (parseTimeSpan(bytes(value as string)) ?? 0n) >= 1_000_000n,
};
const TIMESTAMPS: Expectation = {
  what: 'letters of a, b, c, m, A, B, C and M, such as "mM"',
  accepts: (value) => typeof value === "string" && /^[abcmABCM]+$/.test(value),
};
const PATTERN: Expectation = {
  what: "a pattern that is not empty",
  accepts: (value) => typeof value === "string" && value !== "" && !value.includes("\0"),
};

const OPTIONS: Expectations & Record<keyof CleanerOptions, Expectation> = {
  path: either(PATH, listOf(PATH)),
  olderThan: SPAN,
  every: INTERVAL,
  ageBy: TIMESTAMPS,
  keepFirstLevel: BOOLEAN,
  exclude: listOf(PATTERN),
  dryRun: BOOLEAN,
  logger: OBJECT,
  keepAlive: BOOLEAN,
};

/**
 * A cleaner for directories of the program's own, with the engine, the guards and the locks of `mayfly clean PATH
 * --older-than`. It runs in a thread, so that the event loop goes on, and needs no configuration.
 *
 * @throws TypeError if an option is not valid.
 */
export function createCleaner(options: CleanerOptions): Cleaner {
  requireOptions("createCleaner", options, OPTIONS);
  for (const name of ["path", "olderThan"] as const)
    requireArgument("createCleaner", `options.${name}`, options[name], OPTIONS[name] as Expectation);
  for (const name of ["info", "warn", "error"] as const)
    if (options.logger !== undefined)
      requireArgument("createCleaner", `options.logger.${name}`, options.logger[name], FUNCTION);
  // Resolved now, not at each run, since the program may change its working directory.
  const paths = listed(options.path).map(absolute);
  let loaded: Promise<RunningCleaner> | undefined;
  const running = (): Promise<RunningCleaner> => {
    loaded ??= import("./cleaner.js").then(({ RunningCleaner }) => new RunningCleaner(paths, options));
    return loaded;
  };
  const stop = async (): Promise<void> => {
    const cleaner = await loaded;
    loaded = undefined;
    await cleaner?.stop();
  };
  return {
    start: async () => (await running()).start(),
    runNow: async () => (await running()).runNow(),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function listed(path: PathInput | readonly PathInput[]): readonly PathInput[] {
  return typeof path === "string" || path instanceof Uint8Array ? [path] : path;
}

function absolute(path: PathInput): Bytes {
  const given = typeof path === "string" ? bytes(path) : fromBuffer(path);
  if (isAbsolute(given)) return normalize(given);
  return normalize(join(fromBuffer(readlinkSync("/proc/self/cwd", { encoding: "buffer" })), given));
}
