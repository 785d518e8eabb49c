/** A cleaner at work: the engine in a thread, run on schedule. */
import { type Bytes, bytes, escapeForDisplay } from "../../base/bytes.js";
import type { Event, Reporter } from "../../base/events.js";
import { SECOND } from "../../base/time.js";
import { parseTimeSpan } from "../../base/time-span.js";
import { ResidentEngine, type Summary } from "../../tmpfiles/index.js";
import { agedPathLines } from "../aged-paths.js";
import { ScheduledLoop } from "../schedule/loop.js";
import { hostClock } from "../schedule/moment.js";
import { Timekeeper } from "../schedule/timekeeper.js";
import type { CleanerLogger, CleanerOptions, CleanerRun } from "./cleaner-types.js";

const HOURLY = 3600n * SECOND;
const SILENT: CleanerLogger = { info: () => undefined, warn: () => undefined, error: () => undefined };

export class RunningCleaner {
  readonly #paths: readonly Bytes[];
  readonly #options: CleanerOptions;
  readonly #logger: CleanerLogger;
  readonly #engine = new ResidentEngine();
  readonly #loop: ScheduledLoop<CleanerRun>;

  constructor(paths: readonly Bytes[], options: CleanerOptions) {
    this.#paths = paths;
    this.#options = options;
    this.#logger = options.logger ?? SILENT;
    const clock = hostClock();
    const every = options.every === undefined ? HOURLY : (parseTimeSpan(bytes(options.every)) ?? HOURLY);
    const schedule = {
      timing: { kind: "interval", every },
      settling: 0n,
      delay: 0n,
      afterClockSync: false,
    } as const;
    this.#loop = new ScheduledLoop<CleanerRun>({
      keeper: new Timekeeper(schedule, clock, { load: () => undefined, save: () => undefined }),
      clock,
      run: (signal) => this.#run(signal),
      succeeded: ({ interrupted }) => !interrupted,
      failed: (error) =>
        this.#logger.error(`mayfly: ${error instanceof Error ? error.message : String(error)}`),
      keepAlive: options.keepAlive ?? false,
    });
  }

  async start(): Promise<CleanerRun> {
    const first = await this.#loop.runNow();
    this.#loop.start();
    return first;
  }

  runNow(): Promise<CleanerRun> {
    return this.#loop.runNow();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    await this.#engine[Symbol.asyncDispose]();
  }

  async #run(signal: AbortSignal): Promise<CleanerRun> {
    const { olderThan, ageBy, keepFirstLevel, exclude, dryRun = false } = this.#options;
    const patterns = exclude?.map(bytes);
    const args = agedPathLines({ paths: this.#paths, olderThan, ageBy, keepFirstLevel, exclude: patterns });
    const options = { operations: ["clean"], inline: true, args, dryRun, signal } as const;
    const summary = await this.#engine.run(options, this.#reporter());
    const { entries, removed, kept, failed, interrupted } = summary;
    this.#reportRun(summary, dryRun);
    return { entries, removed, kept, failed, interrupted };
  }

  #reporter(): Reporter {
    return { wantsKept: false, wantsRemoved: false, report: (event) => this.#report(event) };
  }

  #report(event: Event): void {
    if (event.type === "failed")
      this.#logger.warn(`mayfly: ${escapeForDisplay(event.path)}: ${event.error.message}`);
    if (event.type === "diagnostic") this.#logger.warn(`mayfly: ${event.diagnostic.message}`);
  }

  #reportRun({ removed, interrupted }: Summary, dryRun: boolean): void {
    if (removed.entries === 0) return;
    const what = `${removed.entries} entries, ${removed.bytes} bytes, from ${this.#paths.map(escapeForDisplay).join(", ")}`;
    this.#logger.info(
      `mayfly: ${dryRun ? "would remove" : "removed"} ${what}${interrupted ? " (stopped early)" : ""}`,
    );
  }
}
