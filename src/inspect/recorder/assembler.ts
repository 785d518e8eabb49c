/** A register: r0 returns, r1 to r5 are arguments and lost by a call, r6 to r9 are kept, fp is the frame's top. */
export type Register = "r0" | "r1" | "r2" | "r3" | "r4" | "r5" | "r6" | "r7" | "r8" | "r9" | "fp";

const REGISTERS: readonly Register[] = ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "fp"];

/** The kernel's functions that a program may call, by their number: bpf-helpers(7). */
const FUNCTIONS = {
  map_lookup_elem: 1,
  map_update_elem: 2,
  get_current_pid_tgid: 14,
  get_current_uid_gid: 15,
  get_current_task: 35,
  probe_read_user: 112,
  probe_read_kernel: 113,
  probe_read_kernel_str: 115,
  ktime_get_boot_ns: 125,
  ringbuf_reserve: 131,
  ringbuf_submit: 132,
} as const;

// An opcode is a class, a size or an operation, and a source: Documentation/bpf/standardization/instruction-set.
const LOAD_64 = 0x79;
const LOAD_32 = 0x61;
const STORE_64 = 0x7b;
const STORE_32 = 0x63;
const STORE_IMMEDIATE_32 = 0x62;
const LOAD_IMMEDIATE_64 = 0x18;
const PSEUDO_MAP_FD = 1;
const PSEUDO_MAP_VALUE = 2;
const MOVE = 0xbf;
const MOVE_IMMEDIATE = 0xb7;
const ADD_IMMEDIATE = 0x07;
const SUBTRACT = 0x1f;
const AND_IMMEDIATE = 0x57;
const SHIFT_RIGHT_IMMEDIATE = 0x77;
const JUMP = 0x05;
const JUMP_IF_EQUAL_IMMEDIATE = 0x15;
const JUMP_IF_NOT_EQUAL = 0x5d;
const JUMP_IF_NOT_EQUAL_IMMEDIATE = 0x55;
const JUMP_IF_AT_MOST_IMMEDIATE = 0xb5;
const CALL = 0x85;
const EXIT = 0x95;
const LENGTH = 8;

/** Assembles BPF instructions: each method appends one and returns the assembler; jumps go to labels, forward. */
export class Assembler {
  readonly #instructions: Buffer[] = [];
  readonly #labels = new Map<string, number>();
  readonly #jumps: { readonly at: number; readonly label: string }[] = [];

  move(to: Register, from: Register | number): this {
    return typeof from === "number"
      ? this.#emit(MOVE_IMMEDIATE, to, "r0", 0, from)
      : this.#emit(MOVE, to, from);
  }

  add(to: Register, value: number): this {
    return this.#emit(ADD_IMMEDIATE, to, "r0", 0, value);
  }

  subtract(to: Register, from: Register): this {
    return this.#emit(SUBTRACT, to, from);
  }

  and(to: Register, value: number): this {
    return this.#emit(AND_IMMEDIATE, to, "r0", 0, value);
  }

  shiftRight(to: Register, bits: number): this {
    return this.#emit(SHIFT_RIGHT_IMMEDIATE, to, "r0", 0, bits);
  }

  load64(to: Register, base: Register, offset: number): this {
    return this.#emit(LOAD_64, to, base, offset);
  }

  load32(to: Register, base: Register, offset: number): this {
    return this.#emit(LOAD_32, to, base, offset);
  }

  store64(base: Register, offset: number, from: Register): this {
    return this.#emit(STORE_64, base, from, offset);
  }

  store32(base: Register, offset: number, from: Register | number): this {
    return typeof from === "number"
      ? this.#emit(STORE_IMMEDIATE_32, base, "r0", offset, from)
      : this.#emit(STORE_32, base, from, offset);
  }

  /** The address in `base` plus `offset`. */
  pointer(to: Register, base: Register, offset: number): this {
    return this.move(to, base).add(to, offset);
  }

  /** The map itself, as an argument of functions on maps: an instruction of double length. */
  map(to: Register, fd: number): this {
    const source = REGISTERS[PSEUDO_MAP_FD] ?? "r1";
    return this.#emit(LOAD_IMMEDIATE_64, to, source, 0, fd).#emit(0, "r0", "r0");
  }

  /** The address of the entry of an array map with one entry, plus `offset`. */
  mapValue(to: Register, fd: number, offset: number): this {
    const source = REGISTERS[PSEUDO_MAP_VALUE] ?? "r2";
    return this.#emit(LOAD_IMMEDIATE_64, to, source, 0, fd).#emit(0, "r0", "r0", 0, offset);
  }

  move64(to: Register, value: bigint): this {
    const [low, high] = [BigInt.asIntN(32, value), BigInt.asIntN(32, value >> 32n)];
    return this.#emit(LOAD_IMMEDIATE_64, to, "r0", 0, Number(low)).#emit(0, "r0", "r0", 0, Number(high));
  }

  call(name: keyof typeof FUNCTIONS): this {
    return this.#emit(CALL, "r0", "r0", 0, FUNCTIONS[name]);
  }

  exit(): this {
    return this.#emit(EXIT, "r0", "r0");
  }

  label(name: string): this {
    this.#labels.set(name, this.#instructions.length);
    return this;
  }

  jump(label: string): this {
    return this.#jump(label, JUMP, "r0", "r0", 0);
  }

  jumpIfZero(register: Register, label: string): this {
    return this.#jump(label, JUMP_IF_EQUAL_IMMEDIATE, register, "r0", 0);
  }

  jumpUnless(register: Register, value: number, label: string): this {
    return this.#jump(label, JUMP_IF_NOT_EQUAL_IMMEDIATE, register, "r0", value);
  }

  jumpIfDifferent(a: Register, b: Register, label: string): this {
    return this.#jump(label, JUMP_IF_NOT_EQUAL, a, b, 0);
  }

  /** Unsigned, of all 64 bits: a length that wrapped below zero is large. */
  jumpIfAtMost(register: Register, value: number, label: string): this {
    return this.#jump(label, JUMP_IF_AT_MOST_IMMEDIATE, register, "r0", value);
  }

  /** The program; offsets of jumps count instructions from the one after. */
  assemble(): Buffer {
    for (const { at, label } of this.#jumps) {
      const target = this.#labels.get(label);
      if (target === undefined) throw new Error(`no label ${label}`);
      this.#instructions[at]?.writeInt16LE(target - at - 1, 2);
    }
    return Buffer.concat(this.#instructions);
  }

  #jump(label: string, opcode: number, to: Register, from: Register, immediate: number): this {
    this.#jumps.push({ at: this.#instructions.length, label });
    return this.#emit(opcode, to, from, 0, immediate);
  }

  #emit(opcode: number, to: Register, from: Register, offset = 0, immediate = 0): this {
    const instruction = Buffer.alloc(LENGTH);
    instruction[0] = opcode;
    instruction[1] = REGISTERS.indexOf(to) | (REGISTERS.indexOf(from) << 4);
    instruction.writeInt16LE(offset, 2);
    instruction.writeInt32LE(immediate, 4);
    this.#instructions.push(instruction);
    return this;
  }
}

/** The tracepoint's argument: `u64 args[]` is its context. */
export const argument = (index: number): number => index * 8;

const POINTER = -16;

/** Copies `length` bytes of kernel memory at `from + offset` to `to + at`. */
export function readKernel(
  code: Assembler,
  to: Register,
  at: number,
  length: number,
  from: Register,
  offset: number,
): void {
  code.pointer("r3", from, offset).pointer("r1", to, at).move("r2", length).call("probe_read_kernel");
}

/** `into` = the pointer at `from + offset`, through the second word of the stack. */
export function readPointer(code: Assembler, from: Register, offset: number, into: Register): void {
  readKernel(code, "fp", POINTER, 8, from, offset);
  code.load64(into, "fp", POINTER);
}
