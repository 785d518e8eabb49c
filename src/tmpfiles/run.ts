import type { Bytes } from "../base/bytes.js";
import type { Reporter } from "../base/events.js";
import type { Clock } from "../base/time.js";
import type { Hands } from "./hands.js";

/** What every handler needs to know of the run that it is part of. */
export interface Run {
  /** `/`, or the directory of --root: all items' paths lie below it, and symlinks resolve inside it. */
  readonly root: Bytes;
  readonly hands: Hands;
  readonly reporter: Reporter;
  readonly clock: Clock;
}
