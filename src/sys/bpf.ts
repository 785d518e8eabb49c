import type { Bytes } from "../base/bytes.js";
import { address, bindSyscall, cstring, errno, errnoName, syscallNumber } from "./ffi.js";
import { check, Fd } from "./files.js";

// bpf(2): the commands, and the few kinds of map and program that are used here.
const BPF_MAP_CREATE = 0;
const BPF_MAP_LOOKUP_ELEM = 1;
const BPF_PROG_LOAD = 5;
const BPF_RAW_TRACEPOINT_OPEN = 17;
export const BPF_MAP_TYPE_PERCPU_ARRAY = 6;
export const BPF_MAP_TYPE_LRU_HASH = 9;
const BPF_PROG_TYPE_RAW_TRACEPOINT = 17;
const INSTRUCTION_LENGTH = 8;
const LOG_LENGTH = 1 << 18;

const bpf = bindSyscall<[number, Buffer, number]>(
  syscallNumber({ x64: 321, ia32: 357, arm: 386, ppc64: 361, s390x: 351 }, 280),
  "int command, void *attributes, unsigned int size",
);

/** What the kernel's verifier said against a program. */
export class BpfVerifierError extends Error {
  override readonly name = "BpfVerifierError";
  readonly log: string;

  constructor(program: string, code: string, log: string) {
    super(`bpf(BPF_PROG_LOAD, "${program}"): ${code}\n${log.slice(-2000)}`);
    this.log = log;
  }
}

function command(which: number, name: string, attributes: Buffer): Fd {
  const number = bpf(which, attributes, attributes.length);
  check(number, "bpf", "bpf" as Bytes, () => [name]);
  return new Fd(Number(number), "bpf" as Bytes);
}

export function createMap(type: number, keySize: number, valueSize: number, entries: number): Fd {
  const attributes = Buffer.alloc(72);
  for (const [index, field] of [type, keySize, valueSize, entries].entries()) {
    attributes.writeUInt32LE(field, index * 4);
  }
  return command(BPF_MAP_CREATE, "BPF_MAP_CREATE", attributes);
}

/** Loads a program for a raw tracepoint; its licence is said to be GPL, as the helpers that read memory ask for. */
export function loadRawTracepointProgram(name: string, instructions: Buffer): Fd {
  const licence = cstring("GPL" as Bytes);
  const log = Buffer.alloc(LOG_LENGTH);
  const attributes = Buffer.alloc(144);
  attributes.writeUInt32LE(BPF_PROG_TYPE_RAW_TRACEPOINT, 0);
  attributes.writeUInt32LE(instructions.length / INSTRUCTION_LENGTH, 4);
  attributes.writeBigUInt64LE(BigInt(address(instructions)), 8);
  attributes.writeBigUInt64LE(BigInt(address(licence)), 16);
  attributes.writeUInt32LE(1, 24);
  attributes.writeUInt32LE(log.length, 28);
  attributes.writeBigUInt64LE(BigInt(address(log)), 32);
  attributes.write(name.slice(0, 15), 48, "latin1");
  const number = Number(bpf(BPF_PROG_LOAD, attributes, attributes.length));
  if (number >= 0) return new Fd(number, name as Bytes);
  throw new BpfVerifierError(name, errnoName(errno()), log.toString("latin1", 0, log.indexOf(0)));
}

/** The program runs at the tracepoint until the fd is closed. */
export function attachRawTracepoint(tracepoint: string, program: Fd): Fd {
  const name = cstring(tracepoint as Bytes);
  const attributes = Buffer.alloc(24);
  attributes.writeBigUInt64LE(BigInt(address(name)), 0);
  attributes.writeUInt32LE(program.number, 8);
  return command(BPF_RAW_TRACEPOINT_OPEN, "BPF_RAW_TRACEPOINT_OPEN", attributes);
}

/** A look-up of 32-bit keys that is made often: `value` is filled anew by each call that returns true. */
export function mapReader(map: Fd, valueSize: number): { value: Buffer; lookUp(key: number): boolean } {
  const key = Buffer.alloc(4);
  const value = Buffer.alloc(valueSize);
  const attributes = Buffer.alloc(32);
  attributes.writeUInt32LE(map.number, 0);
  attributes.writeBigUInt64LE(BigInt(address(key)), 8);
  attributes.writeBigUInt64LE(BigInt(address(value)), 16);
  return {
    value,
    lookUp(wanted) {
      key.writeUInt32LE(wanted);
      return Number(bpf(BPF_MAP_LOOKUP_ELEM, attributes, attributes.length)) === 0;
    },
  };
}
