/** Nanoseconds since the epoch, as the kernel's timestamps are. Milliseconds lose what decides a tie. */
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
