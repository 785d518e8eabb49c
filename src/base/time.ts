/** Timestamps and clocks in nanoseconds, and their text formats. */

/** Nanoseconds since the epoch, the resolution of kernel timestamps. Milliseconds would be too coarse to order changes. */
export type Nanoseconds = bigint;

export interface Clock {
  /** The wall clock (CLOCK_REALTIME). */
  now(): Nanoseconds;
}

export const SECOND: Nanoseconds = 1_000_000_000n;
export const MICROSECOND: Nanoseconds = 1_000n;
export const DAY: Nanoseconds = 86_400n * SECOND;

export function fixedClock(at: Nanoseconds): Clock {
  return { now: () => at };
}

/** The latest time that a JavaScript Date can represent; its negative is the earliest. */
const LAST: Nanoseconds = 8_640_000_000_000_000n * 1_000_000n;

/** Whether a Date can represent the time. File systems can store any 64-bit number of seconds. */
export function hasDate(time: Nanoseconds): boolean {
  return time >= -LAST && time <= LAST;
}

/** For people: local time, as `2026-12-04 10:30`, or `2026-12-04 10:30:15`. `@SECONDS` for a time that a Date cannot represent. */
export function localTime(time: Nanoseconds, precision: "day" | "minute" | "second" = "minute"): string {
  if (!hasDate(time)) return `@${time / SECOND}`;
  const date = new Date(Number(floorTo(time, 1_000_000n) / 1_000_000n));
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  if (precision === "day") return day;
  const minute = `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
  return precision === "minute" ? minute : `${minute}:${two(date.getSeconds())}`;
}

/** For programs: RFC 3339 in UTC, to the nanosecond. `@SECONDS` for a time that a Date cannot represent. */
export function utcTime(time: Nanoseconds): string {
  if (!hasDate(time)) return `@${time / SECOND}`;
  const second = floorTo(time, SECOND);
  const fraction = String(time - second).padStart(9, "0");
  return new Date(Number(second / 1_000_000n)).toISOString().replace(/\.\d+Z$/, `.${fraction}Z`);
}

/** Rounds down, even before the epoch. */
function floorTo(time: Nanoseconds, unit: Nanoseconds): Nanoseconds {
  return time - (((time % unit) + unit) % unit);
}
