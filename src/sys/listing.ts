/** A buffer of directory entries for walks. */
import type { Bytes } from "../base/bytes.js";
import { getdents64 } from "./directory.js";
import { address, errno } from "./ffi.js";
import { S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_ISVTX, STATX_ATTR_MOUNT_ROOT } from "./inode.js";
import { bound, CTIME, HIGH, LOOK, STATX_BASIC_AND_BTIME, type StatxBuffer } from "./scan.js";

const TYPE_OFFSET = 18;
const NAME_OFFSET = 19;
const DT_UNKNOWN = 0;
const DT_DIR = 4;
const DOT = 0x2e;

export const LISTING_BYTES = 32_768;

/** A buffer of directory entries that getdents64 fills again and again. */
export class Listing {
  readonly #buffer: Buffer;
  readonly #short: Uint16Array;
  readonly #address: number;
  /** The end of what the last `read` brought. */
  end = 0;
  /** What the last `skim` came to: how many entries it passed, and the oldest change of them, in seconds since the epoch. */
  passed = 0;
  oldestChange = Number.POSITIVE_INFINITY;
  /** The errno of its last statx; where it is 0, the buffer says what the entry is. */
  failed = 0;

  constructor() {
    this.#buffer = Buffer.allocUnsafeSlow(LISTING_BYTES);
    this.#short = new Uint16Array(this.#buffer.buffer);
    this.#address = address(this.#buffer);
  }

  /** False at the directory's end, and where it can't be read on (a directory that was removed meanwhile). */
  read(fd: number): boolean {
    this.end = Number(getdents64(fd, this.#address, this.#buffer.length));
    return this.end > 0;
  }

  /**
   * Passes over the entries from `from` on, `most` of them, as long as each is a file, a symlink or a FIFO of which one of
   * the timestamps at `words` is later than the second `than`. The answer is where it ends: before `end`, and with fewer
   * than `most` passed, at an entry that is not so, and `into` tells what it is. This is where a walk spends its time:
   * flat, so that V8 has to compile it once and early, in each thread.
   */
  scanRecent(
    fd: number,
    into: StatxBuffer,
    from: number,
    most: number,
    words: readonly number[],
    than: number,
  ): number {
    const { statx } = bound();
    const { address: buffer, unsigned } = into;
    const names = this.#address + NAME_OFFSET;
    const { end } = this;
    let at = from;
    let passed = 0;
    let oldest = Number.POSITIVE_INFINITY;
    this.failed = 0;
    while (at < end && passed < most) {
      if (this.#buffer[at + NAME_OFFSET] !== DOT || !this.isDots(at)) {
        if (statx(fd, names + at, LOOK, STATX_BASIC_AND_BTIME, buffer) !== 0) {
          this.failed = errno();
          break;
        }
        const kind = (unsigned[0x1c / 4] as number) & (S_IFMT | S_ISVTX);
        if (kind !== S_IFREG && kind !== S_IFLNK && kind !== S_IFIFO) break;
        if (((unsigned[0x08 / 4] as number) & STATX_ATTR_MOUNT_ROOT) !== 0) break;
        let later = false;
        for (const word of words) {
          later = (into.words[word + 1] as number) * HIGH + (unsigned[word] as number) > than;
          if (later) break;
        }
        if (!later) break;
        const changed = (into.words[CTIME + 1] as number) * HIGH + (unsigned[CTIME] as number);
        if (changed < oldest) oldest = changed;
        passed++;
      }
      at += this.#short[(at + 16) >> 1] as number;
    }
    this.passed = passed;
    this.oldestChange = oldest;
    return at;
  }

  /** Where the entry after the one at `offset` starts. */
  next(offset: number): number {
    return offset + (this.#short[(offset + 16) >> 1] as number);
  }

  /**
   * Where the latter half of the entries from `from` on starts. `end` where nothing is left, or no more than `few`
   * entries that are no directories.
   */
  halfway(from: number, few: number): number {
    let entries = 0;
    let onlyFiles = true;
    for (let at = from; at < this.end; at = this.next(at)) {
      entries++;
      onlyFiles &&= this.isSurelyFile(at);
    }
    if (onlyFiles && entries <= few) return this.end;
    let at = from;
    for (let passed = 0; passed < entries >> 1; passed++) at = this.next(at);
    return at;
  }

  /** Moves the entries from `from` on to `target`; the answer is their length in bytes. */
  moveTo(target: Buffer, targetStart: number, from: number): number {
    const length = this.#buffer.copy(target, targetStart, from, this.end);
    this.end = from;
    return length;
  }

  /** Takes entries that `moveTo` put there in the place of what it has. */
  takeFrom(source: Buffer, start: number, length: number): void {
    this.end = source.copy(this.#buffer, 0, start, start + length);
  }

  isDots(offset: number): boolean {
    const name = offset + NAME_OFFSET;
    const buffer = this.#buffer;
    if (buffer[name] !== DOT) return false;
    return buffer[name + 1] === 0 || (buffer[name + 1] === DOT && buffer[name + 2] === 0);
  }

  /** False where the entry may be a directory: not every file system tells. */
  isSurelyFile(offset: number): boolean {
    const type = this.#buffer[offset + TYPE_OFFSET];
    return type !== DT_DIR && type !== DT_UNKNOWN;
  }

  nameAddress(offset: number): number {
    return this.#address + offset + NAME_OFFSET;
  }

  name(offset: number): Bytes {
    const start = offset + NAME_OFFSET;
    return this.#buffer.toString("latin1", start, this.#buffer.indexOf(0, start)) as Bytes;
  }
}
