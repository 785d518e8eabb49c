/** Records the program and command line of every process, in the kernel. */
import { readlinkSync } from "node:fs";
import type { Bytes } from "../../base/bytes.js";
import {
  attachRawTracepoint,
  BPF_MAP_TYPE_LRU_HASH,
  BPF_MAP_TYPE_PERCPU_ARRAY,
  createMap,
  loadRawTracepointProgram,
  mapReader,
} from "../../sys/bpf.js";
import type { Fd } from "../../sys/files.js";
import { splitArguments } from "../../sys/processes.js";
import { KernelTypes } from "./btf.js";
import {
  ARGUMENTS_LENGTH,
  CGROUP_NAME_LENGTH,
  EXEC_RECORD,
  execProgram,
  forkProgram,
  ORIGIN,
  offsetsOf,
  PROGRAM_LENGTH,
} from "./programs.js";

/** What was written down of a process when it executed its program, or was forked. */
export interface ProcessRecord {
  readonly pid: number;
  readonly parent: number;
  readonly uid: number;
  readonly gid: number;
  /** As passed to execve(2), so it may be relative. Empty if only the fork was recorded. */
  readonly program: Bytes;
  /** The first 511 bytes of them. */
  readonly arguments: readonly Bytes[];
  readonly truncated: boolean;
  /** The names of its cgroup and the parent, in the unified hierarchy. */
  readonly cgroup: readonly Bytes[];
  /** Whether the process runs its parent's program. */
  readonly forked: boolean;
}

/** The kernel's inode of the first pid namespace: PROC_PID_INIT_INO. */
const INITIAL_PID_NAMESPACE = "pid:[4026531836]";
/** The kernel keeps as many processes, dead or alive, and forgets the one longest unused. */
const REMEMBERED = 16_384;

/**
 * Records each process of the host in the kernel when it starts, so that the cause of a change can be named even if
 * it lived for a millisecond. Each start of a process costs a few microseconds.
 */
export class ExecRecorder implements Disposable {
  readonly #fds: Fd[] = [];
  readonly #reader: ReturnType<typeof mapReader>;

  /**
   * Throws if the kernel does not allow it: BPF needs CAP_BPF and CAP_PERFMON, and its keys are PIDs of the initial
   * pid namespace, so they would name strangers in any other.
   */
  constructor() {
    if (readlinkSync("/proc/self/ns/pid") !== INITIAL_PID_NAMESPACE) {
      throw new Error("the eBPF recorder does not work inside a PID namespace");
    }
    const offsets = offsetsOf(KernelTypes.ofThisKernel());
    try {
      const records = this.#keep(createMap(BPF_MAP_TYPE_LRU_HASH, 4, EXEC_RECORD.size, REMEMBERED));
      const scratch = this.#keep(createMap(BPF_MAP_TYPE_PERCPU_ARRAY, 4, EXEC_RECORD.size, 1));
      const maps = { records: records.number, scratch: scratch.number };
      this.#attach("sched_process_exec", execProgram(maps, offsets));
      this.#attach("sched_process_fork", forkProgram(maps, offsets));
      this.#reader = mapReader(records, EXEC_RECORD.size);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Undefined if the process started before the recorder, or too many have started since. */
  lookUp(pid: number): ProcessRecord | undefined {
    return this.#reader.lookUp(pid) ? decodeRecord(this.#reader.value) : undefined;
  }

  close(): void {
    for (const fd of this.#fds.splice(0).reverse()) fd.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #keep(fd: Fd): Fd {
    this.#fds.push(fd);
    return fd;
  }

  #attach(tracepoint: string, program: Buffer): void {
    this.#keep(attachRawTracepoint(tracepoint, this.#keep(loadRawTracepointProgram(tracepoint, program))));
  }
}

function decodeRecord(value: Buffer): ProcessRecord {
  const length = value.readUInt32LE(EXEC_RECORD.argumentsLength);
  const origin = value.readUInt32LE(EXEC_RECORD.origin);
  return {
    pid: value.readUInt32LE(EXEC_RECORD.pid),
    parent: value.readUInt32LE(EXEC_RECORD.parent),
    uid: value.readUInt32LE(EXEC_RECORD.uid),
    gid: value.readUInt32LE(EXEC_RECORD.gid),
    program: string(value, EXEC_RECORD.program, PROGRAM_LENGTH),
    arguments: splitArguments(
      value.toString(
        "latin1",
        EXEC_RECORD.arguments,
        EXEC_RECORD.arguments + Math.min(length, ARGUMENTS_LENGTH),
      ),
    ),
    truncated: length > ARGUMENTS_LENGTH,
    cgroup: [
      string(value, EXEC_RECORD.parentCgroup, CGROUP_NAME_LENGTH),
      string(value, EXEC_RECORD.cgroup, CGROUP_NAME_LENGTH),
    ].filter((name) => name !== "" && name !== "/"),
    forked: origin !== ORIGIN.exec,
  };
}

function string(value: Buffer, at: number, length: number): Bytes {
  const field = value.toString("latin1", at, at + length);
  const end = field.indexOf("\0");
  return (end < 0 ? field : field.slice(0, end)) as Bytes;
}
