/** What the thread that waits for signals is started with. */
import type { Address } from "../sys/freeze.js";

export interface GuardData {
  /** Signal numbers. */
  readonly signals: readonly number[];
  /** Word 0: one of the states below. From word 1 on, for each signal: how many listeners the program has itself. */
  readonly shared: Int32Array;
  readonly mainThread: Address;
}

export const STARTING = 0;
export const WAITING = 1;
/** This Node.js has no way to wait for signals in a thread. */
export const UNABLE = 2;
