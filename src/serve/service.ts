/** The service: sets up at start, cleans on schedule, and reads the configuration again on request. */
import type { Bytes } from "../base/bytes.js";
import type { Operation, Reporter } from "../base/events.js";
import { type Nanoseconds, SECOND } from "../base/time.js";
import { ResidentEngine, type ThreadRunOptions } from "../tmpfiles/index.js";
import { type RunRecord, runRecorder } from "./run-record.js";
import { ScheduledLoop } from "./schedule/loop.js";
import type { HostClock } from "./schedule/moment.js";
import type { Decision, Schedule } from "./schedule/schedule.js";
import { type StampStore, Timekeeper } from "./schedule/timekeeper.js";
import type { RunReason, ServiceEvent } from "./service-event.js";

/**
 * What to do when the service starts. `boot` does what systemd-tmpfiles-setup.service does when a host boots: removes and
 * creates, including lines marked with `!`, which is safe only while no other program is running yet.
 */
export type AtStart = "boot" | "create" | "none";

/** The engine's options that are the same for all runs. */
type Configuration = Pick<ThreadRunOptions, "args" | "inline" | "root" | "user" | "excludePrefixes">;

export interface ServiceOptions {
  readonly configuration: Configuration;
  readonly atStart: AtStart;
  readonly schedule: Schedule;
  readonly clock: HostClock;
  readonly store: StampStore;
  /** The file of the directory index, which makes cleaning faster. */
  readonly index?: Bytes | undefined;
  /** Whether each removed and created path is reported. */
  readonly isVerbose: () => boolean;
  readonly report: (event: ServiceEvent) => void;
  /** Called periodically during a run with its progress. */
  readonly progress: (status: string) => void;
}

/** systemd-tmpfiles-setup.service leaves /dev to another unit; in a container, it belongs to the runtime. */
const NOT_AT_START = "/dev" as Bytes;
const PROGRESS_MS = 1000;
const MINUTE = 60n * SECOND;

export class Service {
  readonly #options: ServiceOptions;
  readonly #engine = new ResidentEngine();
  readonly #keeper: Timekeeper;
  readonly #loop: ScheduledLoop<RunRecord>;
  readonly #abort = new AbortController();
  #reason: RunReason = "schedule";
  #waiting: (Decision & { readonly due: false }) | undefined;

  constructor(options: ServiceOptions) {
    const { schedule, clock, store, report } = options;
    this.#options = options;
    this.#keeper = new Timekeeper(schedule, clock, store);
    this.#loop = new ScheduledLoop<RunRecord>({
      keeper: this.#keeper,
      clock,
      run: (signal) => this.#clean(signal),
      succeeded: ({ interrupted, exitStatus }) => !interrupted && exitStatus !== 1,
      failed: (error) => report({ type: "problem", severity: "error", message: messageOf(error) }),
      waiting: (decision) => this.#reportWaiting(decision),
      keepAlive: true,
    });
  }

  /** Creates, and at boot removes, before anything else starts. Undefined if the options ask for nothing. */
  async setUp(): Promise<RunRecord | undefined> {
    const { atStart } = this.#options;
    if (atStart === "none") return undefined;
    const boot = atStart === "boot";
    return this.#run(
      "start",
      { operations: boot ? ["remove", "create"] : ["create"], boot },
      this.#abort.signal,
    );
  }

  /** Reloads the configuration: reports its errors, and creates what it now contains, unless nothing is created at start either. */
  async reload(): Promise<RunRecord> {
    const dryRun = this.#options.atStart === "none";
    return this.#run("reload", { operations: ["create"], dryRun }, this.#abort.signal);
  }

  /** Whether a run is due now. If not, reports the time of the next one. */
  isDue(): boolean {
    const decision = this.#keeper.check();
    if (!decision.due) this.#reportWaiting(decision);
    return decision.due;
  }

  start(): void {
    this.#loop.start();
  }

  /** Cleans now, or after the run in progress. */
  runNow(): Promise<RunRecord> {
    this.#reason = "request";
    return this.#loop.runNow();
  }

  /** Stops the run in progress within a second, and ends the schedule. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#loop.stop();
    await this.#engine[Symbol.asyncDispose]();
  }

  #clean(signal: AbortSignal): Promise<RunRecord> {
    const reason = this.#reason;
    this.#reason = "schedule";
    this.#waiting = undefined;
    const { index } = this.#options;
    return this.#run(reason, { operations: ["clean"], index }, signal);
  }

  async #run(
    reason: RunReason,
    what: Pick<ThreadRunOptions, "boot" | "dryRun" | "index"> & { readonly operations: readonly Operation[] },
    signal: AbortSignal,
  ): Promise<RunRecord> {
    const { configuration, report } = this.#options;
    const { operations } = what;
    report({ type: "running", operations, reason });
    const { root, excludePrefixes = [] } = configuration;
    const excluded = operations.includes("create") ? [...excludePrefixes, NOT_AT_START] : excludePrefixes;
    const recorder = runRecorder({
      operations,
      root,
      reporter: this.#reporter(operations, what.dryRun ?? false),
    });
    const options = {
      ...configuration,
      ...what,
      excludePrefixes: excluded,
      inWorkingDirectory: true,
      signal,
    };
    const record = recorder.record(await this.#engine.run(options, recorder));
    report({ type: "run", reason, record });
    return record;
  }

  #reporter(operations: readonly Operation[], dryRun: boolean): Reporter {
    const { isVerbose, report, progress } = this.#options;
    const verbose = isVerbose();
    let shown = 0;
    return {
      wantsKept: false,
      wantsRemoved: verbose,
      report: (event) => {
        const isError = event.type === "failed" || event.type === "diagnostic" || event.type === "skipped";
        if (isError || (verbose && !dryRun)) report({ type: "event", event });
      },
      progress: ({ entries, removed }) => {
        const now = performance.now();
        if (now - shown < PROGRESS_MS) return;
        shown = now;
        progress(`Running (${operations.join(", ")}): ${entries} entries examined, ${removed} removed`);
      },
    };
  }

  /** Reported once per wait, although the loop checks every minute, and again if the clock was set. */
  #reportWaiting(decision: Decision & { readonly due: false }): void {
    const { clock, report } = this.#options;
    const { boot, wall } = clock.now();
    const { at, waitsFor } = decision;
    const before = this.#waiting;
    if (before !== undefined && before.waitsFor === waitsFor && isNear(before.at, at)) return;
    this.#waiting = decision;
    const next = at === undefined ? undefined : rounded(wall + (at - boot));
    report({ type: "waiting", next, waitsFor });
  }
}

/** To the second, since the two clocks are not read at the same moment. */
function rounded(time: Nanoseconds): Nanoseconds {
  return ((time + SECOND / 2n) / SECOND) * SECOND;
}

/** NTP constantly makes small corrections to the wall clock. */
function isNear(one: Nanoseconds | undefined, other: Nanoseconds | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one - other < MINUTE && other - one < MINUTE;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
