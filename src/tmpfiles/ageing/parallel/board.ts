import type { Bytes } from "../../../base/bytes.js";
import { address } from "../../../sys/ffi.js";
import type { StatxBuffer } from "../../../sys/scan.js";
import type { AgeRule } from "../guards.js";
import type { Joined } from "../walk-parts.js";

// Where things stand in the shared memory, in words of four bytes.
const LOCK = 0;
/** Counts up whenever there is something new to look at: what waiting threads wait for. */
const SIGNAL = 1;
const QUEUED = 2;
const STOPPED = 3;
const SEQUENCE = 4;
const HEAD = 5;
const TAIL = 6;
const FREE_TASK = 7;
const FREE_JOIN = 8;
const WANTED = 9;
/** The age rule of the walk that is going on, and whether it is indexed: six doubles. */
const RULE = 16;
const HEADER_WORDS = 32;

// A task: a directory that is open and locked, to be walked and then perhaps removed.
const TASKS = 256;
const NEXT = 0;
const FD = 1;
const DIR_FD = 2;
const DEPTH = 3;
const JOIN = 4;
const PATH_LENGTH = 5;
const STAT = 8;
const STAT_WORDS = 64;
const PATH_BYTES = 4096;
const TASK_WORDS = STAT + STAT_WORDS + PATH_BYTES / 4;

// A join: where the tasks of one directory meet again.
const JOINS = 512;
const PENDING = 1;
const STAYS = 2;
const CHANGED = 3;
const STATUS = 4;
const NAME_LENGTH = 5;
const NAME = 8;
const JOIN_WORDS = NAME + 64;

const TASKS_AT = HEADER_WORDS;
const JOINS_AT = TASKS_AT + TASKS * TASK_WORDS;
/** Of a thread's own part, in doubles. */
export const PART = 8192;
const NONE = -1;

/** A directory to walk, as the board keeps it. */
export interface Task {
  readonly fd: number;
  /** The directory that it lies in. */
  readonly dirFd: number;
  readonly depth: number;
  readonly path: Bytes;
  readonly join: number;
}

/**
 * The memory that the threads of a walk share: a queue of directories, and where their results meet. An fd is the
 * process's, not the thread's, so a directory is handed over as it was opened and locked; nothing is resolved twice. All
 * is of fixed size: where there is no room, the walk goes on without sharing.
 */
export class Board {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #bytes: Buffer;
  readonly #rule: Float64Array;
  readonly #parts: Float64Array;
  readonly #address: number;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    this.#bytes = Buffer.from(memory);
    this.#rule = new Float64Array(memory, RULE * 4, 6);
    this.#parts = new Float64Array(memory, partsAt());
    this.#address = address(this.#bytes);
  }

  static make(jobs: number): Board {
    const board = new Board(new SharedArrayBuffer(partsAt() + jobs * PART * 8));
    board.#chain(FREE_TASK, TASKS_AT, TASKS, TASK_WORDS);
    board.#chain(FREE_JOIN, JOINS_AT, JOINS, JOIN_WORDS);
    board.#words[HEAD] = NONE;
    board.#words[TAIL] = NONE;
    // Enough that nobody waits while another thread is inside a directory, and no more: a task costs a lock or two.
    board.#words[WANTED] = jobs * 2;
    return board;
  }

  #chain(head: number, start: number, count: number, size: number): void {
    this.#words[head] = start;
    for (let at = 0; at < count; at++) {
      this.#words[start + at * size] = at + 1 < count ? start + (at + 1) * size : NONE;
    }
  }

  /** Whether a thread might soon look for work and find none. */
  get wantsWork(): boolean {
    return Atomics.load(this.#words, QUEUED) < (this.#words[WANTED] as number);
  }

  /** A meeting place for the tasks of one directory, or -1 where all are taken. */
  openJoin(): number {
    return this.#locked(() => {
      const join = this.#pop(FREE_JOIN);
      if (join !== NONE) this.#words.fill(0, join + 1, join + NAME);
      return join;
    });
  }

  pending(join: number): number {
    return Atomics.load(this.#words, join + PENDING);
  }

  closeJoin(join: number): Joined {
    const words = this.#words;
    const length = words[join + NAME_LENGTH] as number;
    const start = (join + NAME) * 4;
    const joined = {
      stays: words[join + STAYS] as number,
      changed: words[join + CHANGED] !== 0,
      status: words[join + STATUS] as number,
      blocker: length === 0 ? undefined : (this.#bytes.toString("latin1", start, start + length) as Bytes),
    };
    this.#locked(() => this.#push(FREE_JOIN, join));
    return joined;
  }

  /** Puts a directory up for whoever is free; false where there is no room. */
  publish(task: Task, stat: StatxBuffer): boolean {
    if (task.path.length >= PATH_BYTES) return false;
    const words = this.#words;
    const at = this.#locked(() => this.#pop(FREE_TASK));
    if (at === NONE) return false;
    words[at + FD] = task.fd;
    words[at + DIR_FD] = task.dirFd;
    words[at + DEPTH] = task.depth;
    words[at + JOIN] = task.join;
    words[at + PATH_LENGTH] = task.path.length;
    words.set(stat.words, at + STAT);
    this.#bytes.write(`${task.path}\0`, pathAt(at), "latin1");
    Atomics.add(words, task.join + PENDING, 1);
    this.#locked(() => this.#enqueue(at));
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

  /** The task that waits longest, or -1: a reference to be given back with `finish`. */
  take(): number {
    if (Atomics.load(this.#words, QUEUED) === 0) return NONE;
    return this.#locked(() => {
      const words = this.#words;
      const at = words[HEAD] as number;
      if (at === NONE) return NONE;
      words[HEAD] = words[at + NEXT] as number;
      if (words[HEAD] === NONE) words[TAIL] = NONE;
      Atomics.sub(words, QUEUED, 1);
      return at;
    });
  }

  task(at: number): Task {
    const words = this.#words;
    const path = this.#bytes.toString("latin1", pathAt(at), pathAt(at) + (words[at + PATH_LENGTH] as number));
    return {
      fd: words[at + FD] as number,
      dirFd: words[at + DIR_FD] as number,
      depth: words[at + DEPTH] as number,
      join: words[at + JOIN] as number,
      path: path as Bytes,
    };
  }

  readStat(at: number, into: StatxBuffer): void {
    into.words.set(this.#words.subarray(at + STAT, at + STAT + STAT_WORDS));
  }

  /** The address of the last component of a task's path, which a NUL ends. */
  nameAddress(at: number, nameLength: number): number {
    return this.#address + pathAt(at) + (this.#words[at + PATH_LENGTH] as number) - nameLength;
  }

  /** Gives a task's result to its directory; what the thread saw and did must be told before. */
  finish(at: number, result: Joined): void {
    const words = this.#words;
    const join = words[at + JOIN] as number;
    this.#locked(() => {
      words[join + STAYS] = (words[join + STAYS] as number) + result.stays;
      if (result.changed) words[join + CHANGED] = 1;
      if (result.status !== 0) words[join + STATUS] = result.status;
      if (result.blocker !== undefined && words[join + NAME_LENGTH] === 0) {
        words[join + NAME_LENGTH] = this.#bytes.write(result.blocker, (join + NAME) * 4, 255, "latin1");
      }
      this.#push(FREE_TASK, at);
    });
    Atomics.sub(words, join + PENDING, 1);
    this.#signal();
  }

  /** What `waitBeyond` takes: read it before looking whether there is anything to do. */
  get signal(): number {
    return Atomics.load(this.#words, SIGNAL);
  }

  /** Sleeps until something happened since `signal` was read. */
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

  /** The next number for a batch of reports: batches are told in the order of their numbers. */
  nextSequence(): number {
    return Atomics.add(this.#words, SEQUENCE, 1);
  }

  /** How many batches were numbered so far. */
  get sequence(): number {
    return Atomics.load(this.#words, SEQUENCE);
  }

  /** A walk by this rule begins. */
  begin(rule: AgeRule, indexing: boolean): void {
    const { cutoffSeconds, cutoffNanoseconds, byFile, byDirectory, keepFirstLevel } = rule;
    const flags = [keepFirstLevel ? 1 : 0, indexing ? 1 : 0];
    this.#rule.set([cutoffSeconds, cutoffNanoseconds, byFile, byDirectory, ...flags]);
  }

  get indexing(): boolean {
    return this.#rule[5] !== 0;
  }

  get rule(): AgeRule {
    const [cutoffSeconds = 0, cutoffNanoseconds = 0, byFile = 0, byDirectory = 0, keepFirstLevel = 0] =
      this.#rule;
    return { cutoffSeconds, cutoffNanoseconds, byFile, byDirectory, keepFirstLevel: keepFirstLevel !== 0 };
  }

  /** One thread's own part: its totals since the walk began, then what it noted for the index and did not send yet. */
  part(member: number): Float64Array {
    return this.#parts.subarray(member * PART, (member + 1) * PART);
  }

  #pop(head: number): number {
    const at = this.#words[head] as number;
    if (at !== NONE) this.#words[head] = this.#words[at + NEXT] as number;
    return at;
  }

  #push(head: number, at: number): void {
    this.#words[at + NEXT] = this.#words[head] as number;
    this.#words[head] = at;
  }

  /** Runs a few lines while no other thread is in any of them. */
  #locked<Result>(act: () => Result): Result {
    while (Atomics.compareExchange(this.#words, LOCK, 0, 1) !== 0) Atomics.wait(this.#words, LOCK, 1, 1);
    try {
      return act();
    } finally {
      Atomics.store(this.#words, LOCK, 0);
      Atomics.notify(this.#words, LOCK, 1);
    }
  }
}

const pathAt = (task: number): number => (task + STAT + STAT_WORDS) * 4;

function partsAt(): number {
  const end = (JOINS_AT + JOINS * JOIN_WORDS) * 4;
  return end + ((8 - (end % 8)) % 8);
}
