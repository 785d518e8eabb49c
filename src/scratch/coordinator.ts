/** The coordinator: begins a run, keeps the queue going, removes directories level by level, and adds up the results. */
import { randomUUID } from "node:crypto";
import type { Bytes } from "../base/bytes.js";
import { failedWith } from "../base/errors.js";
import type { Fd } from "../sys/files.js";
import { statx } from "../sys/inode.js";
import { JournalReader } from "./journal.js";
import { cleanedDirectories, type Policy } from "./policy.js";
import type { Exchange, Run, UnitReport } from "./queue/queue.js";
import type { RootDirectory } from "./root-directory.js";
import type { RunLimit } from "./run-limit.js";
import type { WorkUnit } from "./unit.js";

/** The pause between two looks at the queue doubles up to this. */
const POLL_MS = 200;
const FIRST_POLL_MS = 5;
/** How often the journal is read, to compare it with the limit. */
const COUNT_MS = 1000;
/** So long nothing was delivered although there are units: a crash of the server can lose that a unit was not done. */
const STUCK_MS = 1000;
const RESOLVED_PATHS = 1000;

export interface CoordinatorOptions {
  readonly exchange: Exchange;
  readonly policy: Policy;
  readonly root: RootDirectory;
  readonly leaseSeconds: number;
  readonly budget: number;
  readonly limit: RunLimit;
  readonly signal: AbortSignal;
  /** Called about once a second. */
  progress(progress: RunProgress): void;
}

interface RunProgress {
  readonly units: number;
  readonly entries: number;
  readonly removed: number;
}

export interface RunResult {
  readonly entries: number;
  readonly removed: number;
  readonly bytes: number;
  readonly failed: number;
  readonly dropped: number;
  readonly kept: Readonly<Record<string, number>>;
  /** Entries examined by each worker. */
  readonly workers: Readonly<Record<string, number>>;
  /** Why it ended early; undefined if it is finished. */
  readonly why: string | undefined;
}

/**
 * Runs the policy with the workers that are there, and continues an unfinished run of the same policy.
 *
 * @throws Error if an unfinished run has another policy.
 */
export async function coordinate(options: CoordinatorOptions): Promise<RunResult> {
  const coordinator = new Coordinator(options);
  await coordinator.begin();
  return await coordinator.finish();
}

class Coordinator {
  readonly #options: CoordinatorOptions;
  readonly #journal = new JournalReader();
  #journalRead = 0;
  #lastCount = 0;
  #why: string | undefined;
  #totals = { entries: 0, failed: 0, dropped: 0 };
  readonly #kept: Record<string, number> = {};
  readonly #workers: Record<string, number> = {};

  constructor(options: CoordinatorOptions) {
    this.#options = options;
  }

  async begin(): Promise<void> {
    const { exchange, policy } = this.#options;
    const run = await exchange.run();
    if (run === undefined || run.state === "finished")
      await exchange.begin(this.#newRun(), this.#firstUnits());
    else if (run.digest !== policy.digest) throw new Error(OTHER_RUN);
    else if (run.state === "stopped") await exchange.setState("running", "");
  }

  #newRun(): Run {
    const { policy, root, leaseSeconds, budget } = this.#options;
    const now = String(root.now);
    const { digest } = policy;
    return {
      id: randomUUID(),
      root: policy.root,
      digest,
      now,
      leaseSeconds,
      budget,
      state: "running",
      why: "",
    };
  }

  #firstUnits(): WorkUnit[] {
    return cleanedDirectories(this.#options.policy).map(({ line, path }) => ({
      kind: "list",
      line,
      base: path === "" ? 0 : path.split("/").length,
      path,
      inode: 0,
      times: [0, 0, 0, 0],
      names: [],
    }));
  }

  /** All units, then the directories: those of a level are removed when everything below them is. */
  async finish(): Promise<RunResult> {
    const { exchange } = this.#options;
    await this.#drain();
    for (;;) {
      const [level] = this.#why === undefined ? await exchange.levels() : [];
      if (level === undefined) break;
      await exchange.release(level);
      await this.#drain();
    }
    if (this.#why === undefined) {
      await this.#resolve();
      await exchange.setState("finished", "");
    }
    await this.#count();
    const { removed, bytes } = this.#journal;
    return { ...this.#totals, removed, bytes, kept: this.#kept, workers: this.#workers, why: this.#why };
  }

  /** Waits until no unit is left. */
  async #drain(): Promise<void> {
    const { exchange, signal } = this.#options;
    let stuckSince: number | undefined;
    for (let wait = FIRST_POLL_MS; this.#why === undefined; wait = Math.min(2 * wait, POLL_MS)) {
      // A server that restarts answers later.
      const info = await exchange.units.info().catch(() => undefined);
      if (info?.units === 0) return await this.#watch(0);
      stuckSince = info?.stuck ? (stuckSince ?? performance.now()) : undefined;
      if (stuckSince !== undefined && performance.now() - stuckSince > STUCK_MS) {
        await exchange.revive().catch(() => {});
        stuckSince = undefined;
      }
      if (signal.aborted) this.#why = "a signal was received; run the same command to continue";
      else if (performance.now() - this.#lastCount > COUNT_MS) await this.#watch(info?.units ?? 0);
      await pause(wait);
    }
  }

  async #watch(units: number): Promise<void> {
    const { exchange, limit, progress } = this.#options;
    await this.#count();
    const { removed } = this.#journal;
    progress({ units, entries: this.#totals.entries, removed });
    if (!limit.isExceededBy(removed)) return;
    this.#why = `${removed} entries were removed, and ${limit.text}`;
    await exchange.setState("stopped", this.#why);
  }

  async #count(): Promise<void> {
    const { exchange } = this.#options;
    this.#lastCount = performance.now();
    this.#journalRead = await exchange.readJournal((entry) => this.#journal.read(entry), this.#journalRead);
    await exchange.readReports((report) => this.#add(report));
  }

  #add({ worker, entries, failed, dropped, kept }: UnitReport): void {
    this.#totals.entries += entries;
    this.#totals.failed += failed;
    this.#totals.dropped += dropped;
    this.#workers[worker] = (this.#workers[worker] ?? 0) + entries;
    for (const [code, count] of Object.entries(kept)) this.#kept[code] = (this.#kept[code] ?? 0) + count;
  }

  /** A worker was killed between an intent and its outcome: what is gone of that, it has removed. */
  async #resolve(): Promise<void> {
    const { exchange, root } = this.#options;
    await this.#count();
    const gone = this.#journal.open().filter((path) => isGone(root.fd, path));
    for (let at = 0; at < gone.length; at += RESOLVED_PATHS) {
      const paths = gone.slice(at, at + RESOLVED_PATHS);
      await exchange.journal({ type: "resolved", paths }, 0, `resolved/${at}`);
    }
  }
}

const OTHER_RUN =
  "an unfinished run has another policy: finish it with that one, or abandon it with 'mayfly scratch abandon'";

function isGone(root: Fd, path: Bytes): boolean {
  try {
    statx(root, path);
    return false;
  } catch (error) {
    if (failedWith(error, "ENOENT", "ENOTDIR")) return true;
    throw error;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
