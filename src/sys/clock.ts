/** Reads the clocks: clock_gettime(2), adjtimex(2). */
import { existsSync } from "node:fs";
import { type Clock, type Nanoseconds, SECOND } from "../base/time.js";
import { bind } from "./ffi.js";

const CLOCK_REALTIME = 0;
const CLOCK_BOOTTIME = 7;
/** What adjtimex(2) returns while STA_UNSYNC is set; -1 if it fails, for example by a seccomp filter. */
const TIME_ERROR = 5;
/** Larger than struct timex on every architecture. All zeros: nothing is changed. */
const TIMEX_SIZE = 512;
/** systemd-timesyncd creates it at the first synchronization after boot: systemd-timesyncd.service(8). */
const SYNCHRONIZED = "/run/systemd/timesync/synchronized";

const libc = {
  clockGettime: bind<[number, Buffer], number>("int clock_gettime(int clock, void *time)"),
  adjtimex: bind<[Buffer], number>("int adjtimex(void *timex)"),
};

/** Used for each reading, so that reading leaves nothing for the garbage collector. */
const time = Buffer.alloc(16);

function read(clock: number): Nanoseconds {
  libc.clockGettime(clock, time);
  return time.readBigInt64LE(0) * SECOND + time.readBigInt64LE(8);
}

/** The host's wall clock in nanoseconds. Date has only milliseconds; `performance` drifts when the clock is set. */
export const systemClock: Clock = { now: () => read(CLOCK_REALTIME) };

/** The time since boot, suspends included. Nobody can set this clock. */
export function bootTime(): Nanoseconds {
  return read(CLOCK_BOOTTIME);
}

/** Whether an NTP client has set the wall clock since boot, as far as the kernel or systemd-timesyncd knows. */
export function isClockSynchronized(): boolean {
  const state = libc.adjtimex(Buffer.alloc(TIMEX_SIZE));
  return (state >= 0 && state !== TIME_ERROR) || existsSync(SYNCHRONIZED);
}
