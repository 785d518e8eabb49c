/** Reads the wall clock: clock_gettime(2). */
import { type Clock, SECOND } from "../base/time.js";
import { bind } from "./ffi.js";

const CLOCK_REALTIME = 0;

const clockGettime = bind<[number, Buffer], number>("int clock_gettime(int clock, void *time)");

/** The host's wall clock in nanoseconds. Date has only milliseconds; `performance` drifts when the clock is set. */
export const systemClock: Clock = {
  now() {
    const time = Buffer.alloc(16);
    clockGettime(CLOCK_REALTIME, time);
    return time.readBigInt64LE(0) * SECOND + time.readBigInt64LE(8);
  },
};
