/** The clocks that a schedule reads. */
import type { Nanoseconds } from "../../base/time.js";
import { currentBootId, initStarted } from "../../sys/boot.js";
import { bootTime, isClockSynchronized, systemClock } from "../../sys/clock.js";

/** The readings of the host's clocks at one moment. */
export interface Moment {
  readonly bootId: string;
  /** CLOCK_BOOTTIME, which nobody can set and which goes on while the host is suspended. */
  readonly boot: Nanoseconds;
  /** CLOCK_REALTIME, which may jump. */
  readonly wall: Nanoseconds;
  /** Whether an NTP client has set the wall clock. */
  readonly synchronized: boolean;
}

export interface HostClock {
  /** When the host booted or the container started, on CLOCK_BOOTTIME. */
  readonly started: Nanoseconds;
  now(): Moment;
}

export function hostClock(): HostClock {
  const [id, started] = [currentBootId(), initStarted()];
  return {
    started,
    now: () => ({
      bootId: id,
      boot: bootTime(),
      wall: systemClock.now(),
      synchronized: isClockSynchronized(),
    }),
  };
}
