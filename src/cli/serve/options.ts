/** The options of `mayfly serve`, and the settings that result from them. */
import { type Bytes, bytes, escapeForDisplay, toText } from "../../base/bytes.js";
import { MICROSECOND, type Nanoseconds, SECOND } from "../../base/time.js";
import { parseTimeSpan } from "../../base/time-span.js";
import {
  type AtStart,
  delayOf,
  hostIdentity,
  parseCalendar,
  type Schedule,
  SETTLING,
  type Timing,
} from "../../serve/index.js";
import { type Option, UsageError, type Values } from "../options.js";
import { METRICS_OPTIONS } from "./metrics.js";

const SCHEDULE = "Schedule";
const CONFIGURATION = "Configuration";
const STATE = "State and logs";

export const SERVE_OPTIONS = [
  {
    name: "every",
    value: "SPAN",
    group: SCHEDULE,
    help: "Clean SPAN after the last success (1d by default)",
    more: "A time span of **systemd.time**(7), such as **12h** or **1d**.",
  },
  {
    name: "calendar",
    value: "EXPRESSION",
    group: SCHEDULE,
    help: "Clean at times of a calendar instead, such as '30 3 * * *'",
    more: "Five fields as in **crontab**(5), in local time, or a nickname such as **@daily**. A time that passed while the host was off or suspended is made up for once.",
  },
  {
    name: "jitter",
    value: "SPAN",
    group: SCHEDULE,
    help: "Delay runs by a part of SPAN that this host always has (5min by default)",
    more: "The part depends on the machine ID and the host name, so that hosts with the same schedule do not run at the same time.",
  },
  {
    name: "settle",
    value: "SPAN",
    group: SCHEDULE,
    help: "Do not clean before SPAN after boot or the container's start (15min by default)",
  },
  {
    name: "after-clock-sync",
    group: SCHEDULE,
    help: "Do not clean before the clock is synchronized, so that nothing looks old because the clock is wrong",
    more: "The clock counts as synchronized if **adjtimex**(2) or systemd-timesyncd says so.",
  },
  { name: "now", group: SCHEDULE, help: "Clean at once, besides the schedule" },
  { name: "once", group: SCHEDULE, help: "Clean if a run is due, and exit" },
  {
    name: "config",
    value: "CONFIG",
    multiple: true,
    completes: "config",
    group: CONFIGURATION,
    help: "Use this configuration file instead of all of the host's; may be repeated",
  },
  {
    name: "inline",
    value: "LINE",
    multiple: true,
    group: CONFIGURATION,
    help: "Use this line of configuration instead; may be repeated",
  },
  {
    name: "user",
    group: CONFIGURATION,
    help: "Use the user's own configuration (user-tmpfiles.d) instead of the system's",
  },
  {
    name: "root",
    value: "PATH",
    completes: "directory",
    group: CONFIGURATION,
    help: "Operate on the tree below PATH, with its configuration and its accounts",
  },
  {
    name: "at-start",
    value: "WHAT",
    choices: ["boot", "create", "none"],
    group: CONFIGURATION,
    help: "What to do first: create, or remove and create as at boot, or none",
    more: "**boot** applies lines marked with ! too, and is the default as PID 1 without --root, where nothing else runs yet. **create** is the default otherwise. Paths below /dev are left alone.",
  },
  {
    name: "state-dir",
    value: "DIR",
    completes: "directory",
    group: STATE,
    help: "Keep the lock and the time of the last run in DIR",
  },
  { name: "no-state", group: STATE, help: "Keep no lock and no time of the last run" },
  ...METRICS_OPTIONS,
  { name: "no-index", group: STATE, help: "Do not use the index of previous runs" },
  { name: "json", group: STATE, help: "Log to standard output, one JSON object per line" },
  { short: "v", name: "verbose", group: STATE, help: "Log each path that is created, changed or removed" },
  {
    name: "grace",
    value: "SPAN",
    help: "Kill COMMAND if it still runs SPAN after SIGTERM (90s by default)",
  },
] as const satisfies readonly Option[];

export type ServeValues = Values<typeof SERVE_OPTIONS>;

const DAILY: Nanoseconds = 86_400n * SECOND;
const SHORTEST: Nanoseconds = 1000n * MICROSECOND;

/** @throws UsageError */
export async function scheduleOf(options: ServeValues): Promise<Schedule> {
  const { every, calendar } = options;
  if (every !== undefined && calendar !== undefined)
    throw new UsageError("options '--every' and '--calendar' cannot be combined");
  const timing = calendar === undefined ? intervalOf(every) : await calendarOf(calendar);
  return {
    timing,
    settling: spanOf("settle", options.settle, SETTLING),
    delay: delayOf(hostIdentity(), spanOf("jitter", options.jitter, 300n * SECOND)),
    afterClockSync: options["after-clock-sync"],
  };
}

function intervalOf(text: Bytes | undefined): Timing {
  const every = spanOf("every", text, DAILY);
  if (every < SHORTEST) throw new UsageError("option '--every' expects a time span of at least 1ms");
  return { kind: "interval", every };
}

async function calendarOf(text: Bytes): Promise<Timing> {
  try {
    return { kind: "calendar", calendar: await parseCalendar(toText(text)) };
  } catch (error) {
    throw new UsageError(`option '--calendar': ${(error as Error).message}`);
  }
}

export function spanOf(name: string, text: Bytes | undefined, fallback: Nanoseconds): Nanoseconds {
  if (text === undefined) return fallback;
  const span = parseTimeSpan(text);
  if (span !== undefined) return span;
  throw new UsageError(
    `option '--${name}' expects a time span such as 30s, 12h or 1d, not '${escapeForDisplay(text)}'`,
  );
}

/** PID 1 starts before all other programs of its tree. In the tree of --root, a host may be running. */
export function atStartOf(options: ServeValues): AtStart {
  const given = (["boot", "create", "none"] as const).find((each) => bytes(each) === options["at-start"]);
  return given ?? (process.pid === 1 && options.root === undefined ? "boot" : "create");
}

/** The engine's options for the configuration. @throws UsageError */
export function configurationOf({ config, inline, user, root }: ServeValues, absolute: Bytes | undefined) {
  if (config.length > 0 && inline.length > 0)
    throw new UsageError("options '--config' and '--inline' cannot be combined");
  if (user && root !== undefined) throw new UsageError("options '--user' and '--root' cannot be combined");
  const isInline = inline.length > 0;
  return { args: isInline ? inline : config, inline: isInline, user, root: absolute };
}
