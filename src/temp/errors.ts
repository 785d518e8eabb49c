/** What goes wrong with temporary files, in words. */
import { type Bytes, bytes, escapeForDisplay, normalize } from "../base/bytes.js";
import { errnoWords } from "../base/errno-words.js";
import { SyscallError, type UnsafePathError } from "../base/errors.js";
import type { Fd } from "../sys/files.js";
import { freeSpace } from "../sys/space.js";

/** One place that had no room. */
export interface FullPlace {
  readonly dir: string;
  /** ENOSPC: no blocks or no inodes are left. EDQUOT: this user's quota is used up. */
  readonly code: "ENOSPC" | "EDQUOT";
  /** Bytes that an ordinary user may still write there. */
  readonly freeBytes: number;
  /** Inodes left; zero also where the file system has no fixed number of them. */
  readonly freeInodes: number;
}

const NOWHERE: FullPlace = { dir: "", code: "ENOSPC", freeBytes: 0, freeInodes: 0 };

/**
 * There is no room for a temporary file or directory. Nothing partial was left behind.
 * `dir`, `freeBytes` and `freeInodes` are those of the place that was asked for; `tried` are all, in order.
 */
export class TempSpaceError extends Error {
  override readonly name = "TempSpaceError";
  readonly code: "ENOSPC" | "EDQUOT";
  readonly dir: string;
  readonly freeBytes: number;
  readonly freeInodes: number;
  readonly tried: readonly FullPlace[];

  constructor(tried: readonly FullPlace[], cause?: unknown) {
    const { code, dir, freeBytes, freeInodes } = tried[0] ?? NOWHERE;
    super(messageOf(tried), { cause });
    this.code = code;
    this.dir = dir;
    this.freeBytes = freeBytes;
    this.freeInodes = freeInodes;
    this.tried = tried;
  }
}

function messageOf(tried: readonly FullPlace[]): string {
  const places = tried.map(
    ({ dir, code, freeBytes, freeInodes }) =>
      `${dir} (${code}: ${freeBytes} bytes and ${freeInodes} inodes are free)`,
  );
  const quota = tried.some(({ code }) => code === "EDQUOT");
  const remedy = quota ? "remove files of your own there" : "make room there";
  const next = tried.length === 1 ? ", or allow other places with { fallback: true }" : "";
  return `no room for temporary files in ${places.join(", nor in ")}: ${remedy}, point TMPDIR elsewhere${next}`;
}

/** ENOSPC or EDQUOT, if that is the code of `error`: a system call made here or by Node, or a `TempSpaceError`. */
export function fullCode(error: unknown): "ENOSPC" | "EDQUOT" | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOSPC" || code === "EDQUOT" ? code : undefined;
}

/** What there is to say of a place that turned out full. `anything` is an fd on its file system. */
export function fullPlace(dir: Bytes, anything: Fd, code: FullPlace["code"]): FullPlace {
  const { bytes, inodes } = freeSpace(anything);
  return { dir: escapeForDisplay(dir), code, freeBytes: bytes, freeInodes: inodes };
}

/** What could not be removed, each with its reason: a mount inside (EXDEV, EBUSY), an immutable file (EPERM). */
export class RemovalError extends Error {
  override readonly name = "RemovalError";
  readonly code: string;
  readonly path: string;
  readonly left: readonly { readonly path: string; readonly error: Error }[];

  constructor(
    path: Bytes,
    left: readonly { readonly path: Bytes; readonly error: SyscallError | UnsafePathError }[],
  ) {
    const [first] = left;
    super(
      `${escapeForDisplay(path)}: not all of it could be removed: ${first?.error.message ?? "entries are left"}`,
    );
    this.code = first?.error.code ?? "ENOTEMPTY";
    this.path = escapeForDisplay(path);
    this.left = left.map((entry) => ({ path: escapeForDisplay(entry.path), error: entry.error }));
  }
}

/** The same failure in words, with the path that the caller knows; the failed call is its `cause`. */
export function inWords(error: SyscallError, what: string, path: Bytes): SyscallError {
  const { code, errno, syscall } = error;
  const worded = new SyscallError(code, -errno, syscall, [], path);
  worded.message = `${what}: ${errnoWords(code) ?? code}`;
  worded.cause = error;
  return worded;
}

/** Where a directory comes from, if the caller did not name it. */
export function originOf(path: Bytes): string {
  const variable = process.env.TMPDIR ?? "";
  const isIt = variable !== "" && normalize(bytes(variable)) === path;
  return isIt ? " (from the environment variable TMPDIR)" : "";
}

export const asGiven = (path: Bytes): string => `${escapeForDisplay(path)}${originOf(path)}`;

/** Calls `work`, which makes something in a directory. */
export function creating<Made>(
  what: "file" | "directory",
  parent: { readonly path: Bytes },
  work: () => Made,
): Made {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SyscallError) || error.cause !== undefined) throw error;
    throw inWords(error, `cannot create a temporary ${what} in ${asGiven(parent.path)}`, parent.path);
  }
}
