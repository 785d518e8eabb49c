/**
 * The table of all files that must not outlive the process. It is in memory that all threads share, so that the thread that
 * cleans up sees the files of the others without their help: a thread that has ended or is stopped cannot answer. A name
 * is added before the file exists and deleted after the file is removed, so the table always covers all files on disk.
 */
import { getEnvironmentData, setEnvironmentData, threadId } from "node:worker_threads";
import type { Bytes } from "../base/bytes.js";

export type Kind = "file" | "directory" | "mount-point";

/** One row of the table. File descriptors are numbers, since they are valid in every thread. */
export interface RegistryEntry {
  readonly slot: number;
  readonly kind: Kind;
  /** The parent directory. */
  readonly dir: number;
  readonly name: Bytes;
  /** The created file; -1 until it is known to exist. */
  readonly fd: number;
}

/** The layout is part of the key, so that another version of the library in the same process has a table of its own. */
const KEY = "mayfly: temporary files, layout 1";
const KINDS: readonly Kind[] = ["file", "directory", "mount-point"];

// The head of the table, in 32-bit words.
/** Zero, or the thread that cleans up, plus one. */
const CLOSED = 0;
/** The number of slots that were ever used. */
const USED = 1;
/** The number of free slots that belong to no thread. */
const ORPHANED = 2;
const HEAD_WORDS = 8;

// A slot, in 32-bit words; the name follows.
const STATE = 0;
const KIND = 1;
const THREAD = 2;
const DIR = 3;
const FD = 4;
const LENGTH = 5;
const NAME_WORD = 8;
const SLOT_WORDS = 72;
const SLOTS_AT_A_TIME = 512;
const MOST_SLOTS = 1 << 16;

/** Free, and in the free list of the thread that used it last. */
const FREE = 0;
/** Free, for any thread. */
const ORPHAN = 1;
const HELD = 2;
/** In use although its thread has ended normally, since other threads may still use the path. */
const INHERITED = 3;

const bytesOf = (slots: number): number => 4 * (HEAD_WORDS + slots * SLOT_WORDS);
const wordOf = (slot: number): number => HEAD_WORDS + slot * SLOT_WORDS;

/** TypeScript's ES2023 library lacks growable shared memory, which Node 20 supports. */
interface GrowableMemory extends SharedArrayBuffer {
  grow(length: number): void;
}
const SharedMemory = SharedArrayBuffer as unknown as new (
  length: number,
  options: { readonly maxByteLength: number },
) => GrowableMemory;

class Registry {
  readonly memory: SharedArrayBuffer;
  // Both views grow with the memory.
  readonly #words: Int32Array;
  readonly #bytes: Buffer | Uint8Array;
  /** Free slots that this thread has used. */
  readonly #free: number[] = [];

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    this.#bytes = new Uint8Array(memory);
  }

  static create(): Registry {
    return new Registry(new SharedMemory(bytesOf(SLOTS_AT_A_TIME), { maxByteLength: bytesOf(MOST_SLOTS) }));
  }

  /**
   * Adds a file that is about to be created. Once the process has started to clean up, no more files may be created: the
   * calling thread then blocks here until the process ends.
   *
   * @returns the slot.
   */
  add(kind: Kind, dir: number, name: Bytes): number {
    const slot = this.#free.pop() ?? this.#adopt() ?? this.#fresh();
    const word = wordOf(slot);
    const words = this.#words;
    words[word + KIND] = KINDS.indexOf(kind);
    words[word + THREAD] = threadId;
    words[word + DIR] = dir;
    words[word + FD] = -1;
    words[word + LENGTH] = name.length;
    const at = 4 * (word + NAME_WORD);
    for (let index = 0; index < name.length; index++) this.#bytes[at + index] = name.charCodeAt(index);
    Atomics.store(words, word + STATE, HELD);
    const closedBy = Atomics.load(words, CLOSED);
    if (closedBy !== 0 && closedBy !== threadId + 1) this.#waitForTheEnd(slot, closedBy);
    return slot;
  }

  /** Records that the file now exists, and that `fd` refers to it. */
  made(slot: number, fd: number): void {
    Atomics.store(this.#words, wordOf(slot) + FD, fd);
  }

  /** Deletes an entry whose file was removed or is kept. */
  drop(slot: number): void {
    Atomics.store(this.#words, wordOf(slot) + STATE, FREE);
    this.#free.push(slot);
  }

  /** All entries, or those of one thread, oldest slot first. */
  *entries(thread?: number): Generator<RegistryEntry> {
    const used = Math.min(Atomics.load(this.#words, USED), MOST_SLOTS);
    for (let slot = 0; slot < used; slot++) {
      const word = wordOf(slot);
      if (Atomics.load(this.#words, word + STATE) < HELD) continue;
      if (thread === undefined || this.#words[word + THREAD] === thread) yield this.#entry(slot);
    }
  }

  #entry(slot: number): RegistryEntry {
    const word = wordOf(slot);
    const [kind, dir, fd, length] = [KIND, DIR, FD, LENGTH].map((field) => this.#words[word + field] ?? -1);
    const at = 4 * (word + NAME_WORD);
    const name = String.fromCharCode(...this.#bytes.subarray(at, at + (length ?? 0)));
    return { slot, kind: KINDS[kind ?? 0] ?? "file", dir: dir ?? -1, fd: fd ?? -1, name: name as Bytes };
  }

  /** Starts the cleanup: from now on, `add` blocks the other threads, so the table only shrinks. */
  close(): void {
    Atomics.store(this.#words, CLOSED, threadId + 1);
  }

  /** Keeps the entries of this thread, which is ending, until the process ends. */
  bequeath(): void {
    for (const { slot } of this.entries(threadId)) {
      Atomics.compareExchange(this.#words, wordOf(slot) + STATE, HELD, INHERITED);
    }
  }

  /** The entries of a thread that was terminated; its free slots are reused. */
  abandonedBy(thread: number): RegistryEntry[] {
    const words = this.#words;
    const used = Math.min(Atomics.load(words, USED), MOST_SLOTS);
    const held: RegistryEntry[] = [];
    for (let slot = 0; slot < used; slot++) {
      const word = wordOf(slot);
      if (words[word + THREAD] !== thread) continue;
      if (Atomics.load(words, word + STATE) === HELD) held.push(this.#entry(slot));
      if (Atomics.compareExchange(words, word + STATE, FREE, ORPHAN) === FREE)
        Atomics.add(words, ORPHANED, 1);
    }
    return held;
  }

  #adopt(): number | undefined {
    const words = this.#words;
    if (Atomics.load(words, ORPHANED) === 0) return undefined;
    const used = Math.min(Atomics.load(words, USED), MOST_SLOTS);
    for (let slot = 0; slot < used; slot++) {
      if (Atomics.compareExchange(words, wordOf(slot) + STATE, ORPHAN, FREE) !== ORPHAN) continue;
      Atomics.sub(words, ORPHANED, 1);
      return slot;
    }
    return undefined;
  }

  #fresh(): number {
    const slot = Atomics.add(this.#words, USED, 1);
    if (slot >= MOST_SLOTS) {
      Atomics.sub(this.#words, USED, 1);
      throw new RangeError(`more than ${MOST_SLOTS} temporary files and directories at once in one process`);
    }
    const enough = bytesOf((Math.floor(slot / SLOTS_AT_A_TIME) + 1) * SLOTS_AT_A_TIME);
    while (this.memory.byteLength < enough) this.#grow(enough);
    return slot;
  }

  #grow(length: number): void {
    try {
      (this.memory as GrowableMemory).grow(length);
    } catch (error) {
      // Another thread has grown it further meanwhile.
      if (this.memory.byteLength < length) throw error;
    }
  }

  #waitForTheEnd(slot: number, closedBy: number): void {
    this.drop(slot);
    for (;;) Atomics.wait(this.#words, CLOSED, closedBy);
  }
}

/** Whether the thread that started this one has a table, and so cleans up after it. */
const inherited = getEnvironmentData(KEY) as SharedArrayBuffer | undefined;
export const hasParentTable = inherited !== undefined;
export const registry = inherited === undefined ? Registry.create() : new Registry(inherited);
// Workers that are started from now on inherit it.
if (inherited === undefined) setEnvironmentData(KEY, registry.memory);
