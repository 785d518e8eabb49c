/** The BPF programs that record removals on ext4. */
import { Assembler, argument, type Register, readPointer } from "./assembler.js";
import type { KernelTypes } from "./btf.js";

/** What the kernel writes down of a removal, by offset. */
export const UNLINK = {
  queued: 0,
  pid: 4,
  device: 8,
  directoryGeneration: 12,
  directory: 16,
  target: 24,
  targetGeneration: 32,
  nameLength: 36,
  phaseBefore: 40,
  phaseAfter: 44,
  first: 48,
  name: 56,
} as const;

/** As many events as are looked ahead at; no more are to be taken at once. */
export const LOOK_AHEAD = 26;

/** What the programs and the reader share, by offset. */
export const SHARED = {
  phase: 0,
  group: 8,
  lost: 16,
  queued: 24,
  ahead: 32,
  size: 32 + 8 * LOOK_AHEAD,
} as const;

/** Powers of two. Most names are short, and a ring of records that are too holds three times as many. */
const SHORT_NAME = 64;
const LONG_NAME = 256;

export interface UnlinkMaps {
  readonly ring: number;
  /** Hash: the file systems whose removals are wanted, by the kernel's number of the device. */
  readonly devices: number;
  /** Array of one, as `SHARED`: the reader's phase, the group, how many records the ring had no room for. */
  readonly shared: number;
}

export interface UnlinkOffsets {
  readonly dentry: {
    readonly inode: number;
    readonly parent: number;
    readonly nameLength: number;
    readonly name: number;
  };
  readonly inode: { readonly superBlock: number; readonly number: number; readonly generation: number };
  readonly device: number;
  /** Of a group: the list of the events that wait in it, and behind that how many they are. */
  readonly list: number;
  readonly queued: number;
  readonly files: {
    readonly ofTask: number;
    readonly table: number;
    readonly array: number;
    readonly privateData: number;
  };
}

export function unlinkOffsets(types: KernelTypes): UnlinkOffsets {
  const name = types.offset("dentry", "d_name");
  return {
    dentry: {
      inode: types.offset("dentry", "d_inode"),
      parent: types.offset("dentry", "d_parent"),
      nameLength: name + types.offset("qstr", "len"),
      name: name + types.offset("qstr", "name"),
    },
    inode: {
      superBlock: types.offset("inode", "i_sb"),
      number: types.offset("inode", "i_ino"),
      generation: types.offset("inode", "i_generation"),
    },
    device: types.offset("super_block", "s_dev"),
    list: types.offset("fsnotify_group", "notification_list"),
    queued: types.offset("fsnotify_group", "q_len"),
    files: {
      ofTask: types.offset("task_struct", "files"),
      table: types.offset("files_struct", "fdt"),
      array: types.offset("fdtable", "fd"),
      privateData: types.offset("file", "private_data"),
    },
  };
}

// Places on the stack.
const NAME_LENGTH = -8;
const DEVICE = -16;
/** A part of the group, up to the end of the stack. */
const GROUP = -256;

// What the registers hold throughout.
const DIRECTORY: Register = "r6";
const DENTRY: Register = "r7";
const TARGET: Register = "r8";
const OUT: Register = "r9";

/** Run once, by the thread that opened the fd: writes down the kernel's address of the group behind it. */
export function groupProgram(maps: UnlinkMaps, { files }: UnlinkOffsets, fd: number): Buffer {
  const code = new Assembler();
  code.call("get_current_task").move(DIRECTORY, "r0");
  const pointerSize = 8;
  for (const offset of [files.ofTask, files.table, files.array, fd * pointerSize, files.privateData]) {
    readPointer(code, DIRECTORY, offset, DIRECTORY);
  }
  code.mapValue("r1", maps.shared, SHARED.group).store64("r1", 0, DIRECTORY);
  return code.move("r0", 0).exit().assemble();
}

/** Run by the reader: writes down how many events wait in the group, and the addresses of the first of them. */
export function queuedProgram(maps: UnlinkMaps, { list, queued }: UnlinkOffsets, group: bigint): Buffer {
  const code = new Assembler();
  code
    .move64("r3", group + BigInt(queued))
    .mapValue("r1", maps.shared, SHARED.queued)
    .move("r2", 4);
  code.call("probe_read_kernel").move64(DIRECTORY, group + BigInt(list));
  for (let index = 0; index < LOOK_AHEAD; index++) {
    // An event begins with the links of a list, which point to the next event.
    readPointer(code, DIRECTORY, 0, DIRECTORY);
    code.mapValue("r1", maps.shared, SHARED.ahead + 8 * index);
    code.store64("r1", 0, DIRECTORY);
  }
  return code.move("r0", 0).exit().assemble();
}

/**
 * At ext4_unlink_exit(dentry, result): the directory is locked, and the name still leads to the inode. How many events
 * wait in the group determines the removal's position among them, if its phase shows that the reader read none meanwhile.
 */
export function unlinkProgram(
  maps: UnlinkMaps,
  { dentry, inode, device, list, queued }: UnlinkOffsets,
  group: bigint,
): Buffer {
  const code = new Assembler();
  code.load64("r2", "r1", argument(1)).jumpUnless("r2", 0, "out");
  code.load64(DENTRY, "r1", argument(0));
  code.load64(TARGET, DENTRY, dentry.inode).jumpIfZero(TARGET, "out");
  code.load64(DIRECTORY, DENTRY, dentry.parent).load64(DIRECTORY, DIRECTORY, dentry.inode);
  code.load64("r1", DIRECTORY, inode.superBlock).load32("r1", "r1", device).store32("fp", DEVICE, "r1");
  code.map("r1", maps.devices).pointer("r2", "fp", DEVICE).call("map_lookup_elem").jumpIfZero("r0", "out");
  code.load32("r1", DENTRY, dentry.nameLength).store64("fp", NAME_LENGTH, "r1");
  code.jumpIfAtMost("r1", SHORT_NAME - 1, "short");
  for (const room of [LONG_NAME, SHORT_NAME]) {
    if (room === SHORT_NAME) code.label("short");
    code
      .map("r1", maps.ring)
      .move("r2", UNLINK.name + room)
      .move("r3", 0)
      .call("ringbuf_reserve");
    code.jumpIfZero("r0", "lost").move(OUT, "r0");
    copyPhase(code, maps, UNLINK.phaseBefore);
    code
      .move64("r3", group + BigInt(list))
      .pointer("r1", "fp", GROUP)
      .move("r2", queued - list + 4);
    code.call("probe_read_kernel").load64("r1", "fp", GROUP).store64(OUT, UNLINK.first, "r1");
    code.load32("r1", "fp", GROUP + queued - list).store32(OUT, UNLINK.queued, "r1");
    copyPhase(code, maps, UNLINK.phaseAfter);
    code.call("get_current_pid_tgid").shiftRight("r0", 32).store32(OUT, UNLINK.pid, "r0");
    code.load32("r1", "fp", DEVICE).store32(OUT, UNLINK.device, "r1");
    code.load32("r1", DIRECTORY, inode.generation).store32(OUT, UNLINK.directoryGeneration, "r1");
    code.load64("r1", DIRECTORY, inode.number).store64(OUT, UNLINK.directory, "r1");
    code.load64("r1", TARGET, inode.number).store64(OUT, UNLINK.target, "r1");
    code.load32("r1", TARGET, inode.generation).store32(OUT, UNLINK.targetGeneration, "r1");
    code.load64("r2", "fp", NAME_LENGTH).store32(OUT, UNLINK.nameLength, "r2");
    // The verifier wants to see that the length is within bounds.
    code
      .and("r2", room - 1)
      .load64("r3", DENTRY, dentry.name)
      .pointer("r1", OUT, UNLINK.name);
    code.call("probe_read_kernel");
    code.move("r1", OUT).move("r2", 0).call("ringbuf_submit").jump("out");
  }
  // Two at once may count as one: only a change of the value matters.
  code.label("lost").mapValue("r1", maps.shared, SHARED.lost);
  code.load64("r2", "r1", 0).add("r2", 1).store64("r1", 0, "r2");
  return code.label("out").move("r0", 0).exit().assemble();
}

function copyPhase(code: Assembler, maps: UnlinkMaps, to: number): void {
  code.mapValue("r1", maps.shared, SHARED.phase).load32("r1", "r1", 0).store32(OUT, to, "r1");
}
