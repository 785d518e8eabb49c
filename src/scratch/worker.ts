/** A worker: takes units from the queue until the run is finished. Any number of them work on one run. */
import { createHash } from "node:crypto";
import type { Bytes } from "../base/bytes.js";
import { type Nanoseconds, SECOND } from "../base/time.js";
import { bootTime } from "../sys/clock.js";
import { Engine, type EngineListener } from "./engine/engine.js";
import type { UnitTotals } from "./engine/messages.js";
import type { JournalEntry } from "./journal.js";
import { type Policy, rulesOf } from "./policy.js";
import type { Exchange, Lease, Run } from "./queue/queue.js";
import { fileSystemTime, type RootDirectory } from "./root-directory.js";
import { type DirectoryTimes, unitId, type WorkUnit } from "./unit.js";

/** How often a worker reads the state of the run, and reports its own. */
const POLL_MS = 1000;
/** A lease counts as over after this part of it, in hundredths: clocks of two hosts run at slightly different speeds. */
const SURE_PERCENT = 80n;
/** How often the file system's clock is compared with the run's. */
const CLOCK_EVERY = 600n * SECOND;

export interface WorkerOptions {
  readonly exchange: Exchange;
  readonly policy: Policy;
  /** The root on this host, open. */
  readonly root: RootDirectory;
  readonly maxSkew: Nanoseconds;
  readonly name: string;
  /** Whether to wait for a run if there is no unfinished one. */
  readonly waits: boolean;
  /** Ends the worker: its unit comes back to the queue. */
  readonly signal: AbortSignal;
}

export interface WorkerResult {
  readonly units: number;
  readonly entries: number;
  readonly removed: number;
  /** Why it ended before the run was finished. */
  readonly why: string | undefined;
}

/**
 * Works on the run until it is finished. If there is none yet, waits for it.
 *
 * @throws Error if the run has another policy.
 */
export async function work(options: WorkerOptions): Promise<WorkerResult> {
  const run = await nextRun(options);
  if (run === undefined) {
    const why = options.signal.aborted ? "a signal was received" : undefined;
    return { units: 0, entries: 0, removed: 0, why };
  }
  if (run.digest !== options.policy.digest)
    throw new Error(
      "the policy differs from the coordinator's: nothing is removed. Use the same file on all hosts",
    );
  await using worker = new ScratchWorker(options, run);
  return await worker.work();
}

async function nextRun({ exchange, signal, waits }: WorkerOptions): Promise<Run | undefined> {
  while (!signal.aborted) {
    const run = await exchange.run();
    if (run !== undefined && run.state !== "finished") return run;
    if (!waits) return undefined;
    await pause(POLL_MS);
  }
  return undefined;
}

class ScratchWorker implements AsyncDisposable {
  readonly #options: WorkerOptions;
  readonly #engine: Engine;
  readonly #timer: NodeJS.Timeout;
  readonly #lease: Nanoseconds;
  #run: Run;
  #ended: string | undefined;
  #units = 0;
  #entries = 0;
  #removed = 0;
  #clockRead = bootTime();

  constructor(options: WorkerOptions, run: Run) {
    const { policy, root, signal } = options;
    this.#options = options;
    this.#run = run;
    this.#lease = BigInt(run.leaseSeconds) * SECOND;
    this.#engine = new Engine({
      root: policy.root,
      rootFd: root.fd.number,
      lines: policy.lines,
      rules: rulesOf(policy, BigInt(run.now)),
      budget: run.budget,
    });
    this.#timer = setInterval(() => void this.#poll().catch(() => {}), POLL_MS);
    signal.addEventListener("abort", () => this.#end("a signal was received"), { once: true });
  }

  async work(): Promise<WorkerResult> {
    const { exchange, signal } = this.#options;
    if (signal.aborted) this.#end("a signal was received");
    while (this.#ended === undefined) {
      const asked = bootTime();
      const lease = this.#run.state === "running" ? await exchange.units.take() : await pause(POLL_MS);
      if (lease !== undefined) await this.#unit(lease, asked);
      this.#checkClock();
    }
    const why = this.#ended === "finished" ? undefined : this.#ended;
    return { units: this.#units, entries: this.#entries, removed: this.#removed, why };
  }

  #end(why: string): void {
    this.#ended ??= why;
    this.#engine.gate.stop();
  }

  async #poll(): Promise<void> {
    const { exchange, name: worker } = this.#options;
    const run = await exchange.run();
    if (run === undefined || run.id !== this.#run.id || run.state === "finished") this.#end("finished");
    else if (run.state === "stopped") this.#end(`the run was stopped: ${run.why}`);
    else this.#run = run;
    const { units, entries, removed } = {
      units: this.#units,
      entries: this.#entries,
      removed: this.#removed,
    };
    await exchange.present({ worker, units, entries, removed });
  }

  /** @throws Error if the file system's time has jumped to before the run, by which ages are judged. */
  #checkClock(): void {
    if (bootTime() - this.#clockRead < CLOCK_EVERY) return;
    this.#clockRead = bootTime();
    const { root, policy, maxSkew } = this.#options;
    if (fileSystemTime(root.fd, policy.root) + maxSkew < BigInt(this.#run.now))
      throw new Error("the file system's clock was set to before the run began: nothing more is removed");
  }

  /** The lease counts from before it was asked for: the queue gave it later than that. */
  async #unit(lease: Lease, asked: Nanoseconds): Promise<void> {
    const { exchange, name } = this.#options;
    const { gate } = this.#engine;
    gate.begin(this.#deadline(asked));
    const keep = setInterval(() => void this.#extend(lease), Number(this.#lease / SECOND) * 250);
    try {
      await this.#extend(lease);
      const isRepeated = lease.attempt > 1;
      const { before, given } = isRepeated ? await this.#earlier(lease) : { before: {}, given: [] };
      await this.#publish(given);
      const outcomes: Promise<void>[] = [];
      const id = `${lease.sequence}.${lease.attempt}.${name}`;
      const { totals, complete } = await this.#engine.work(
        { unit: lease.unit, id, isRepeated, given, before },
        this.#listener(lease, outcomes),
      );
      await Promise.all(outcomes);
      this.#add(totals);
      if (!complete) return;
      const { entries, failed, dropped, kept } = totals;
      const report = { worker: name, entries, failed, dropped, kept };
      await exchange.reports.append(report, `report/${unitId(lease.unit)}`);
      await exchange.units.done(lease);
    } finally {
      clearInterval(keep);
    }
  }

  #add({ entries, removed }: UnitTotals): void {
    this.#units++;
    this.#entries += entries;
    this.#removed += removed;
  }

  #deadline(from: Nanoseconds): Nanoseconds {
    return from + (this.#lease * SURE_PERCENT) / 100n;
  }

  /** From the time of the request: the queue has received it later. */
  async #extend(lease: Lease): Promise<void> {
    const sent = bootTime();
    const isConfirmed = await this.#options.exchange.units.extend(lease).then(
      () => true,
      () => false,
    );
    if (isConfirmed) this.#engine.gate.extendTo(this.#deadline(sent));
  }

  #listener({ sequence }: Lease, outcomes: Promise<void>[]): EngineListener {
    const { exchange } = this.#options;
    const { gate } = this.#engine;
    const write = (entry: JournalEntry & { readonly id: string }) =>
      exchange.journal(entry, sequence, entry.id);
    return {
      intend: async (intent) => {
        await write(intent);
        while (this.#run.state === "paused" && !gate.isClosed()) await pause(POLL_MS);
        return !gate.isClosed();
      },
      outcome: (outcome) => void outcomes.push(write(outcome)),
      publish: async (units) => {
        // First the journal: what is in it and was not published, the next attempt publishes.
        const published = createHash("sha256").update(units.map(unitId).join()).digest("base64url");
        await exchange.journal({ type: "published", units }, sequence, published);
        await this.#publish(units);
        return !gate.isClosed();
      },
    };
  }

  async #publish(units: readonly WorkUnit[]): Promise<void> {
    const { exchange } = this.#options;
    await exchange.publishDirectories(units.filter(({ kind }) => kind === "rmdir"));
    await exchange.units.publish(units.filter(({ kind }) => kind !== "rmdir"));
  }

  /** What earlier attempts at the unit gave away, and the times that directories had before they changed them. */
  async #earlier({ sequence }: Lease) {
    const times = new Map<Bytes, DirectoryTimes>();
    const given: WorkUnit[] = [];
    await this.#options.exchange.readUnit(sequence, (entry) => {
      if (entry.type === "published") given.push(...entry.units);
      if (entry.type === "intent" && !times.has(entry.path)) times.set(entry.path, entry.times);
    });
    return { before: Object.fromEntries(times), given };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#engine[Symbol.asyncDispose]();
  }
}

const pause = (ms: number): Promise<undefined> =>
  new Promise((resolve) => setTimeout(() => resolve(undefined), ms));
