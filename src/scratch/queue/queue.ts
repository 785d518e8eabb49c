/** What a run needs of a queue: five verbs for units, a journal, and a few values that all hosts see. */
import type { JournalEntry } from "../journal.js";
import type { WorkUnit } from "../unit.js";

/** A unit that is this worker's until its lease ends. */
export interface Lease {
  readonly unit: WorkUnit;
  /** Identifies the unit in the journal. */
  readonly sequence: number;
  /** 1, or more if an earlier worker did not finish it. */
  readonly attempt: number;
}

export interface QueueInfo {
  /** Units that are not done. */
  readonly units: number;
  /** Whether the queue has units but delivers none, as after a crash of its server. */
  readonly stuck: boolean;
}

/** The work queue. An implementation delivers each unit until it is done, and drops duplicates by the unit's identity. */
export interface UnitQueue {
  publish(units: readonly WorkUnit[]): Promise<void>;
  /** Waits a while for a unit. */
  take(): Promise<Lease | undefined>;
  /** Resolves once the queue has confirmed that the lease begins anew. */
  extend(lease: Lease): Promise<void>;
  done(lease: Lease): Promise<void>;
  info(): Promise<QueueInfo>;
}

/** What one unit came to. */
export interface UnitReport {
  readonly worker: string;
  readonly entries: number;
  readonly failed: number;
  /** Units whose directory was moved, removed or kept meanwhile. */
  readonly dropped: number;
  readonly kept: Readonly<Record<string, number>>;
}

/** A sequence of messages that is kept and can be read from its beginning. */
export interface Appendable<Entry> {
  /** `id` makes a repeated append have no effect. */
  append(entry: Entry, id: string): Promise<void>;
}

export type RunState = "running" | "paused" | "stopped" | "finished";

/** A run: what it fixes once for all workers, and its present state. */
export interface Run {
  readonly id: string;
  /** The root's path on the coordinator's host. */
  readonly root: string;
  /** The digest of the policy. */
  readonly digest: string;
  /** The file system's time when the run began, in nanoseconds. */
  readonly now: string;
  readonly leaseSeconds: number;
  /** The number of entries after which a unit is divided. */
  readonly budget: number;
  readonly state: RunState;
  /** Why it is in that state, for people; may be empty. */
  readonly why: string;
}

/** A worker, as it last reported. */
export interface Presence {
  readonly worker: string;
  readonly entries: number;
  readonly removed: number;
  readonly units: number;
}

/** Everything that hosts share. */
export interface Exchange extends AsyncDisposable {
  readonly units: UnitQueue;
  readonly reports: Appendable<UnitReport>;
  /** Begins a run with these units: removes what the last one left. */
  begin(run: Run, units: readonly WorkUnit[]): Promise<void>;
  run(): Promise<Run | undefined>;
  setState(state: RunState, why: string): Promise<void>;
  journal(entry: JournalEntry, sequence: number, id: string): Promise<void>;
  /** Reads the journal after the message with this number, and returns the number of its last. */
  readJournal(read: (entry: JournalEntry) => void, after?: number): Promise<number>;
  /** The entries of one unit. */
  readUnit(sequence: number, read: (entry: JournalEntry) => void): Promise<void>;
  /** All reports since the last call. */
  readReports(read: (report: UnitReport) => void): Promise<void>;
  /** Keeps directories that may have to be removed once everything below them is done. */
  publishDirectories(units: readonly WorkUnit[]): Promise<void>;
  /** The levels of kept directories, deepest first. */
  levels(): Promise<number[]>;
  /** Moves the directories of one level to the units. */
  release(level: number): Promise<void>;
  /** Makes the queue deliver again. */
  revive(): Promise<void>;
  present(presence: Presence): Promise<void>;
  workers(): Promise<Presence[]>;
}
