/** The errors of temporary files, and their messages. */
import { type Bytes, bytes, escapeForDisplay, normalize } from "../base/bytes.js";
import { errnoWords } from "../base/errno-words.js";
import { SyscallError, type UnsafePathError } from "../base/errors.js";
import type { Fd } from "../sys/files.js";
import { freeSpace } from "../sys/space.js";

/** A directory without space. */
export interface FullPlace {
  readonly dir: string;
  /** ENOSPC: no blocks or inodes are left. EDQUOT: the user's quota is exhausted. */
  readonly code: "ENOSPC" | "EDQUOT";
  /** The number of bytes that an ordinary user may still write. */
  readonly freeBytes: number;
  /** The number of free inodes; also 0 if the file system has no fixed number. */
  readonly freeInodes: number;
}

const NOWHERE: FullPlace = { dir: "", code: "ENOSPC", freeBytes: 0, freeInodes: 0 };

/**
 * There is no space for a temporary file or directory. No partial file is left behind. `dir`, `freeBytes` and
 * `freeInodes` describe the requested directory; `tried` lists all directories that were tried, in order.
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
  const remedy = quota ? "remove some of your files there" : "free some space there";
  const next = tried.length === 1 ? ", or allow other directories with { fallback: true }" : "";
  return `no space for temporary files in ${places.join(" or ")}: ${remedy}, set TMPDIR to another directory${next}`;
}

/** ENOSPC or EDQUOT, if `error` is a failed system call with that code, from here or from Node, or a `TempSpaceError`. */
export function fullCode(error: unknown): "ENOSPC" | "EDQUOT" | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "ENOSPC" || code === "EDQUOT" ? code : undefined;
}

/** Describes a full directory. `anything` is a file descriptor on its file system. */
export function fullPlace(dir: Bytes, anything: Fd, code: FullPlace["code"]): FullPlace {
  const { bytes, inodes } = freeSpace(anything);
  return { dir: escapeForDisplay(dir), code, freeBytes: bytes, freeInodes: inodes };
}

/** Some entries could not be removed, each for its own reason: a mount (EXDEV, EBUSY), an immutable file (EPERM). */
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
      `cannot remove ${escapeForDisplay(path)} completely: ${first?.error.message ?? "entries are left"}`,
    );
    this.code = first?.error.code ?? "ENOTEMPTY";
    this.path = escapeForDisplay(path);
    this.left = left.map((entry) => ({ path: escapeForDisplay(entry.path), error: entry.error }));
  }
}

/** The same error with a readable message and the caller's path; the original error is the `cause`. */
export function inWords(error: SyscallError, what: string, path: Bytes): SyscallError {
  const { code, errno, syscall } = error;
  const worded = new SyscallError(code, -errno, syscall, [], path);
  worded.message = `${what}: ${errnoWords(code) ?? code}`;
  worded.cause = error;
  return worded;
}

/** The origin of a directory that the caller did not specify. */
export function originOf(path: Bytes): string {
  const variable = process.env.TMPDIR ?? "";
  const isIt = variable !== "" && normalize(bytes(variable)) === path;
  return isIt ? " (from the environment variable TMPDIR)" : "";
}

export const asGiven = (path: Bytes): string => `${escapeForDisplay(path)}${originOf(path)}`;

/** Calls `work`, which creates something in a directory, and rewords its errors. */
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
