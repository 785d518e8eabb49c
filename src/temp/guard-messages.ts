import type { Parcel } from "./hand-over.js";

/** What the guard's thread is started with. */
export interface GuardData {
  /** Signal numbers. */
  readonly signals: readonly number[];
  /** Word 0: one of the states below. From word 1 on, for each signal: how many listeners the program has itself. */
  readonly shared: Int32Array;
}

export const STARTING = 0;
export const WAITING = 1;
/** This Node has no way to hear signals in a thread. */
export const UNABLE = 2;
export type GuardState = typeof STARTING | typeof WAITING | typeof UNABLE;

/** What comes and goes, as it happens. */
export type GuardMessage = { readonly held: Parcel } | { readonly released: Parcel };
