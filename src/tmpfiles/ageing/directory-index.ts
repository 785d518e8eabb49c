/** What an earlier run saw of each directory, so that the next need not look at files that cannot be old yet. */
import type { Bytes } from "../../base/bytes.js";
import { type Nanoseconds, SECOND } from "../../base/time.js";
import { CTIME, MTIME, type StatxBuffer } from "../../sys/scan.js";
import { AGE_BY_CTIME } from "../syntax/age.js";
import type { AgeRule } from "./age-rule.js";
import { readWords, writeWords } from "./index-file.js";

// A record, in doubles: inode, device, ctime, mtime (seconds, nanoseconds each), then what was seen.
const INODE = 0;
const DEVICE = 1;
const CTIME_SECONDS = 2;
const CTIME_NANOSECONDS = 3;
const MTIME_SECONDS = 4;
const MTIME_NANOSECONDS = 5;
const OLDEST = 6;
/** How many entries are no directories; negative where there are directories beside them. */
const FILES = 7;
const RECORD = 8;

const MAGIC = 0x6d_61_79_66_6c_79;
const VERSION = 1;
const HEAD = 4;
/** A directory that changed this short a time ago may have changed again in the same tick of the clock. */
const SETTLED_SECONDS = 2;

/** What an earlier run saw of a directory that is as it was. */
export interface Known {
  readonly files: number;
  readonly hasDirectories: boolean;
  /** Where its record is. */
  readonly at: number;
}

/** What a run saw of a directory that it listed whole, and in which it removed nothing. */
export interface Seen {
  /** The oldest ctime of what is no directory: seconds, rounded down. */
  readonly oldest: number;
  /** How many entries are no directories. */
  readonly files: number;
  readonly hasDirectories: boolean;
}

/**
 * What the last run noted of each directory, and what this one notes. See docs/index-soundness.md: it can only keep
 * entries that a run without it would keep, too.
 */
export class DirectoryIndex {
  /** Sorted by inode; shared with other threads. */
  readonly records: Float64Array;
  /** For each record, whether the directory is still as it was: shared, too. */
  readonly kept: Uint8Array;
  readonly #now: number;
  #noted: number[] = [];

  constructor(records: Float64Array, nowSeconds: number, kept: Uint8Array = marks(records)) {
    this.records = records;
    this.kept = kept;
    this.#now = nowSeconds;
  }

  get nowSeconds(): number {
    return this.#now;
  }

  /** What is known of the directory, if all its files are surely too new by `rule`. */
  recall(stat: StatxBuffer, rule: AgeRule): Known | undefined {
    if ((rule.byFile & AGE_BY_CTIME) === 0) return undefined;
    const at = this.#find(stat);
    if (at < 0) return undefined;
    const { records } = this;
    if ((records[at + OLDEST] as number) <= rule.cutoffSeconds) return undefined;
    const files = records[at + FILES] as number;
    return Math.abs(files) >= 1 ? { files: Math.abs(files), hasDirectories: files < 0, at } : undefined;
  }

  /** Where the record of this directory, unchanged, is. */
  #find(stat: StatxBuffer): number {
    const { records } = this;
    const { inode, device } = stat;
    for (let at = this.#first(inode); records[at + INODE] === inode; at += RECORD) {
      if (
        records[at + DEVICE] === device &&
        records[at + CTIME_SECONDS] === stat.seconds(CTIME) &&
        records[at + CTIME_NANOSECONDS] === stat.nanoseconds(CTIME) &&
        records[at + MTIME_SECONDS] === stat.seconds(MTIME) &&
        records[at + MTIME_NANOSECONDS] === stat.nanoseconds(MTIME)
      ) {
        return at;
      }
    }
    return -1;
  }

  /** Where the records of an inode begin, or would. */
  #first(inode: number): number {
    let [low, high] = [0, this.records.length / RECORD];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.records[middle * RECORD] as number) < inode) low = middle + 1;
      else high = middle;
    }
    return low * RECORD;
  }

  /** Notes that a directory is as it was. */
  keep({ at }: Known): void {
    this.kept[at / RECORD] = 1;
  }

  /** Notes a directory; `stat` is from before it was opened. */
  note(stat: StatxBuffer, { oldest, files, hasDirectories }: Seen): void {
    const changed = stat.seconds(CTIME);
    if (files === 0 || changed > this.#now - SETTLED_SECONDS) return;
    const { inode, device } = stat;
    this.#noted.push(inode, device, changed, stat.nanoseconds(CTIME));
    this.#noted.push(stat.seconds(MTIME), stat.nanoseconds(MTIME), oldest, hasDirectories ? -files : files);
  }

  /** What was noted since the last call. */
  take(): readonly number[] {
    const noted = this.#noted;
    this.#noted = [];
    return noted;
  }

  /** Takes what another thread noted. */
  add(noted: readonly number[]): void {
    for (const word of noted) this.#noted.push(word);
  }

  /** Reads the index that was saved at `path`: an empty one where it is missing, foreign or not what it says. */
  static load(path: Bytes, now: Nanoseconds): DirectoryIndex {
    const nowSeconds = Number(now / SECOND);
    return new DirectoryIndex(readRecords(path, nowSeconds) ?? new Float64Array(0), nowSeconds);
  }

  /** Puts what was noted in the place of the index at `path`, for this user alone; where nothing is new it stays. */
  save(path: Bytes): void {
    const noted = this.take();
    if (noted.length === 0 && !this.kept.includes(0)) return;
    const records = merged(this.records, this.kept, noted);
    const words = new Float64Array(HEAD + records.length);
    words.set([MAGIC, VERSION, this.#now, records.length / RECORD]);
    words.set(records, HEAD);
    writeWords(path, words);
  }
}

function marks(records: Float64Array): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(records.length / RECORD));
}

/** The records that are kept and those that are new, sorted by inode. */
function merged(records: Float64Array, kept: Uint8Array, noted: readonly number[]): number[] {
  const inode = (start: number): number => noted[start + INODE] as number;
  const added = Array.from({ length: noted.length / RECORD }, (_, at) => at * RECORD);
  added.sort((a, b) => inode(b) - inode(a));
  const all: number[] = [];
  const put = (from: ArrayLike<number>, start: number): void => {
    for (let word = start; word < start + RECORD; word++) all.push(from[word] as number);
  };
  for (let at = 0; at < records.length; at += RECORD) {
    if (kept[at / RECORD] === 0) continue;
    while (added.length > 0 && inode(added.at(-1) as number) < (records[at + INODE] as number))
      put(noted, added.pop() as number);
    put(records, at);
  }
  for (const start of added.reverse()) put(noted, start);
  return all;
}

function readRecords(path: Bytes, nowSeconds: number): Float64Array | undefined {
  const words = readWords(path);
  if (words === undefined || words.length < HEAD) return undefined;
  const [magic, version, savedAt = Number.POSITIVE_INFINITY, count] = words;
  const whole = count === (words.length - HEAD) / RECORD;
  if (magic !== MAGIC || version !== VERSION || !whole || savedAt > nowSeconds) return undefined;
  return words.subarray(HEAD);
}
