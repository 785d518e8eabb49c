/** Decides when a run is due. Pure: the clocks, the stamp and the host's own delay are arguments. */
import { type Nanoseconds, SECOND } from "../../base/time.js";
import type { Calendar } from "./calendar.js";
import type { HostClock, Moment } from "./moment.js";
import type { Stamp } from "./stamp.js";

/** At an interval after the last success, or at the times of a calendar. */
export type Timing =
  | { readonly kind: "interval"; readonly every: Nanoseconds }
  | { readonly kind: "calendar"; readonly calendar: Calendar };

export interface Schedule {
  readonly timing: Timing;
  /** The time after boot, or after the container's start, before the first run, since programs are still starting: `SETTLING`. */
  readonly settling: Nanoseconds;
  /** The delay of this host, so that hosts with the same schedule do not run at the same time: `delayOf`. */
  readonly delay: Nanoseconds;
  /** No run before an NTP client has set the wall clock. */
  readonly afterClockSync: boolean;
}

export type Decision =
  | { readonly due: true }
  /** `at` is on CLOCK_BOOTTIME, provided that the wall clock is not set before. Undefined if a run waits for NTP only, or if none is to come. */
  | {
      readonly due: false;
      readonly at: Nanoseconds | undefined;
      readonly waitsFor: "time" | "settling" | "clock-sync";
    };

/** As OnBootSec= of systemd-tmpfiles-clean.timer. */
export const SETTLING: Nanoseconds = 900n * SECOND;

/** As in Debian's cron(8): if the clock is set back by less than this, what already ran does not run again. */
const LARGE_STEP: Nanoseconds = 3n * 3600n * SECOND;

/**
 * Whether the wall clock can be trusted to tell how long the host was off. A clock that was wrong at boot has been set by the time programs have
 * started, if there is an NTP client.
 */
export function isWallClockTrusted(schedule: Schedule, clock: HostClock, now: Moment): boolean {
  if (now.synchronized) return true;
  return !schedule.afterClockSync && now.boot >= clock.started + schedule.settling;
}

/** `stamp` is up to date. */
export function decide(schedule: Schedule, stamp: Stamp, clock: HostClock, now: Moment): Decision {
  const { settling, delay, afterClockSync } = schedule;
  const earliest = settling === 0n ? 0n : clock.started + settling + delay;
  const due = dueTime(schedule, stamp, now);
  if (due === undefined) return { due: false, at: undefined, waitsFor: "time" };
  if (due > now.boot) return { due: false, at: due > earliest ? due : earliest, waitsFor: "time" };
  if (earliest > now.boot) return { due: false, at: earliest, waitsFor: "settling" };
  if (afterClockSync && !now.synchronized) return { due: false, at: undefined, waitsFor: "clock-sync" };
  return { due: true };
}

/** When a run is due on CLOCK_BOOTTIME; undefined if never. The first run of an interval is due at once. */
function dueTime({ timing, delay }: Schedule, stamp: Stamp, now: Moment): Nanoseconds | undefined {
  if (timing.kind === "interval") return stamp.succeeded ? stamp.boot - stamp.age + timing.every : stamp.boot;
  const occurrence = timing.calendar.next(lastCovered(stamp, now));
  return occurrence === undefined ? undefined : now.boot + (occurrence + delay - now.wall);
}

/**
 * The wall-clock time up to which the last run covers the calendar: what the clock showed then. A clock set forward skips
 * times, which one run makes up for. A clock set back brings times again, which are new ones only if it was a large step.
 */
function lastCovered({ age, began }: Stamp, now: Moment): Nanoseconds {
  const asSetNow = now.wall - age;
  return began - asSetNow >= LARGE_STEP ? asSetNow : began;
}
