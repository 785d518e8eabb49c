/** Reads the removals that the kernel recorded. */
import type { Bytes } from "../../base/bytes.js";
import {
  attachRawTracepoint,
  BPF_F_MMAPABLE,
  BPF_MAP_TYPE_ARRAY,
  BPF_MAP_TYPE_HASH,
  createMap,
  loadRawTracepointProgram,
  loadTypedTracepointProgram,
  runProgram,
  updateMap,
} from "../../sys/bpf.js";
import type { InodeKey } from "../../sys/fanotify.js";
import type { Fd } from "../../sys/files.js";
import { type Mapping, mapValues, Ring } from "../../sys/ring.js";
import { KernelTypes } from "./btf.js";
import {
  groupProgram,
  LOOK_AHEAD,
  queuedProgram,
  SHARED,
  UNLINK,
  unlinkOffsets,
  unlinkProgram,
} from "./unlink-programs.js";

/** A file's removal. */
export interface Unlink {
  readonly pid: number;
  readonly directory: InodeKey;
  readonly name: Bytes;
  readonly target: InodeKey;
  /** How many events had been queued in the group before, since it was opened: these at least, and these at most. */
  readonly after: number;
  readonly before: number;
}

/** When no events are being taken: how many had been, how many had been queued, and the addresses of the next. */
interface Phase {
  readonly taken: number;
  readonly queued: number;
  readonly ahead: readonly bigint[];
}

const NOTHING: Phase = { taken: 0, queued: 0, ahead: [] };

/** Memory of the kernel: 260,000 removals of short names, 104,000 of the longest, while nobody reads. */
const RING_LENGTH = 32 * 1024 * 1024;
/** Read at once, at most. */
export const MOST_UNLINKS = 8_192;
const MOST_DEVICES = 1024;
/** Far more than can occur between the start of a record and its reading. */
const PHASES_KEPT = 65_536;
/** How the kernel numbers a device: the minor number in the lower bits. */
const MINOR_BITS = 20;
// A file handle as ext4 gives it: `struct file_handle` with FILEID_INO32_GEN.
const HANDLE_LENGTH = 16;
const HANDLE_BYTES = 8;
const FILEID_INO32_GEN = 1;

/**
 * Records each removal of a file from ext4 in the kernel, which slows down deletions half as much as fanotify events; and how
 * many events a fanotify group had at that time, because those have no timestamps.
 */
export class UnlinkRecorder {
  readonly #ring: Ring;
  readonly #devices: Fd;
  readonly #fds: Fd[] = [];
  readonly #shared: Mapping;
  readonly #phase: Uint32Array;
  readonly #counters: BigUint64Array;
  #lostBefore = 0n;
  /** By device: how events of fanotify call the file system. */
  readonly #fileSystems = new Map<number, Bytes>();
  readonly #counter: Fd;
  readonly #phases = new Map<number, Phase>();

  /** Throws if the kernel does not allow it. The group must belong to this process, and must not have been read yet. */
  constructor(group: Fd) {
    const types = KernelTypes.ofThisKernel();
    const offsets = unlinkOffsets(types);
    this.#ring = new Ring(RING_LENGTH);
    try {
      this.#devices = this.#keep(createMap(BPF_MAP_TYPE_HASH, 4, 4, MOST_DEVICES));
      const shared = this.#keep(createMap(BPF_MAP_TYPE_ARRAY, 4, SHARED.size, 1, BPF_F_MMAPABLE));
      this.#shared = mapValues(shared, SHARED.size);
      this.#phase = new Uint32Array(this.#shared.memory, SHARED.phase, 1);
      this.#counters = new BigUint64Array(this.#shared.memory);
      const maps = { ring: this.#ring.fd.number, devices: this.#devices.number, shared: shared.number };
      using finder = loadRawTracepointProgram("group", groupProgram(maps, offsets, group.number));
      runProgram(finder);
      const address = this.#counters[SHARED.group / 8] ?? 0n;
      if (address === 0n) throw new Error("the group was not found");
      this.#counter = this.#keep(loadRawTracepointProgram("queued", queuedProgram(maps, offsets, address)));
      this.#phases.set(0, NOTHING);
      const type = types.tracepoint("ext4_unlink_exit");
      const program = unlinkProgram(maps, offsets, address);
      const loaded = this.#keep(loadTypedTracepointProgram("ext4_unlink_exit", program, type));
      this.#keep(attachRawTracepoint(undefined, loaded));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Reads a few events from the group. Nothing else may read it, so that their number is known. */
  take<Event>(read: () => Event[]): Event[] {
    const phase = Atomics.load(this.#phase, 0);
    const taken = this.#phases.get(phase)?.taken ?? 0;
    const now = this.#evaluation(taken);
    this.#phases.set(phase, now);
    // What came only now would be taken unseen.
    if (now.queued === taken) return [];
    Atomics.add(this.#phase, 0, 1);
    const events = read();
    Atomics.add(this.#phase, 0, 1);
    this.#phases.set(phase + 2, this.#evaluation(taken + events.length));
    for (const old of [phase, phase + 1]) this.#phases.delete(old - PHASES_KEPT);
    return events;
  }

  /** Whether the removals of any file system are recorded. */
  get isUsed(): boolean {
    return this.#fileSystems.size > 0;
  }

  /** Readable when there is something to read. */
  get fd(): Fd {
    return this.#ring.fd;
  }

  /** Removals from this file system are written down from now on. */
  add(deviceMajor: number, deviceMinor: number, fileSystem: Bytes): void {
    const device = ((deviceMajor << MINOR_BITS) | deviceMinor) >>> 0;
    this.#fileSystems.set(device, fileSystem);
    updateMap(this.#devices, device, 1);
  }

  /** In the order in which it happened; MOST_UNLINKS at once. */
  read(): Unlink[] {
    const unlinks: Unlink[] = [];
    this.#ring.drain((data, at) => unlinks.push(this.#decode(data, at)) < MOST_UNLINKS);
    return unlinks;
  }

  /** The returned function says whether all removals up to now have been read. */
  untilNow(): () => boolean {
    return this.#ring.untilNow();
  }

  /** How many removals found the ring full since this was asked last. */
  takeLost(): number {
    const before = this.#lostBefore;
    this.#lostBefore = Atomics.load(this.#counters, SHARED.lost / 8);
    return Number(this.#lostBefore - before);
  }

  close(): void {
    for (const fd of this.#fds.splice(0).reverse()) fd.close();
    this.#shared?.unmap();
    this.#ring.close();
  }

  #decode(data: Buffer, at: number): Unlink {
    const fileSystem = this.#fileSystems.get(data.readUInt32LE(at + UNLINK.device)) ?? ("" as Bytes);
    const name = at + UNLINK.name;
    const key = (inode: number, generation: number): InodeKey =>
      inodeKey(fileSystem, data.readUInt32LE(at + inode), data.readUInt32LE(at + generation));
    const first = data.readUInt32LE(at + UNLINK.phaseBefore);
    const last = data.readUInt32LE(at + UNLINK.phaseAfter);
    return {
      pid: data.readUInt32LE(at + UNLINK.pid),
      directory: key(UNLINK.directory, UNLINK.directoryGeneration),
      name: data.toString("latin1", name, name + data.readUInt32LE(at + UNLINK.nameLength)) as Bytes,
      target: key(UNLINK.target, UNLINK.targetGeneration),
      ...this.#place(
        data.readUInt32LE(at + UNLINK.queued),
        data.readBigUInt64LE(at + UNLINK.first),
        first,
        last,
      ),
    };
  }

  /** In an odd phase events are being read. Their number is known only before and after it. */
  #place(
    waiting: number,
    firstEvent: bigint,
    first: number,
    last: number,
  ): { after: number; before: number } {
    const isExact = first === last && first % 2 === 0;
    const before = this.#phases.get(isExact ? first : first - (first % 2));
    const after = this.#phases.get(isExact ? last : last + (last % 2));
    const least = (before?.taken ?? 0) + waiting;
    if (isExact || before === undefined || after === undefined) return { after: least, before: least };
    // Which event was the next says how many had been taken.
    for (let phase = first - (first % 2); phase <= last + 1; phase += 2) {
      const { taken, ahead } = this.#phases.get(phase) ?? NOTHING;
      const index = ahead.indexOf(firstEvent);
      const place = taken + index + waiting;
      if (index >= 0) return { after: place, before: place };
    }
    const most = Math.min(after.taken + waiting, after.queued);
    // A phase that no read interrupted begins where the count before it ended.
    const queued = first % 2 === 1 ? before.queued : 0;
    return { after: Math.min(most, Math.max(least, queued)), before: most };
  }

  #evaluation(taken: number): Phase {
    runProgram(this.#counter);
    const waiting = Number(Atomics.load(this.#counters, SHARED.queued / 8));
    const ahead = this.#counters.slice(SHARED.ahead / 8, SHARED.ahead / 8 + Math.min(waiting, LOOK_AHEAD));
    return { taken, queued: taken + waiting, ahead: [...ahead] };
  }

  #keep(fd: Fd): Fd {
    this.#fds.push(fd);
    return fd;
  }
}

/** Whether the key can be computed from an inode's number and generation. */
export function isInodeAndGeneration(key: InodeKey, fileSystem: Bytes, inode: bigint): boolean {
  const generation = Buffer.from(key, "latin1").readUInt32LE(fileSystem.length + HANDLE_LENGTH - 4);
  return key === inodeKey(fileSystem, Number(inode), generation);
}

const handle = Buffer.alloc(HANDLE_LENGTH);
handle.writeUInt32LE(HANDLE_BYTES, 0);
handle.writeUInt32LE(FILEID_INO32_GEN, 4);

function inodeKey(fileSystem: Bytes, inode: number, generation: number): InodeKey {
  handle.writeUInt32LE(inode, 8);
  handle.writeUInt32LE(generation, 12);
  return (fileSystem + handle.toString("latin1")) as InodeKey;
}
