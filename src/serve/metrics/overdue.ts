/** How long a schedule may go without a success before /healthz reports it. */
import { type Nanoseconds, SECOND } from "../../base/time.js";
import { systemClock } from "../../sys/clock.js";
import type { Schedule, Timing } from "../schedule/schedule.js";

/** One run may fail or be late; two in a row are a problem. */
const MOST_INTERVALS = 2n;
/** An allowance for the duration of a run. */
const SLACK: Nanoseconds = 300n * SECOND;
/** The number of future runs to examine: enough for the longest gap of a calendar such as "on weekdays". */
const GAPS = 16;

/** The longest time between two successes, in seconds; undefined if the schedule has no further runs. */
export function successLimit({ timing, settling, delay }: Schedule): number | undefined {
  const interval = intervalOf(timing);
  if (interval === undefined) return undefined;
  return Number((MOST_INTERVALS * interval + settling + delay + SLACK) / SECOND);
}

function intervalOf(timing: Timing): Nanoseconds | undefined {
  if (timing.kind === "interval") return timing.every;
  let longest: Nanoseconds | undefined;
  let from = timing.calendar.next(systemClock.now());
  for (let gap = 0; gap < GAPS && from !== undefined; gap++) {
    const next = timing.calendar.next(from);
    if (next !== undefined && (longest === undefined || next - from > longest)) longest = next - from;
    from = next;
  }
  return longest;
}
