/** A BPF ring buffer, read from memory. */
import { BPF_MAP_TYPE_RINGBUF, createMap } from "./bpf.js";
import { bind, viewOf } from "./ffi.js";
import { type Fd, requireSuccess } from "./files.js";

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const SC_PAGESIZE = 30;
/** Before each record: its length, with two bits that say that it isn't finished yet, and that it was given up. */
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
 * The reading end of a ring that BPF programs write records to: Documentation/bpf/ringbuf.rst. Its fd can be polled; the
 * kernel wakes its reader only where that has read all that there was, so a batch costs one wake-up.
 */
export class Ring {
  readonly fd: Fd;
  readonly #length: number;
  readonly #mappings: Mapping[] = [];
  readonly #consumed: BigUint64Array;
  readonly #produced: BigUint64Array;
  readonly #headers: Int32Array;
  readonly #data: Buffer;

  /** `length` is a power of two, and that of a page at least. */
  constructor(length: number) {
    this.fd = createMap(BPF_MAP_TYPE_RINGBUF, 0, 0, length);
    this.#length = length;
    try {
      const page = Number(libc.sysconf(SC_PAGESIZE));
      this.#consumed = new BigUint64Array(this.#map(PROT_READ | PROT_WRITE, page, 0), 0, 1);
      // The data stand there twice in a row, so that a record at the end reads on into the beginning.
      const produced = this.#map(PROT_READ, page + 2 * length, page);
      this.#produced = new BigUint64Array(produced, 0, 1);
      this.#headers = new Int32Array(produced, page);
      this.#data = Buffer.from(produced, page);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Hands over each record that is there, as the place in `data` where it starts, until `take` wants no more. */
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

/** The values of an array that programs use too, in memory: made with BPF_F_MMAPABLE. */
export function mapValues(map: Fd, length: number): Mapping {
  return mapMemory(map, PROT_READ | PROT_WRITE, length, 0);
}

export interface Mapping {
  readonly memory: ArrayBuffer;
  /** `memory` must not be touched any more. */
  unmap(): void;
}

function mapMemory(map: Fd, protection: number, length: number, offset: number): Mapping {
  const at = libc.mmap(null, length, protection, MAP_SHARED, map.number, offset);
  requireSuccess(at === MAP_FAILED ? -1 : 0, "mmap", map.path, () => [`${length}`]);
  return { memory: viewOf(at, length), unmap: () => void libc.munmap(at, length) };
}
