/** The state of a schedule: how long ago the last run succeeded, across suspends, clock changes and reboots. */
import type { Nanoseconds } from "../../base/time.js";
import type { Moment } from "./moment.js";

/**
 * The time since the last run is counted, not computed from two readings of the wall clock: within a boot CLOCK_BOOTTIME
 * counts, so that setting the clock changes nothing. Only the time during which the host was off comes from the wall clock.
 */
export interface Stamp {
  /** The boot, and the time in it, up to which `age` is counted. */
  readonly bootId: string;
  readonly boot: Nanoseconds;
  /** The time since the last successful run, or, before the first one, since the schedule began. */
  readonly age: Nanoseconds;
  /** Whether a run has succeeded yet. */
  readonly succeeded: boolean;
  /** The wall clock then: at `boot`, or, if `unsettled` is set, when it was last trusted. */
  readonly wall: Nanoseconds;
  /** The part of `age` that was counted since `wall`, while the wall clock cannot be trusted after a reboot. */
  readonly unsettled?: Nanoseconds | undefined;
  /** What the wall clock showed when `age` was zero. */
  readonly began: Nanoseconds;
}

/** A stamp without a run. */
export function firstStamp({ bootId, boot, wall }: Moment): Stamp {
  return { bootId, boot, wall, began: wall, age: 0n, succeeded: false };
}

/** The stamp after a successful run. */
export function stampAfterRun(now: Moment): Stamp {
  return { ...firstStamp(now), succeeded: true };
}

/** The updated stamp. `trusted`: whether the wall clock tells how long the host was off. */
export function sighted(stamp: Stamp, now: Moment, trusted: boolean): Stamp {
  // A container may share the boot id, and have a CLOCK_BOOTTIME of its own (time_namespaces(7)).
  const sameBoot = stamp.bootId === now.bootId && now.boot >= stamp.boot;
  const passed = sameBoot ? now.boot - stamp.boot : now.boot;
  const counted = { ...stamp, bootId: now.bootId, boot: now.boot, age: stamp.age + passed };
  if (sameBoot && stamp.unsettled === undefined) return { ...counted, wall: now.wall };
  const unsettled = (stamp.unsettled ?? 0n) + passed;
  if (!trusted || now.wall < stamp.wall) return { ...counted, unsettled };
  const off = now.wall - stamp.wall - unsettled;
  return { ...counted, age: counted.age + (off > 0n ? off : 0n), wall: now.wall, unsettled: undefined };
}
