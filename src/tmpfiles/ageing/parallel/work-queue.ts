/** The queue of slices, in shared memory. */
import type { Bytes } from "../../../base/bytes.js";
import type { Errno, FdNumber } from "../../../sys/ffi.js";
import { LISTING_BYTES, type Listing } from "../../../sys/listing.js";
import type { AgeRule } from "../age-rule.js";
import type { DirectoryFrame } from "../directory-frame.js";
import type { Slice, SliceResult } from "../slice.js";
import { FreeList, locked, NONE } from "./free-list.js";

// Offsets in the shared memory, in words of four bytes; the first word is the lock.
/** Increases whenever there may be work: threads wait for it. */
const SIGNAL = 1;
const QUEUED = 2;
/** The number of threads that wait for work. */
const IDLE = 3;
const STOPPED = 4;
const SEQUENCE = 5;
const HEAD = 6;
const TAIL = 7;
const FREE_SLICE = 8;
const FREE_JOIN = 9;
/** The age rule of the current walk, and whether it uses the index: ten doubles. */
const RULE = 16;
const HEADER_WORDS = 36;

// A slice: some entries of a directory, which is open and locked.
const NEXT = 0;
const FD = 1;
const DEPTH = 2;
const JOIN = 3;
const FLAGS = 4;
const PATH_LENGTH = 5;
const LENGTH = 6;
const PATH_BYTES = 4096;
const PATH_AT = 8;
const LISTING_AT = PATH_AT + PATH_BYTES / 4;
const SLICE_WORDS = LISTING_AT + LISTING_BYTES / 4;
const AT_MOUNT_TOP = 1;
const FILES_KNOWN = 2;

// A join: collects the results of the slices of one directory.
const JOINS = 128;
const PENDING = 1;
const STAYS = 2;
const CHANGED = 3;
const STATUS = 4;
const NOT_NOTABLE = 5;
const FILES = 6;
const HAS_DIRECTORIES = 7;
/** A double. */
const OLDEST = 8;
const NAME_LENGTH = 10;
const NAME = 12;
const JOIN_WORDS = NAME + 64;

/** The size of a thread's own part, in doubles. */
export const SLOT = 8192;

/** A queued slice, and the join that collects its result. */
export interface Task extends Slice {
  readonly join: number;
}

/**
 * The memory that the threads of a walk share: a queue of slices, and joins for their results. Fds belong to the process,
 * not to a thread, so a directory is shared as it was opened and locked, and nothing is resolved twice. All sizes are
 * fixed: if there is no room, the walk continues without sharing.
 */
export class WorkQueue {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #bytes: Buffer;
  readonly #doubles: Float64Array;
  readonly #slotsAt: number;
  readonly #slices: FreeList;
  readonly #joins: FreeList;

  constructor(memory: SharedArrayBuffer, jobs: number) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    this.#bytes = Buffer.from(memory);
    this.#doubles = new Float64Array(memory);
    this.#slotsAt = slotsAt(jobs);
    this.#slices = new FreeList(this.#words, FREE_SLICE);
    this.#joins = new FreeList(this.#words, FREE_JOIN);
  }

  static make(jobs: number): WorkQueue {
    const queue = new WorkQueue(new SharedArrayBuffer((slotsAt(jobs) + jobs * SLOT) * 8), jobs);
    queue.#joins.lay(JOINS_AT, JOINS, JOIN_WORDS);
    queue.#slices.lay(SLICES_AT, jobs, SLICE_WORDS);
    queue.#words[HEAD] = NONE;
    queue.#words[TAIL] = NONE;
    return queue;
  }

  /** Whether a thread waits for work and the queue has none for it. */
  get wantsWork(): boolean {
    return Atomics.load(this.#words, IDLE) > Atomics.load(this.#words, QUEUED);
  }

  /** Opens a join for the slices of one directory; undefined if none is free. */
  openJoin(): number | undefined {
    const join = this.#joins.take();
    if (join === undefined) return undefined;
    this.#words.fill(0, join + 1, join + NAME);
    this.#doubles[(join + OLDEST) / 2] = Number.POSITIVE_INFINITY;
    return join;
  }

  pending(join: number): number {
    return Atomics.load(this.#words, join + PENDING);
  }

  closeJoin(join: number): SliceResult {
    const words = this.#words;
    const length = words[join + NAME_LENGTH] as number;
    const start = (join + NAME) * 4;
    const sliceResult = {
      stays: words[join + STAYS] as number,
      changed: words[join + CHANGED] !== 0,
      status: words[join + STATUS] as Errno,
      firstKeptChild:
        length === 0 ? undefined : (this.#bytes.toString("latin1", start, start + length) as Bytes),
      notable: words[join + NOT_NOTABLE] === 0,
      seen: {
        oldest: this.#doubles[(join + OLDEST) / 2] as number,
        files: words[join + FILES] as number,
        hasDirectories: words[join + HAS_DIRECTORIES] !== 0,
      },
    };
    this.#joins.giveBack(join);
    return sliceResult;
  }

  /** Queues the listed entries of `frame` from `from` on as a slice; false if there is no room. */
  push(frame: DirectoryFrame, join: number, from: number): boolean {
    const { path, depth, fd, atMountTop, notes } = frame;
    const at = path.length > PATH_BYTES ? undefined : this.#slices.take();
    if (at === undefined) return false;
    const words = this.#words;
    words[at + FD] = fd;
    words[at + DEPTH] = depth;
    words[at + JOIN] = join;
    words[at + FLAGS] = (atMountTop ? AT_MOUNT_TOP : 0) | (notes.filesKnown ? FILES_KNOWN : 0);
    words[at + PATH_LENGTH] = this.#bytes.write(path, (at + PATH_AT) * 4, "latin1");
    words[at + LENGTH] = frame.listing.moveTo(this.#bytes, (at + LISTING_AT) * 4, from);
    Atomics.add(words, join + PENDING, 1);
    locked(words, () => this.#enqueue(at));
    this.#signal();
    return true;
  }

  #enqueue(at: number): void {
    const words = this.#words;
    words[at + NEXT] = NONE;
    const tail = words[TAIL] as number;
    if (tail === NONE) words[HEAD] = at;
    else words[tail + NEXT] = at;
    words[TAIL] = at;
    Atomics.add(words, QUEUED, 1);
  }

  /** The oldest slice: read its `task`, then `release` it. */
  take(): number | undefined {
    if (Atomics.load(this.#words, QUEUED) === 0) return undefined;
    const words = this.#words;
    return locked(words, () => {
      const at = words[HEAD] as number;
      if (at === NONE) return undefined;
      words[HEAD] = words[at + NEXT] as number;
      if (words[HEAD] === NONE) words[TAIL] = NONE;
      Atomics.sub(words, QUEUED, 1);
      return at;
    });
  }

  task(at: number): Task {
    const words = this.#words;
    const start = (at + PATH_AT) * 4;
    const flags = words[at + FLAGS] as number;
    return {
      fd: words[at + FD] as FdNumber,
      path: this.#bytes.toString("latin1", start, start + (words[at + PATH_LENGTH] as number)) as Bytes,
      depth: words[at + DEPTH] as number,
      rule: this.rule,
      atMountTop: (flags & AT_MOUNT_TOP) !== 0,
      indexing: this.#doubles[RULE / 2 + 5] !== 0,
      filesKnown: (flags & FILES_KNOWN) !== 0,
      join: words[at + JOIN] as number,
    };
  }

  /** Moves the entries of a slice to the listing that walks them, and frees its slot. */
  release(at: number, into: Listing): void {
    into.takeFrom(this.#bytes, (at + LISTING_AT) * 4, this.#words[at + LENGTH] as number);
    this.#slices.giveBack(at);
  }

  /** Adds the result of a slice to its join. The thread must have passed on its counters and reports before. */
  finish(join: number, { stays, changed, status, firstKeptChild, notable, seen }: SliceResult): void {
    const words = this.#words;
    locked(words, () => {
      words[join + STAYS] = (words[join + STAYS] as number) + stays;
      words[join + FILES] = (words[join + FILES] as number) + seen.files;
      if (changed) words[join + CHANGED] = 1;
      if (status !== 0) words[join + STATUS] = status;
      if (!notable) words[join + NOT_NOTABLE] = 1;
      if (seen.hasDirectories) words[join + HAS_DIRECTORIES] = 1;
      const oldest = (join + OLDEST) / 2;
      this.#doubles[oldest] = Math.min(this.#doubles[oldest] as number, seen.oldest);
      if (firstKeptChild !== undefined && words[join + NAME_LENGTH] === 0) {
        words[join + NAME_LENGTH] = this.#bytes.write(firstKeptChild, (join + NAME) * 4, 255, "latin1");
      }
    });
    Atomics.sub(words, join + PENDING, 1);
    this.#signal();
  }

  /** The argument of `waitBeyond`: read it before you check for work. */
  get signal(): number {
    return Atomics.load(this.#words, SIGNAL);
  }

  /** Sleeps until the signal changes. Meanwhile other threads may rely on this one to take work. */
  waitForWork(signal: number): void {
    Atomics.add(this.#words, IDLE, 1);
    this.waitBeyond(signal);
    Atomics.sub(this.#words, IDLE, 1);
  }

  /** Waits until this many threads wait for work, or a second has passed: some may never start. */
  waitForIdle(threads: number): void {
    for (let waited = 0; waited < 1000 && Atomics.load(this.#words, IDLE) < threads; waited++) {
      Atomics.wait(this.#words, SIGNAL, this.signal, 1);
    }
  }

  waitBeyond(signal: number): void {
    Atomics.wait(this.#words, SIGNAL, signal);
  }

  #signal(): void {
    Atomics.add(this.#words, SIGNAL, 1);
    Atomics.notify(this.#words, SIGNAL);
  }

  stop(): void {
    Atomics.store(this.#words, STOPPED, 1);
    this.#signal();
  }

  get isStopped(): boolean {
    return Atomics.load(this.#words, STOPPED) !== 0;
  }

  /** The next sequence number of a batch of reports. Batches are reported in this order. */
  nextSequence(): number {
    return Atomics.add(this.#words, SEQUENCE, 1);
  }

  /** The number of batches so far. */
  get sequence(): number {
    return Atomics.load(this.#words, SEQUENCE);
  }

  /** Begins a walk with this rule. */
  begin(rule: AgeRule, indexing: boolean): void {
    const { cutoffSeconds, cutoffNanoseconds, byFile, byDirectory, keepFirstLevel, keepOpen, wholeUnits } =
      rule;
    const flags = [keepFirstLevel, indexing, keepOpen, wholeUnits].map(Number);
    const { keepFrom } = rule;
    const budget = [keepFrom.cutoffSeconds, keepFrom.cutoffNanoseconds];
    this.#doubles.set([cutoffSeconds, cutoffNanoseconds, byFile, byDirectory, ...flags, ...budget], RULE / 2);
  }

  get rule(): AgeRule {
    const [cutoffSeconds = 0, cutoffNanoseconds = 0, byFile = 0, byDirectory = 0, ...flags] =
      this.#doubles.subarray(RULE / 2, RULE / 2 + 8);
    const [keepFirstLevel = false, , keepOpen = false, wholeUnits = false] = flags.map(Boolean);
    const [keepFromSeconds = 0, keepFromNanoseconds = 0] = this.#doubles.subarray(
      RULE / 2 + 8,
      RULE / 2 + 10,
    );
    const keepFrom = { cutoffSeconds: keepFromSeconds, cutoffNanoseconds: keepFromNanoseconds };
    const cutoff = { cutoffSeconds, cutoffNanoseconds };
    return { ...cutoff, byFile, byDirectory, keepFirstLevel, keepOpen, wholeUnits, keepFrom };
  }

  /** A thread's own part: its counters since the walk began, then its notes for the index that it has not yet sent. */
  slot(workerId: number): Float64Array {
    const start = this.#slotsAt + workerId * SLOT;
    return this.#doubles.subarray(start, start + SLOT);
  }
}

// All sizes are even, so that a double can start anywhere.
const JOINS_AT = HEADER_WORDS;
const SLICES_AT = JOINS_AT + JOINS * JOIN_WORDS;

/** In doubles. */
const slotsAt = (jobs: number): number => (SLICES_AT + jobs * SLICE_WORDS) / 2;
