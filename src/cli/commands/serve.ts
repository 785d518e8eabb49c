/** mayfly serve: cleans on schedule, for containers and for hosts without a scheduler. */
import { escapeForDisplay, toText } from "../../base/bytes.js";
import { SECOND } from "../../base/time.js";
import {
  defaultStateDirectory,
  hostClock,
  NO_STORE,
  type RunRecord,
  StateDirectory,
  savedRuns,
  saveRun,
  serve as serveAll,
  serveOnce,
  stampStore,
} from "../../serve/index.js";
import { given, rootProblem } from "../config-options.js";
import { defineCommand, UsageError } from "../options.js";
import { ServiceLog } from "../serve/log.js";
import { startMetrics } from "../serve/metrics.js";
import {
  atStartOf,
  configurationOf,
  SERVE_OPTIONS,
  type ServeValues,
  scheduleOf,
  spanOf,
} from "../serve/options.js";
import { indexPath } from "../verbs/index-path.js";

const NANOSECONDS_IN_MS = 1_000_000n;

export const serve = defineCommand({
  name: "serve",
  synopsis: "[OPTION]... [-- COMMAND [ARGUMENT]...]",
  description: `Creates what is configured in tmpfiles.d(5), and then cleans on schedule: daily by default, not before 15 minutes after
boot. For containers, and for hosts without systemd. Suspends, reboots and changes of the clock neither lose nor repeat a run.

With COMMAND, runs COMMAND beside it, and ends with COMMAND's exit status. As PID 1 of a container, forwards signals to
COMMAND and reaps orphaned processes.`,
  operands: "command",
  stopsAtOperand: true,
  options: SERVE_OPTIONS,
  examples: [
    ["mayfly serve", "Clean this host daily"],
    ["mayfly serve --calendar '30 3 * * *'", "Clean at half past three each night"],
    [
      "mayfly serve --inline 'e /tmp - - - 1d' --every 1h -- node server.js",
      "Be the entry point of a container, and keep its /tmp small",
    ],
    ["mayfly serve --listen 9750", "Have metrics for Prometheus on http://127.0.0.1:9750/metrics"],
    ["mayfly serve --once --user", "Clean if a run is due, from a session or a job that starts often"],
  ],
  files: [
    [
      "$STATE_DIRECTORY, /var/lib/mayfly, $XDG_STATE_HOME/mayfly",
      "The default of --state-dir. Only its owner may be able to write to it. Contains stamp, the time of the last run, and runs, what the last 400 removed.",
    ],
  ],
  sections: [
    {
      title: "Signals",
      text: `**SIGTERM**, **SIGINT**: end the run in progress within a second, and exit. **SIGHUP**: read the configuration again,
report its errors, and create what is missing. **SIGUSR1**: clean now. **SIGUSR2**: switch between the log levels info and
debug. With COMMAND, all signals are forwarded to COMMAND; SIGTERM also ends cleaning, and SIGHUP also reloads.`,
    },
    {
      title: "Schedule",
      text: `A run is due when **--every** has passed since the last success on CLOCK_BOOTTIME, which counts suspends, and which nobody
can set. How long the host was off is read from the wall clock, once it can be trusted: 15 minutes after boot, or when it is
synchronized. A failed run is repeated after 15 minutes, then 30, up to a day. Runs never overlap.`,
    },
    {
      title: "Metrics",
      text: `With **--listen**, **/metrics** has the metrics of all runs in the format of Prometheus. **/healthz** answers with 200, or
with 503 and the reasons as JSON if the last run failed, or if none has succeeded for twice the interval of the schedule.
**/report** is the page of **mayfly report**, and **/report.json** its data, made at most once a minute. Over a Unix socket, root and
the user who runs the service see all names, others those that they may see; over IP, only names in world-readable directories
are shown. With **--root**, there is no report.`,
    },
    {
      title: "Service managers",
      text: `Under **Type=notify** or **notify-reload** of **systemd.service**(5), reports readiness, reloads and its status, and answers the
watchdog (**WatchdogSec=**). If standard error leads to the journal, messages have the fields **MAYFLY_TYPE** and others.`,
    },
    {
      title: "Exit status",
      text: `**0** after SIGTERM or SIGINT. With COMMAND, that of COMMAND, or 128 plus the number of the signal that ended it; **126** if
COMMAND cannot be executed, **127** if it was not found. With **--once**, that of **mayfly clean**; **0** if no run is due. **64** if
the command line is invalid; **1** on any other failure, for example if another process has the lock.`,
    },
  ],
  async main({ options, operands, stdout, stderr }) {
    requireSensible(options, operands.length > 0);
    const root = given(options.root);
    const problem = rootProblem(root);
    if (problem !== undefined) throw new Error(problem);
    const configuration = configurationOf(options, root);
    const schedule = await scheduleOf(options);
    const grace = Number(spanOf("grace", options.grace, 90n * SECOND) / NANOSECONDS_IN_MS);
    const log = new ServiceLog({ stdout, stderr, json: options.json, verbose: options.verbose });
    using state = openState(options, log);
    const index = options["no-index"] || root !== undefined ? undefined : indexPath();
    const act = options.once ? serveOnce : serveAll;
    const atStart = atStartOf(options);
    const metrics = await startMetrics(options, {
      configuration: { ...configuration, inWorkingDirectory: true },
      schedule,
      reloadCreates: atStart !== "none",
      once: options.once,
      past: () => (state === undefined ? [] : savedRuns(state)),
      report: (event) => log.report(event),
    });
    const running = act({
      configuration,
      schedule,
      clock: hostClock(),
      atStart,
      store: state === undefined ? NO_STORE : stampStore(state, (message) => warn(log, message)),
      index,
      now: options.now,
      command: operands.map(toText),
      grace,
      isVerbose: () => log.isVerbose,
      switchLogLevel: () => log.switchLevel(),
      report(event) {
        metrics.report(event);
        if (state !== undefined && event.type === "run") remember(state, event.record, log);
      },
    });
    return await running.finally(metrics.close);
  },
});

function requireSensible(options: ServeValues, hasCommand: boolean): void {
  if (options.once && hasCommand) throw new UsageError("option '--once' cannot be combined with a COMMAND");
  if (options.grace !== undefined && !hasCommand) throw new UsageError("option '--grace' requires a COMMAND");
  if (options["no-state"] && options["state-dir"] !== undefined)
    throw new UsageError("options '--state-dir' and '--no-state' cannot be combined");
}

/** If the default directory cannot be used, as in a container with a read-only root, the service runs without state. */
function openState(options: ServeValues, log: ServiceLog): StateDirectory | undefined {
  if (options["no-state"]) return undefined;
  const wanted = given(options["state-dir"]);
  const path = wanted ?? defaultStateDirectory();
  let state: StateDirectory;
  try {
    if (path === undefined) throw new Error("there is no home directory for it");
    state = StateDirectory.open(path);
  } catch (error) {
    if (wanted !== undefined) throw error;
    warn(
      log,
      `no state is kept: ${(error as Error).message}. The schedule begins anew at each start; use --state-dir`,
    );
    return undefined;
  }
  if (state.lock()) return state;
  state[Symbol.dispose]();
  throw new Error(
    `another 'mayfly serve' is running: it has the lock on '${escapeForDisplay(path as never)}'`,
  );
}

/** For the plot of the report. */
function remember(state: StateDirectory, record: RunRecord, log: ServiceLog): void {
  try {
    saveRun(state, record);
  } catch (error) {
    warn(log, `what the run removed cannot be saved: ${(error as Error).message}`);
  }
}

function warn(log: ServiceLog, message: string): void {
  log.report({ type: "problem", severity: "warning", message });
}
