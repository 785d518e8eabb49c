/** The current boot: its id, and when the host or the container started. */
import { readFileSync } from "node:fs";
import { type Nanoseconds, SECOND } from "../base/time.js";
import { startTicks } from "./processes.js";

/** Clock ticks in a second, as /proc counts them: USER_HZ is 100 on every architecture that Node runs on. */
const TICKS = 100n;

/** A random UUID that the kernel chooses at boot; containers share it with their host: random(4). */
export function currentBootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
}

/** The time on CLOCK_BOOTTIME at which the first process of this pid namespace started: the boot, or the container's start. */
export function initStarted(): Nanoseconds {
  return (BigInt(startTicks(1) ?? 0) * SECOND) / TICKS;
}
