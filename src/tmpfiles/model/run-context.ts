/** The context of a run, as handlers see it. */
import type { Bytes } from "../../base/bytes.js";
import type { Reporter } from "../../base/events.js";
import type { StopFlag } from "../../base/stop.js";
import type { Clock } from "../../base/time.js";
import type { Walker } from "../ageing/walker.js";
import type { Effects } from "../effects/effects.js";
import type { Outcome } from "./outcome.js";

/** What every handler needs to know about its run. */
export interface RunContext {
  /** `/`, or the directory of --root: all items' paths are below it, and symlinks resolve inside it. */
  readonly root: Bytes;
  /** For a run that only reads: preserve the access times of symlinks. */
  readonly preserveAtime: boolean;
  readonly effects: Effects;
  readonly reporter: Reporter;
  /** Each item reads it again: an age of 0 applies also to entries that earlier items changed. */
  readonly clock: Clock;
  /** Whether the clock is synchronized, for lines that clean only then. A run that only reads assumes it. */
  readonly isClockSynchronized: () => boolean;
  /** Walks below the items' paths. */
  readonly walker: Walker;
  readonly outcome: Outcome;
  readonly opensAgeless: boolean;
  readonly stop?: StopFlag | undefined;
}
