/** Lets a termination signal stop a run early: what was done is reported, and the process ends by that very signal. */
import type { StopFlag } from "../base/stop.js";
import { StopSignals } from "../sys/stop-signals.js";
import type { Streams } from "./run.js";

/**
 * Runs `act`, which stops early once its flag is raised, and returns its exit status. If a signal raised it, the process
 * ends by that signal as soon as the output is written.
 */
export function untilSignal(
  { stdout, stderr }: Streams,
  act: (stop: StopFlag | undefined) => number,
): number {
  const signals = StopSignals.listen();
  let status: number;
  try {
    status = act(signals?.flag);
  } finally {
    signals?.[Symbol.dispose]();
  }
  const caught = signals?.caught;
  if (caught === undefined) return status;
  stdout.flush();
  stderr.flush();
  process.kill(process.pid, caught);
  // Only the init of a pid namespace outlives it.
  return status;
}
