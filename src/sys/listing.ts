/** A buffer of directory entries for walks. */
import type { Bytes } from "../base/bytes.js";
import { getdents64 } from "./directory.js";
import { address, type Errno, errno, type FdNumber, SUCCESS } from "./ffi.js";
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
  /** The end of the entries that the last `read` returned. */
  end = 0;
  /** The result of the last `scanRecent`: how many entries it skipped, and their oldest ctime in seconds. */
  passed = 0;
  oldestChange = Number.POSITIVE_INFINITY;
  /** The result of its last statx(2). */
  statError: Errno = SUCCESS;

  constructor() {
    this.#buffer = Buffer.allocUnsafeSlow(LISTING_BYTES);
    this.#short = new Uint16Array(this.#buffer.buffer);
    this.#address = address(this.#buffer);
  }

  /** False at the end of the directory, and if reading fails because the directory was removed. */
  read(fd: FdNumber): boolean {
    this.end = Number(getdents64(fd, this.#address, this.#buffer.length));
    return this.end > 0;
  }

  /**
   * Skips up to `most` entries from `from` on that are files, symlinks or FIFOs with one of the timestamps at `words` later
   * than the second `than`. Returns the offset at which it stops. If that is before `end` and fewer than `most` were
   * skipped, the entry there is another one, and `into` holds its stat. A walk spends its time here, so this is one flat
   * loop, which V8 compiles early in each thread.
   */
  scanRecent(
    fd: FdNumber,
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
    this.statError = SUCCESS;
    while (at < end && passed < most) {
      if (this.#buffer[at + NAME_OFFSET] !== DOT || !this.isDots(at)) {
        if (statx(fd, names + at, LOOK, STATX_BASIC_AND_BTIME, buffer) !== 0) {
          this.statError = errno();
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

  /** The offset of the entry after the one at `offset`. */
  next(offset: number): number {
    return offset + (this.#short[(offset + 16) >> 1] as number);
  }

  /**
   * The offset of the second half of the entries from `from` on; `end` if none are left, or at most `few` that are all
   * files.
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

  /** Moves the entries from `from` on to `target`. Returns their length in bytes. */
  moveTo(target: Buffer, targetStart: number, from: number): number {
    const length = this.#buffer.copy(target, targetStart, from, this.end);
    this.end = from;
    return length;
  }

  /** Replaces the contents with entries that `moveTo` wrote to `source`. */
  takeFrom(source: Buffer, start: number, length: number): void {
    this.end = source.copy(this.#buffer, 0, start, start + length);
  }

  isDots(offset: number): boolean {
    const name = offset + NAME_OFFSET;
    const buffer = this.#buffer;
    if (buffer[name] !== DOT) return false;
    return buffer[name + 1] === 0 || (buffer[name + 1] === DOT && buffer[name + 2] === 0);
  }

  /** False if the entry may be a directory: not every file system reports types. */
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
