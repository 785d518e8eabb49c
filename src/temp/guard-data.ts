/** The data that is passed to the thread that waits for signals. */
import type { Address } from "../sys/freeze.js";

export interface GuardData {
  /** Signal numbers. */
  readonly signals: readonly number[];
  /** Word 0 is one of the states below. From word 1 on, it has the number of the program's own listeners for each signal. */
  readonly shared: Int32Array;
  readonly mainThread: Address;
}

export const STARTING = 0;
export const WAITING = 1;
/** This version of Node.js cannot wait for signals in a thread. */
export const UNABLE = 2;
