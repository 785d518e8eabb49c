/** The layout of the kernel's types: BTF. */
import { readFileSync } from "node:fs";

// BTF, the kernel's own account of its types: Documentation/bpf/btf.rst. Only structs, unions and tracepoints are read.
const HEADER = { headerLength: 4, typeOffset: 8, typeLength: 12, stringOffset: 16 } as const;
const KIND_STRUCT = 4;
const KIND_UNION = 5;
const KIND_TYPEDEF = 8;
const MEMBER_LENGTH = 12;
const TYPE_LENGTH = 12;
const BITS_PER_BYTE = 8;

/** How many bytes follow a type, by its kind, for `count` members. */
function trailingLength(kind: number, count: number): number {
  switch (kind) {
    case 1: // INT
    case 14: // VAR
    case 17: // DECL_TAG
      return 4;
    case 3: // ARRAY
      return 12;
    case KIND_STRUCT:
    case KIND_UNION:
    case 15: // DATASEC
    case 19: // ENUM64
      return MEMBER_LENGTH * count;
    case 6: // ENUM
    case 13: // FUNC_PROTO
      return 8 * count;
    default:
      return 0;
  }
}

/** Looks up struct members and tracepoint arguments of the running kernel. */
export class KernelTypes {
  readonly #btf: Buffer;
  readonly #strings: number;
  /** The offset of each type, by its ID, counted from 1. */
  readonly #types: number[] = [0];

  constructor(btf: Buffer) {
    this.#btf = btf;
    const header = btf.readUInt32LE(HEADER.headerLength);
    this.#strings = header + btf.readUInt32LE(HEADER.stringOffset);
    let at = header + btf.readUInt32LE(HEADER.typeOffset);
    const end = at + btf.readUInt32LE(HEADER.typeLength);
    while (at < end) {
      this.#types.push(at);
      at += TYPE_LENGTH + trailingLength(this.#kind(at), this.#count(at));
    }
  }

  static #last: WeakRef<KernelTypes> | undefined;

  /** Of the running kernel; throws if it was built without BTF. It has five megabytes, so it is read once for several callers. */
  static ofThisKernel(): KernelTypes {
    const types = KernelTypes.#last?.deref() ?? new KernelTypes(readFileSync("/sys/kernel/btf/vmlinux"));
    KernelTypes.#last = new WeakRef(types);
    return types;
  }

  /** The member's offset in bytes, by the first of the names that the struct has: names change between versions. */
  offset(struct: string, ...members: readonly string[]): number {
    const type = this.#types.find((at) => at > 0 && this.#kind(at) === KIND_STRUCT && this.#is(at, struct));
    if (type === undefined) throw new Error(`this kernel's BTF has no struct ${struct}`);
    for (const workerId of members) {
      const found = this.#workerId(type, workerId);
      if (found !== undefined) return found;
    }
    throw new Error(`this kernel's BTF has no member ${struct}.${members.join(" or ")}`);
  }

  /** The type of a tracepoint's arguments, for programs that read what they point at. */
  tracepoint(name: string): number {
    const wanted = `btf_trace_${name}`;
    const id = this.#types.findIndex(
      (at) => at > 0 && this.#kind(at) === KIND_TYPEDEF && this.#is(at, wanted),
    );
    if (id < 0) throw new Error(`this kernel's BTF has no tracepoint ${name}`);
    return id;
  }

  /** Also in the anonymous structs and unions inside. */
  #workerId(type: number, wanted: string, base = 0): number | undefined {
    for (let index = 0; index < this.#count(type); index++) {
      const at = type + TYPE_LENGTH + MEMBER_LENGTH * index;
      const offset = base + this.#memberOffset(type, at);
      if (this.#is(at, wanted)) return offset;
      const inner = this.#is(at, "") ? this.#types[this.#btf.readUInt32LE(at + 4)] : undefined;
      if (inner === undefined || ![KIND_STRUCT, KIND_UNION].includes(this.#kind(inner))) continue;
      const found = this.#workerId(inner, wanted, offset);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #memberOffset(type: number, workerId: number): number {
    const bits = this.#btf.readUInt32LE(workerId + 8);
    const hasBitfields = this.#btf.readUInt32LE(type + 4) >>> 31 === 1;
    return (hasBitfields ? bits & 0xffffff : bits) / BITS_PER_BYTE;
  }

  #kind(type: number): number {
    return (this.#btf.readUInt32LE(type + 4) >>> 24) & 31;
  }

  #count(type: number): number {
    return this.#btf.readUInt16LE(type + 4);
  }

  /** Whether the name that the record at `at` starts with is this one. */
  #is(at: number, name: string): boolean {
    const start = this.#strings + this.#btf.readUInt32LE(at);
    const end = start + name.length;
    return this.#btf[end] === 0 && this.#btf.toString("latin1", start, end) === name;
  }
}
