/** Calendar expressions in the syntax of crontab(5), computed by croner. */
import type { Cron } from "#croner";
import type { Nanoseconds } from "../../base/time.js";

const MILLISECOND: Nanoseconds = 1_000_000n;

/** The times that match a calendar expression. */
export interface Calendar {
  readonly expression: string;
  /** The first time after `time`; undefined if there is none. */
  next(time: Nanoseconds): Nanoseconds | undefined;
}

/**
 * A calendar expression with five fields, such as `30 3 * * *`, or a nickname such as `@daily`: crontab(5). Times are local
 * unless `timeZone`, an IANA name, is given. Croner only computes times here: its timers follow the wall clock.
 *
 * @throws Error if the expression is not valid or never matches.
 */
export async function parseCalendar(expression: string, timeZone?: string): Promise<Calendar> {
  const { Cron } = await import("#croner");
  const options = {
    mode: "5-part",
    paused: true,
    ...(timeZone === undefined ? {} : { timezone: timeZone }),
  } as const;
  let cron: Cron;
  try {
    cron = new Cron(expression, options);
  } catch (cause) {
    throw new Error(`'${expression}' is not a valid calendar expression: ${reasonOf(cause)}`, { cause });
  }
  const next = (time: Nanoseconds): Nanoseconds | undefined => {
    const found = cron.nextRun(new Date(Number(time / MILLISECOND)));
    return found === null ? undefined : BigInt(found.getTime()) * MILLISECOND;
  };
  if (next(0n) === undefined) throw new Error(`the calendar expression '${expression}' names no time`);
  return { expression, next: remembering(next) };
}

/** Caches the result: computing it takes a hundred times as long as a comparison, and it is needed once a minute. */
function remembering(next: Calendar["next"]): Calendar["next"] {
  let last = { from: 0n, found: 0n };
  return (time) => {
    if (time >= last.from && time < last.found) return last.found;
    const found = next(time);
    if (found !== undefined) last = { from: time, found };
    return found;
  };
}

/** Croner's messages begin with the name of its class. */
function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message.replace(/^Cron\w+: /, "");
}
