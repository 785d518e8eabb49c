/** Calls C functions. The only file that knows koffi. */
import { createRequire } from "node:module";
import { getSystemErrorName } from "node:util";
import type { Bytes } from "../base/bytes.js";
import { toBuffer } from "../base/bytes.js";
import { SyscallError } from "../base/errors.js";

type Koffi = typeof import("koffi");
type Library = ReturnType<Koffi["load"]>;

const require = createRequire(import.meta.filename);
const libraries = new Map<string, Library | undefined>();
let loadedKoffi: Koffi | undefined;

/** Loaded at the first call: commands that make none need not pay for it. */
function koffi(): Koffi {
  loadedKoffi ??= loadKoffi();
  return loadedKoffi;
}

/**
 * koffi's JavaScript looks for its binary in many places and adds what it has deprecated: 8 of the 11 ms that it takes to
 * load. The binary of the platform's own package is all that is needed, and koffi itself where that is not (musl).
 */
function loadKoffi(): Koffi {
  const platform = `linux-${process.arch}`;
  try {
    return require(`@koromix/koffi-${platform}/${platform.replace("-", "_")}/koffi.node`) as Koffi;
  } catch {
    return loadWhole(platform);
  }
}

function loadWhole(platform: string): Koffi {
  try {
    return require("koffi") as Koffi;
  } catch (cause) {
    const message = `cannot load the native module koffi for ${platform}: install mayfly again with its dependencies, optional ones included (npm install)`;
    throw new Error(message, { cause });
  }
}

/** The shared library, or libc for `undefined`; undefined where the host does not have it. */
function library(name: string | undefined): Library | undefined {
  const key = name ?? "";
  if (!libraries.has(key)) libraries.set(key, open(name));
  return libraries.get(key);
}

function open(name: string | undefined): Library | undefined {
  try {
    return koffi().load(name ?? null);
  } catch (error) {
    if (name === undefined) throw error;
    return undefined;
  }
}

export function hasLibrary(name: string): boolean {
  return library(name) !== undefined;
}

/**
 * A C function, looked up when it is first called. `declaration` is C, as `int close(int fd)`; pointers that take a
 * `Buffer` are declared `void *`, and never `char *`, which would take text and encode it.
 */
export function bind<Args extends readonly unknown[], Result>(
  declaration: string,
  from?: string,
): (...args: Args) => Result {
  let bound: ((...args: Args) => Result) | undefined;
  return (...args) => {
    bound ??= bindNow<Args, Result>(declaration, from);
    return bound(...args);
  };
}

/** The same, looked up at once and without a wrapper: for calls that are made a million times. */
export function bindNow<Args extends readonly unknown[], Result>(
  declaration: string,
  from?: string,
): (...args: Args) => Result {
  const lib = library(from);
  if (lib === undefined) throw new Error(`${from}: this host does not have the library`);
  return lib.func(declaration) as (...args: Args) => Result;
}

/** The system call itself, for what libc has no wrapper for; `declaration` names the arguments' types after the number. */
export function bindSyscall<Args extends readonly unknown[]>(
  number: number,
  argumentTypes: string,
): (...args: Args) => number {
  const call = bind<readonly unknown[], number>(`long syscall(long number, ${argumentTypes})`);
  return (...args) => call(number, ...args);
}

/** The system call's number here: of the architectures that number it on their own, else the one of all the others. */
export function syscallNumber(own: Partial<Record<NodeJS.Architecture, number>>, generic: number): number {
  return own[process.arch] ?? generic;
}

/** The address of a C function that the program itself has, or libc; null where neither does. */
export function symbol(name: string): unknown {
  return findSymbol(null, Buffer.from(`${name}\0`));
}

export function hasSymbol(name: string): boolean {
  return symbol(name) !== null;
}

/** The errno that the last call from this thread left. */
export function errno(): number {
  return koffi().errno();
}

const errnoNames = new Map<number, string>();

/** By number, as the manual pages name it. */
export function errnoName(number: number): string {
  let name = errnoNames.get(number);
  if (name === undefined) {
    name = findErrnoName(number);
    errnoNames.set(number, name);
  }
  return name;
}

/** libuv names those that are met daily; for the others Node's constants are loaded, which call some by two names. */
function findErrnoName(number: number): string {
  const name = getSystemErrorName(-number);
  if (name.startsWith("E") && name !== "ENOTSUP") return name;
  const { errno } = process.getBuiltinModule("node:os").constants;
  return (
    Object.keys(errno).find((key) => key !== "ENOTSUP" && errno[key as keyof typeof errno] === number) ?? name
  );
}

const findSymbol = bind<[null, Buffer], unknown>("void *dlsym(void *handle, const void *name)");

/** The address of a buffer's memory, for calls that want a pointer into it; the caller keeps the buffer alive. */
export function address(buffer: Uint8Array): number {
  return Number(koffi().address(buffer));
}

/** What a pointer that C returned points at: `length` bytes, copied. */
export function copyFrom(pointer: unknown, length: number): Buffer {
  return Buffer.from(koffi().decode(pointer, "uint8_t", length) as Uint8Array);
}

/** The memory itself that a pointer that C returned points at: not to be touched once it is unmapped. */
export function viewOf(pointer: unknown, length: number): ArrayBuffer {
  return koffi().view(pointer, length);
}

/** A call that a signal interrupts is made again, but not for ever: a filter may answer EINTR to each. */
export const MOST_INTERRUPTIONS = 1000;

/** `""` and `"."` stand for what an fd itself holds. */
const ITSELF = Buffer.from("\0");
const SELF = Buffer.from(".\0");
let lastPath: Bytes | undefined;
let lastBuffer: Buffer = Buffer.alloc(1);

/**
 * A NUL-terminated copy for the kernel, to read from alone: the same name again, as one made, opened and removed in turn
 * has it, gets the same copy. A NUL inside would silently name another file, so it is refused.
 */
export function cstring(path: Bytes): Buffer {
  if (path === "") return ITSELF;
  if (path === ".") return SELF;
  if (path === lastPath) return lastBuffer;
  if (path.includes("\0")) {
    throw new SyscallError("EINVAL", 22, "path", ["a NUL byte in a file name"], path);
  }
  lastBuffer = toBuffer(`${path}\0` as Bytes);
  lastPath = path;
  return lastBuffer;
}
