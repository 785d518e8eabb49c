/** Lets a termination signal stop a run early: the run reports what it has done, then the process ends by that signal. */
import type { StopFlag } from "../base/stop.js";
import { StopSignals } from "../sys/stop-signals.js";
import type { Streams } from "./run-command.js";

/**
 * Runs `act`, which stops early when its flag is raised, and returns its exit status. If a signal raised the flag, the
 * process ends by that signal after the output is written.
 */
export async function untilSignal(
  { stdout, stderr }: Streams,
  act: (stop: StopFlag | undefined) => number | Promise<number>,
): Promise<number> {
  const signals = StopSignals.listen();
  let status: number;
  try {
    status = await act(signals?.flag);
  } finally {
    signals?.[Symbol.dispose]();
  }
  const caught = signals?.caught;
  if (caught === undefined) return status;
  stdout.flush();
  stderr.flush();
  process.kill(process.pid, caught);
  // Reached only as the init of a PID namespace, which its own signals do not kill.
  return status;
}
