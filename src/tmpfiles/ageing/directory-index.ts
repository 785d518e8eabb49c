/** The notes of an earlier run about each directory, with which the next run skips files that cannot be old yet. */
import type { Bytes } from "../../base/bytes.js";
import { type Nanoseconds, SECOND } from "../../base/time.js";
import { CTIME, MTIME, type StatxBuffer } from "../../sys/scan.js";
import { AGE_BY_CTIME } from "../syntax/age.js";
import type { AgeRule } from "./age-rule.js";
import { readWords, writeWords } from "./index-file.js";

// A record, in doubles: inode, device, ctime, mtime (seconds and nanoseconds of each), then the notes.
const INODE = 0;
const DEVICE = 1;
const CTIME_SECONDS = 2;
const CTIME_NANOSECONDS = 3;
const MTIME_SECONDS = 4;
const MTIME_NANOSECONDS = 5;
const OLDEST = 6;
/** The number of entries that are not directories; negative if there are directories as well. */
const FILES = 7;
const RECORD = 8;

const MAGIC = 0x6d_61_79_66_6c_79;
const VERSION = 1;
const HEAD = 4;
/** A directory that changed this recently may have changed again within the same clock tick. */
const SETTLED_SECONDS = 2;

/** The notes of an earlier run about an unchanged directory. */
export interface Known {
  readonly files: number;
  readonly hasDirectories: boolean;
  /** The offset of its record. */
  readonly at: number;
}

/** What a run observed of a directory that it listed completely and in which it removed nothing. */
export interface Seen {
  /** The oldest ctime of the entries that are not directories: in seconds, rounded down. */
  readonly oldest: number;
  /** The number of entries that are not directories. */
  readonly files: number;
  readonly hasDirectories: boolean;
}

/**
 * The notes of the last run about each directory, and those of this run. It can only keep entries that a run without it
 * would also keep: docs/index-soundness.md.
 */
export class DirectoryIndex {
  /** Sorted by inode. Shared with other threads. */
  readonly records: Float64Array;
  /** For each record, whether the directory is unchanged. Shared with other threads. */
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

  /** The notes about the directory, if all its files are certainly too new by `rule`. */
  recall(stat: StatxBuffer, rule: AgeRule): Known | undefined {
    if ((rule.byFile & AGE_BY_CTIME) === 0) return undefined;
    const at = this.#find(stat);
    if (at < 0) return undefined;
    const { records } = this;
    if ((records[at + OLDEST] as number) <= rule.cutoffSeconds) return undefined;
    const files = records[at + FILES] as number;
    return Math.abs(files) >= 1 ? { files: Math.abs(files), hasDirectories: files < 0, at } : undefined;
  }

  /** The offset of the record of this directory, if it is unchanged; otherwise -1. */
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

  /** The offset of the first record of an inode, or of where it would be inserted. */
  #first(inode: number): number {
    let [low, high] = [0, this.records.length / RECORD];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.records[middle * RECORD] as number) < inode) low = middle + 1;
      else high = middle;
    }
    return low * RECORD;
  }

  /** Marks a directory as unchanged. */
  keep({ at }: Known): void {
    this.kept[at / RECORD] = 1;
  }

  /** Adds a note about a directory; `stat` is from before it was opened. */
  note(stat: StatxBuffer, { oldest, files, hasDirectories }: Seen): void {
    const changed = stat.seconds(CTIME);
    if (files === 0 || changed > this.#now - SETTLED_SECONDS) return;
    const { inode, device } = stat;
    this.#noted.push(inode, device, changed, stat.nanoseconds(CTIME));
    this.#noted.push(stat.seconds(MTIME), stat.nanoseconds(MTIME), oldest, hasDirectories ? -files : files);
  }

  /** The notes since the last call. */
  take(): readonly number[] {
    const noted = this.#noted;
    this.#noted = [];
    return noted;
  }

  /** Adds the notes of another thread. */
  add(noted: readonly number[]): void {
    for (const word of noted) this.#noted.push(word);
  }

  /** Loads the index saved at `path`. Returns an empty one if that is missing, damaged or another user's. */
  static load(path: Bytes, now: Nanoseconds): DirectoryIndex {
    const nowSeconds = Number(now / SECOND);
    return new DirectoryIndex(readRecords(path, nowSeconds) ?? new Float64Array(0), nowSeconds);
  }

  /** Replaces the index at `path`, readable only by this user. Does nothing if nothing has changed. */
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

/** The unchanged records and the new ones, sorted by inode. */
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
