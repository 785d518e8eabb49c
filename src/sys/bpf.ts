/** Creates BPF maps, and loads and attaches programs: bpf(2). */
import type { Bytes } from "../base/bytes.js";
import { address, bindSyscall, cstring, errno, errnoName, syscallNumber } from "./ffi.js";
import { Fd, requireSuccess } from "./files.js";

// bpf(2): commands, map types and program types.
const BPF_MAP_CREATE = 0;
const BPF_MAP_LOOKUP_ELEM = 1;
const BPF_MAP_UPDATE_ELEM = 2;
const BPF_PROG_LOAD = 5;
const BPF_PROG_TEST_RUN = 10;
const BPF_RAW_TRACEPOINT_OPEN = 17;
export const BPF_MAP_TYPE_HASH = 1;
export const BPF_MAP_TYPE_ARRAY = 2;
export const BPF_MAP_TYPE_PERCPU_ARRAY = 6;
export const BPF_MAP_TYPE_LRU_HASH = 9;
export const BPF_MAP_TYPE_RINGBUF = 27;
/** The values can be mapped into memory. */
export const BPF_F_MMAPABLE = 0x400;
const BPF_PROG_TYPE_RAW_TRACEPOINT = 17;
const BPF_PROG_TYPE_TRACING = 26;
const BPF_TRACE_RAW_TP = 23;
const INSTRUCTION_LENGTH = 8;
const LOG_LENGTH = 1 << 18;

const bpf = bindSyscall<[number, Buffer, number]>(
  syscallNumber({ x64: 321, ia32: 357, arm: 386, ppc64: 361, s390x: 351 }, 280),
  "int command, void *attributes, unsigned int size",
);

/** The kernel's verifier rejected a program; `log` is its output. */
class BpfVerifierError extends Error {
  override readonly name = "BpfVerifierError";
  readonly log: string;

  constructor(program: string, code: string, log: string) {
    super(`bpf(BPF_PROG_LOAD, "${program}"): ${code}\n${log.slice(-2000)}`);
    this.log = log;
  }
}

function command(which: number, name: string, attributes: Buffer): Fd {
  const number = bpf(which, attributes, attributes.length);
  requireSuccess(number, "bpf", "bpf" as Bytes, () => [name]);
  return new Fd(Number(number), "bpf" as Bytes);
}

export function createMap(type: number, keySize: number, valueSize: number, entries: number, flags = 0): Fd {
  const attributes = Buffer.alloc(72);
  for (const [index, field] of [type, keySize, valueSize, entries, flags].entries()) {
    attributes.writeUInt32LE(field, index * 4);
  }
  return command(BPF_MAP_CREATE, "BPF_MAP_CREATE", attributes);
}

/** Loads a raw tracepoint program. Declares its licence as GPL, which the helpers that read memory require. */
export function loadRawTracepointProgram(name: string, instructions: Buffer): Fd {
  return loadProgram(BPF_PROG_TYPE_RAW_TRACEPOINT, name, instructions, () => {});
}

/**
 * Loads a program for a tracepoint with BTF types, which may follow its arguments' pointers without calling a helper.
 * `type` is the BTF id of the tracepoint.
 */
export function loadTypedTracepointProgram(name: string, instructions: Buffer, type: number): Fd {
  return loadProgram(BPF_PROG_TYPE_TRACING, name, instructions, (attributes) => {
    attributes.writeUInt32LE(BPF_TRACE_RAW_TP, 68);
    attributes.writeUInt32LE(type, 108);
  });
}

function loadProgram(
  type: number,
  name: string,
  instructions: Buffer,
  complete: (attributes: Buffer) => void,
): Fd {
  const licence = cstring("GPL" as Bytes);
  const log = Buffer.alloc(LOG_LENGTH);
  const attributes = Buffer.alloc(144);
  attributes.writeUInt32LE(type, 0);
  attributes.writeUInt32LE(instructions.length / INSTRUCTION_LENGTH, 4);
  attributes.writeBigUInt64LE(BigInt(address(instructions)), 8);
  attributes.writeBigUInt64LE(BigInt(address(licence)), 16);
  attributes.writeUInt32LE(1, 24);
  attributes.writeUInt32LE(log.length, 28);
  attributes.writeBigUInt64LE(BigInt(address(log)), 32);
  attributes.write(name.slice(0, 15), 48, "latin1");
  complete(attributes);
  const number = Number(bpf(BPF_PROG_LOAD, attributes, attributes.length));
  if (number >= 0) return new Fd(number, name as Bytes);
  throw new BpfVerifierError(name, errnoName(errno()), log.toString("latin1", 0, log.indexOf(0)));
}

/** Attaches a program until the fd is closed. Pass undefined for a typed program: it was loaded for its tracepoint. */
export function attachRawTracepoint(tracepoint: string | undefined, program: Fd): Fd {
  const name = tracepoint === undefined ? undefined : cstring(tracepoint as Bytes);
  const attributes = Buffer.alloc(24);
  attributes.writeBigUInt64LE(name === undefined ? 0n : BigInt(address(name)), 0);
  attributes.writeUInt32LE(program.number, 8);
  return command(BPF_RAW_TRACEPOINT_OPEN, "BPF_RAW_TRACEPOINT_OPEN", attributes);
}

/** A reader for frequent lookups of 32-bit keys. Each call that returns true overwrites `value`. */
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

/** Sets the 32-bit value of a 32-bit key. */
export function updateMap(map: Fd, key: number, value: number): void {
  const entry = Buffer.alloc(8);
  entry.writeUInt32LE(key, 0);
  entry.writeUInt32LE(value, 4);
  const attributes = Buffer.alloc(32);
  attributes.writeUInt32LE(map.number, 0);
  attributes.writeBigUInt64LE(BigInt(address(entry)), 8);
  attributes.writeBigUInt64LE(BigInt(address(entry) + 4), 16);
  const result = bpf(BPF_MAP_UPDATE_ELEM, attributes, attributes.length);
  requireSuccess(result, "bpf", "bpf" as Bytes, () => ["BPF_MAP_UPDATE_ELEM"]);
}

/** Runs a raw tracepoint program once, in this thread, without attaching it. */
export function runProgram(program: Fd): void {
  const attributes = Buffer.alloc(80);
  attributes.writeUInt32LE(program.number, 0);
  const result = bpf(BPF_PROG_TEST_RUN, attributes, attributes.length);
  requireSuccess(result, "bpf", "bpf" as Bytes, () => ["BPF_PROG_TEST_RUN"]);
}
