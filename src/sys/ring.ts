/** Reads a BPF ring buffer and array through mmap(2). */
import { BPF_MAP_TYPE_RINGBUF, createMap } from "./bpf.js";
import { bind, viewOf } from "./ffi.js";
import { type Fd, requireSuccess } from "./files.js";

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const SC_PAGESIZE = 30;
/** The header of each record: its length, and two flags for a record that is incomplete or was discarded. */
const HEADER_LENGTH = 8;
const BUSY = 0x80000000;
const DISCARDED = 0x40000000;
const ALIGNMENT = 8;

const libc = {
  mmap: bind<[null, number, number, number, number, number], unknown>(
    "void *mmap(void *at, size_t length, int protection, int flags, int fd, long offset)",
  ),
  munmap: bind<[unknown, number], number>("int munmap(void *at, size_t length)"),
  sysconf: bind<[number], number | bigint>("long sysconf(int name)"),
};

/**
 * The reader of a ring buffer that BPF programs write to: Documentation/bpf/ringbuf.rst. Its fd can be polled. The kernel
 * wakes a reader only after it has consumed all records, so a batch costs one wake-up.
 */
export class Ring {
  readonly fd: Fd;
  readonly #length: number;
  readonly #mappings: Mapping[] = [];
  readonly #consumed: BigUint64Array;
  readonly #produced: BigUint64Array;
  readonly #headers: Int32Array;
  readonly #data: Buffer;

  /** `length` is in bytes, a power of two and at least one page. */
  constructor(length: number) {
    this.fd = createMap(BPF_MAP_TYPE_RINGBUF, 0, 0, length);
    this.#length = length;
    try {
      const page = Number(libc.sysconf(SC_PAGESIZE));
      this.#consumed = new BigUint64Array(this.#map(PROT_READ | PROT_WRITE, page, 0), 0, 1);
      // The kernel maps the data twice in a row, so that a record that wraps around is contiguous.
      const produced = this.#map(PROT_READ, page + 2 * length, page);
      this.#produced = new BigUint64Array(produced, 0, 1);
      this.#headers = new Int32Array(produced, page);
      this.#data = Buffer.from(produced, page);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Calls `take` with the offset in `data` of each available record, until it returns false. */
  drain(take: (data: Buffer, at: number) => boolean): void {
    let at = Number(this.#consumed[0]);
    const end = Number(Atomics.load(this.#produced, 0));
    for (let more = true; more && at < end; ) {
      const start = at % this.#length;
      const header = Atomics.load(this.#headers, start / 4) >>> 0;
      if ((header & BUSY) !== 0) break;
      if ((header & DISCARDED) === 0) more = take(this.#data, start + HEADER_LENGTH);
      at += Math.ceil((HEADER_LENGTH + (header & ~DISCARDED)) / ALIGNMENT) * ALIGNMENT;
      Atomics.store(this.#consumed, 0, BigInt(at));
    }
  }

  /** The returned function says whether all that the ring holds now has been taken. */
  untilNow(): () => boolean {
    const end = Atomics.load(this.#produced, 0);
    return () => Atomics.load(this.#consumed, 0) >= end;
  }

  close(): void {
    for (const mapping of this.#mappings.splice(0)) mapping.unmap();
    this.fd.close();
  }

  #map(protection: number, length: number, offset: number): ArrayBuffer {
    const mapping = mapMemory(this.fd, protection, length, offset);
    this.#mappings.push(mapping);
    return mapping.memory;
  }
}

/** Maps the values of a BPF array into memory. The array needs BPF_F_MMAPABLE. */
export function mapValues(map: Fd, length: number): Mapping {
  return mapMemory(map, PROT_READ | PROT_WRITE, length, 0);
}

export interface Mapping {
  readonly memory: ArrayBuffer;
  /** Unmaps it. Accessing `memory` afterwards crashes the process. */
  unmap(): void;
}

function mapMemory(map: Fd, protection: number, length: number, offset: number): Mapping {
  const at = libc.mmap(null, length, protection, MAP_SHARED, map.number, offset);
  requireSuccess(at === MAP_FAILED ? -1 : 0, "mmap", map.path, () => [`${length}`]);
  return { memory: viewOf(at, length), unmap: () => void libc.munmap(at, length) };
}
