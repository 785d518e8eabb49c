/** Calls C functions and system calls. The only file that imports koffi. */
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

/** Loaded at the first call, so that commands without one start faster. */
function koffi(): Koffi {
  loadedKoffi ??= loadKoffi();
  return loadedKoffi;
}

/**
 * koffi's JavaScript searches many places for its binary and adds deprecated functions: 8 of its 11 ms of loading time. The
 * binary of the platform's package is enough; if there is none (musl), this loads koffi itself.
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

/** The shared library, or libc for `undefined`; undefined if the host does not have it. */
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
 * A C function, looked up at its first call. `declaration` is C, such as `int close(int fd)`. Declare pointers to a
 * `Buffer` as `void *`, never as `char *`, for which koffi expects text and encodes it.
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

/** Like `bind`, but looks the function up at once and adds no wrapper: for the hot path. */
export function bindNow<Args extends readonly unknown[], Result>(
  declaration: string,
  from?: string,
): (...args: Args) => Result {
  const lib = library(from);
  if (lib === undefined) throw new Error(`${from}: this host does not have the library`);
  return lib.func(declaration) as (...args: Args) => Result;
}

/** A raw system call, for those without a libc wrapper. `declaration` lists the arguments after the number. */
export function bindSyscall<Args extends readonly unknown[]>(
  number: number,
  argumentTypes: string,
): (...args: Args) => number {
  const call = bind<readonly unknown[], number>(`long syscall(long number, ${argumentTypes})`);
  return (...args) => call(number, ...args);
}

/** The number of a system call on this architecture: from `numbers` if listed there, else the common one. */
export function syscallNumber(own: Partial<Record<NodeJS.Architecture, number>>, generic: number): number {
  return own[process.arch] ?? generic;
}

/** The address of a C function of the program or libc; null if neither exports it. */
export function symbol(name: string): unknown {
  return findSymbol(null, Buffer.from(`${name}\0`));
}

export function hasSymbol(name: string): boolean {
  return symbol(name) !== null;
}

declare const fdBrand: unique symbol;
/** The number of an open file descriptor. Nothing closes it automatically, unlike an `Fd`. */
export type FdNumber = number & { readonly [fdBrand]: true };

declare const errnoBrand: unique symbol;
/** An errno(3). A function that returns one instead of throwing returns `SUCCESS` if the call succeeds. */
export type Errno = number & { readonly [errnoBrand]: true };
export const SUCCESS = 0 as Errno;

/** The errno of the last failed call in this thread. Read it before the next call. */
export function errno(): Errno {
  return koffi().errno() as Errno;
}

const errnoNames = new Map<Errno, string>();

/** The symbolic name of an errno: errno(3). */
export function errnoName(number: Errno): string {
  let name = errnoNames.get(number);
  if (name === undefined) {
    name = findErrnoName(number);
    errnoNames.set(number, name);
  }
  return name;
}

/** libuv names the common ones. For the others this loads Node's constants, which list some under two names. */
function findErrnoName(number: Errno): string {
  const name = getSystemErrorName(-number);
  if (name.startsWith("E") && name !== "ENOTSUP") return name;
  const { errno } = process.getBuiltinModule("node:os").constants;
  return (
    Object.keys(errno).find((key) => key !== "ENOTSUP" && errno[key as keyof typeof errno] === number) ?? name
  );
}

const findSymbol = bind<[null, Buffer], unknown>("void *dlsym(void *handle, const void *name)");

/** The address of a buffer's memory. The caller must keep the buffer alive while C uses it. */
export function address(buffer: Uint8Array): number {
  return Number(koffi().address(buffer));
}

/** Copies `length` bytes from a pointer that C returned. */
export function copyFrom(pointer: unknown, length: number): Buffer {
  return Buffer.from(koffi().decode(pointer, "uint8_t", length) as Uint8Array);
}

/** A view of the memory at a pointer that C returned. Accessing it after munmap(2) crashes the process. */
export function viewOf(pointer: unknown, length: number): ArrayBuffer {
  return koffi().view(pointer, length);
}

/** The number of retries after EINTR. Bounded, because a seccomp filter may answer EINTR to every call. */
export const MOST_INTERRUPTIONS = 1000;

/** The names `""` and `"."` refer to the directory fd itself. */
const ITSELF = Buffer.from("\0");
const SELF = Buffer.from(".\0");
let lastPath: Bytes | undefined;
let lastBuffer: Buffer = Buffer.alloc(1);

/**
 * A NUL-terminated copy for the kernel. Read-only: a repeated name gets the same copy, since a name is often created,
 * opened and removed in turn. A NUL byte inside is an error, because it would silently name another file.
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
