/** The BPF programs that record executed programs. */
import { Assembler, argument, type Register, readKernel, readPointer } from "./assembler.js";
import type { KernelTypes } from "./btf.js";

/** What the kernel writes down of a process, by offset: see `decodeRecord`. */
export const EXEC_RECORD = {
  time: 0,
  pid: 8,
  parent: 12,
  uid: 16,
  gid: 20,
  origin: 24,
  argumentsLength: 28,
  cgroup: 32,
  parentCgroup: 96,
  program: 160,
  arguments: 416,
  size: 928,
} as const;

/** How a record came about. */
export const ORIGIN = { forkOfUnknown: 0, exec: 1, fork: 2 } as const;

export const CGROUP_NAME_LENGTH = 64;
export const PROGRAM_LENGTH = 256;
/** One less than the space: the verifier must see that the length is within bounds. */
export const ARGUMENTS_LENGTH = 511;

/** The offsets of what the programs read in this kernel. */
export interface Offsets {
  readonly task: {
    readonly mm: number;
    readonly parent: number;
    readonly tgid: number;
    readonly pid: number;
    readonly cgroups: number;
  };
  readonly mm: { readonly argStart: number; readonly argEnd: number };
  readonly cgroups: { readonly unified: number };
  readonly cgroup: { readonly node: number };
  readonly node: { readonly name: number; readonly parent: number };
  readonly binprm: { readonly filename: number };
}

export function offsetsOf(types: KernelTypes): Offsets {
  const task = (workerId: string): number => types.offset("task_struct", workerId);
  return {
    task: {
      mm: task("mm"),
      parent: task("real_parent"),
      tgid: task("tgid"),
      pid: task("pid"),
      cgroups: task("cgroups"),
    },
    mm: { argStart: types.offset("mm_struct", "arg_start"), argEnd: types.offset("mm_struct", "arg_end") },
    cgroups: { unified: types.offset("css_set", "dfl_cgrp") },
    cgroup: { node: types.offset("cgroup", "kn") },
    // Renamed in Linux 6.15.
    node: {
      name: types.offset("kernfs_node", "name"),
      parent: types.offset("kernfs_node", "__parent", "parent"),
    },
    binprm: { filename: types.offset("linux_binprm", "filename") },
  };
}

export interface Maps {
  /** LRU hash: pid to record. */
  readonly records: number;
  /** One record per CPU as a buffer, because it is larger than a BPF stack. */
  readonly scratch: number;
}

// Places on the stack.
const SCRATCH_KEY = -4;
const ARG_START = -24;
const CHILD_PID = -32;
const CHILD_TGID = -28;
const PARENT_TGID = -36;

// What the registers hold throughout.
const CONTEXT: Register = "r6";
const OUT: Register = "r7";
const WORK: Register = "r8";
const TASK: Register = "r9";

/** At sched_process_exec(task, old_pid, binprm): the program and its arguments, as the new process image has them. */
export function execProgram(maps: Maps, offsets: Offsets): Buffer {
  const code = new Assembler();
  code.move(CONTEXT, "r1");
  scratchRecord(code, maps, "out");
  code.call("ktime_get_boot_ns").store64(OUT, EXEC_RECORD.time, "r0");
  code.call("get_current_pid_tgid").shiftRight("r0", 32).store32(OUT, EXEC_RECORD.pid, "r0");
  code.call("get_current_uid_gid").store64(OUT, EXEC_RECORD.uid, "r0");
  code.store32(OUT, EXEC_RECORD.origin, ORIGIN.exec);
  code.load64(TASK, CONTEXT, argument(0));
  readPointer(code, TASK, offsets.task.parent, WORK);
  readKernel(code, OUT, EXEC_RECORD.parent, 4, WORK, offsets.task.tgid);
  readCgroup(code, offsets);
  code.load64(WORK, CONTEXT, argument(2));
  readPointer(code, WORK, offsets.binprm.filename, "r3");
  readString(code, EXEC_RECORD.program, PROGRAM_LENGTH);
  readArguments(code, offsets);
  storeRecord(code, maps);
  return code.label("out").move("r0", 0).exit().assemble();
}

/** At sched_process_fork(parent, child): a new process runs its parent's program until it executes another one. */
export function forkProgram(maps: Maps, offsets: Offsets): Buffer {
  const code = new Assembler();
  code.move(CONTEXT, "r1").load64(TASK, CONTEXT, argument(1));
  readKernel(code, "fp", CHILD_PID, 4, TASK, offsets.task.pid);
  readKernel(code, "fp", CHILD_TGID, 4, TASK, offsets.task.tgid);
  // A thread of a known process.
  code.load32("r1", "fp", CHILD_PID).load32("r2", "fp", CHILD_TGID).jumpIfDifferent("r1", "r2", "out");
  code.load64(WORK, CONTEXT, argument(0));
  readKernel(code, "fp", PARENT_TGID, 4, WORK, offsets.task.tgid);
  code.map("r1", maps.records).pointer("r2", "fp", PARENT_TGID).call("map_lookup_elem").move(WORK, "r0");
  scratchRecord(code, maps, "out");
  code.jumpIfZero(WORK, "unknown");
  readKernel(code, OUT, 0, EXEC_RECORD.size, WORK, 0);
  code.store32(OUT, EXEC_RECORD.origin, ORIGIN.fork).jump("known").label("unknown");
  code.store32(OUT, EXEC_RECORD.origin, ORIGIN.forkOfUnknown).store32(OUT, EXEC_RECORD.program, 0);
  code.store32(OUT, EXEC_RECORD.argumentsLength, 0).label("known");
  code.call("ktime_get_boot_ns").store64(OUT, EXEC_RECORD.time, "r0");
  code.load32("r1", "fp", CHILD_TGID).store32(OUT, EXEC_RECORD.pid, "r1");
  code.load32("r1", "fp", PARENT_TGID).store32(OUT, EXEC_RECORD.parent, "r1");
  code.call("get_current_uid_gid").store64(OUT, EXEC_RECORD.uid, "r0");
  readCgroup(code, offsets);
  storeRecord(code, maps);
  return code.label("out").move("r0", 0).exit().assemble();
}

/** OUT = this CPU's scratch record. */
function scratchRecord(code: Assembler, maps: Maps, whenMissing: string): void {
  code.store32("fp", SCRATCH_KEY, 0).map("r1", maps.scratch).pointer("r2", "fp", SCRATCH_KEY);
  code.call("map_lookup_elem").jumpIfZero("r0", whenMissing).move(OUT, "r0");
}

function storeRecord(code: Assembler, maps: Maps): void {
  code.map("r1", maps.records).pointer("r2", OUT, EXEC_RECORD.pid).move("r3", OUT).move("r4", 0);
  code.call("map_update_elem");
}

/** Copies the string that r3 points at. */
function readString(code: Assembler, at: number, length: number): void {
  code.pointer("r1", OUT, at).move("r2", length).call("probe_read_kernel_str");
}

/** The names of TASK's cgroup (of the unified hierarchy) and of the one above it. */
function readCgroup(code: Assembler, offsets: Offsets): void {
  readPointer(code, TASK, offsets.task.cgroups, WORK);
  readPointer(code, WORK, offsets.cgroups.unified, WORK);
  readPointer(code, WORK, offsets.cgroup.node, WORK);
  readPointer(code, WORK, offsets.node.name, "r3");
  readString(code, EXEC_RECORD.cgroup, CGROUP_NAME_LENGTH);
  code.store32(OUT, EXEC_RECORD.parentCgroup, 0);
  readPointer(code, WORK, offsets.node.parent, WORK);
  code.jumpIfZero(WORK, "root cgroup");
  readPointer(code, WORK, offsets.node.name, "r3");
  readString(code, EXEC_RECORD.parentCgroup, CGROUP_NAME_LENGTH);
  code.label("root cgroup");
}

/** The arguments, from the new image's own memory: NUL-terminated strings in a row. */
function readArguments(code: Assembler, offsets: Offsets): void {
  readPointer(code, TASK, offsets.task.mm, WORK);
  readPointer(code, WORK, offsets.mm.argStart, TASK);
  code.store64("fp", ARG_START, TASK);
  readPointer(code, WORK, offsets.mm.argEnd, "r2");
  code.load64("r3", "fp", ARG_START).subtract("r2", "r3").store32(OUT, EXEC_RECORD.argumentsLength, "r2");
  code.jumpIfAtMost("r2", ARGUMENTS_LENGTH, "fits").move("r2", ARGUMENTS_LENGTH).label("fits");
  code.and("r2", ARGUMENTS_LENGTH).pointer("r1", OUT, EXEC_RECORD.arguments).call("probe_read_user");
}
